import GRDB
import GRDBSQLite
import Shared

/// One page of a list, ready to be sent.
struct StoredPage: Sendable {
    /// An ``AuthorPage`` as JSON.
    let json: [UInt8]
    let next: String?
}

extension Store {
    /// The owner's authors that match, one page of them, by key and never by offset.
    /// - Throws: ``InvalidFields`` if the cursor does not belong to this list.
    func authors(_ query: AuthorQuery, owner: Int64) async throws -> StoredPage {
        let statement = try AuthorListStatement(query, owner: owner)
        if statement.isShort { return try readers.withConnection(statement.page) }
        return try await readers.withConnectionElsewhere(statement.page)
    }
}

/// The statement behind a list: its text depends on which filters are given, so that each has the index that it needs.
struct AuthorListStatement: Sendable {
    private let query: AuthorQuery
    let sql: String
    let values: [RawStatement.Value]
    private let matchesNothing: Bool

    init(_ query: AuthorQuery, owner: Int64) throws(InvalidFields) {
        self.query = query
        var conditions = ["owner = ?"]
        var values: [RawStatement.Value] = [.integer(owner)]
        func add(_ condition: String, _ value: RawStatement.Value?) {
            guard let value else { return }
            conditions.append(condition)
            values.append(value)
        }
        add("name = ?", query.name.map { .text($0) })
        add("book = ?", query.book.map { .text($0) })
        add("country = ?", query.country.map { .text($0) })
        add("booker_prize = ?", query.bookerPrize.map { .integer($0 ? 1 : 0) })

        matchesNothing = query.search.map { SearchExpression($0, owner: owner) == nil } ?? false
        add(
            "id IN (SELECT rowid FROM author_search WHERE author_search MATCH ?)",
            query.search.flatMap { SearchExpression($0, owner: owner) }.map { .text($0.text) })

        // A name leads to a handful of rows. Left to itself SQLite would rather walk the whole library in order of id
        // than sort them; the plus keeps it from that (https://www.sqlite.org/optoverview.html#uplus).
        let id = query.name == nil ? "id" : "+id"
        let column = query.sort.field == .id ? id : query.sort.field.rawValue
        let (comparison, direction) = query.sort.descending ? ("<", "DESC") : (">", "ASC")
        if let after = query.after {
            guard let cursor = Cursor(after, sort: query.sort) else {
                throw InvalidFields([FieldError("after", .invalid, "is not a cursor of this list")])
            }
            switch cursor.value {
            case .string(let value): add("(\(column), \(id)) \(comparison) (?, ?)", .text(value))
            case .integer(let value): add("(\(column), \(id)) \(comparison) (?, ?)", .integer(value))
            default: conditions.append("\(id) \(comparison) ?")
            }
            values.append(.integer(cursor.id))
        }
        let order = query.sort.field == .id ? "\(id) \(direction)" : "\(column) \(direction), \(id) \(direction)"
        values.append(.integer(Int64(query.limit) + 1))
        sql = """
            SELECT \(AuthorRow.columns) FROM author WHERE \(conditions.joined(separator: " AND "))
            ORDER BY \(order) LIMIT ?
            """
        self.values = values
    }

    /// Whether an index leads straight to the page, whatever the size of the library.
    var isShort: Bool {
        query.search == nil && query.name == nil && query.book == nil && query.country == nil
            && query.bookerPrize == nil && [.id, .name].contains(query.sort.field)
    }

    func page(_ connection: ReadConnection) throws -> StoredPage {
        var json = JSONWriter(reservingCapacity: 64 + 256 * min(query.limit, 100))
        var next: String?
        try json.object {
            try $0.member("list_of_authors") {
                try $0.array { if !matchesNothing { next = try write(connection, to: &$0) } }
            }
            $0.member("next") { if let next { $0.string(next) } else { $0.null() } }
        }
        return StoredPage(json: json.bytes, next: next)
    }

    /// As much as a page, as a file has it.
    func part(
        _ connection: ReadConnection, as format: AuthorLines.Format
    ) throws -> (bytes: [UInt8], next: String?) {
        var bytes: [UInt8] = []
        guard !matchesNothing else { return (bytes, nil) }
        let next = try rows(connection) { row in
            switch format {
            case .csv: AuthorRow.write(row, csv: &bytes)
            case .ndjson:
                var json = JSONWriter()
                AuthorRow.write(row, to: &json)
                bytes.append(contentsOf: json.bytes)
                bytes.append(UInt8(ascii: "\n"))
            }
        }
        return (bytes, next)
    }

    private func write(_ connection: ReadConnection, to json: inout JSONWriter) throws -> String? {
        try rows(connection) { AuthorRow.write($0, to: &json) }
    }

    /// Calls `body` with each row; returns the cursor of the next page if there is one.
    private func rows(_ connection: ReadConnection, _ body: (SQLiteStatement) -> Void) throws -> String? {
        var count = 0
        var last: Cursor?
        var next: String?
        try connection.rows(sql, values) { row in
            // The row after the page only tells that there is another page.
            if count == query.limit {
                next = last?.text
                return false
            }
            body(row)
            count += 1
            if count == query.limit { last = cursor(at: row) }
            return true
        }
        return next
    }

    private func cursor(at row: SQLiteStatement) -> Cursor {
        func text(_ column: Int32) -> JSONValue {
            .string(sqlite3_column_text(row, column).map { String(cString: $0) } ?? "")
        }
        let value: JSONValue? =
            switch query.sort.field {
            case .id: nil
            case .name: text(1)
            case .book: text(2)
            case .country: text(3)
            case .createdAt: .integer(sqlite3_column_int64(row, 5))
            case .updatedAt: .integer(sqlite3_column_int64(row, 6))
            }
        return Cursor(sort: query.sort, id: sqlite3_column_int64(row, 0), value: value)
    }
}
