import GRDB
package import Shared

extension Store {
    /// Reads the owner's authors that match, one page of them, by key and never by offset.
    /// - Parameter read: takes the rows, which are good only in this call; on another thread where that may take long.
    /// - Throws: ``InvalidFields`` if the cursor does not belong to this list.
    package func authors<Value: Sendable>(
        _ query: AuthorQuery, owner: Int64, _ read: @escaping @Sendable (AuthorRows) throws -> Value
    ) async throws -> Value {
        if let value = try authorsAtOnce(query, owner: owner, read) { return value }
        let statement = try AuthorListStatement(query, owner: owner)
        return try await readers.withConnectionElsewhere { try read(AuthorRows($0, statement)) }
    }

    /// The same on the calling thread, for a page to which an index leads whatever the size of the library.
    /// - Returns: `nil` for another page, of which nothing has been read.
    /// - Throws: ``InvalidFields`` if the cursor does not belong to this list.
    package func authorsAtOnce<Value>(
        _ query: AuthorQuery, owner: Int64, _ read: (AuthorRows) throws -> Value
    ) throws -> Value? {
        guard query.search == nil, query.values.isEmpty, Self.indexed.contains(query.sort.field) else { return nil }
        let statement = try AuthorListStatement(query, owner: owner)
        return try readers.withConnection { try read(AuthorRows($0, statement)) }
    }

    /// The orders that have an index of each owner's authors.
    private static let indexed = [AuthorField.id, .name, .book, .country]

    /// - Throws: ``InvalidFields`` if the cursor does not belong to this list.
    package static func requireCursor(of query: AuthorQuery) throws(InvalidFields) {
        _ = try AuthorListStatement(query, owner: 0)
    }
}

/// The rows of one page.
package struct AuthorRows {
    private let connection: ReadConnection
    private let statement: AuthorListStatement

    fileprivate init(_ connection: ReadConnection, _ statement: AuthorListStatement) {
        self.connection = connection
        self.statement = statement
    }

    /// How many there are at most.
    package var limit: Int { statement.query.limit }

    /// Calls `body` with each row.
    /// - Returns: the cursor of the next page if there is one.
    package func forEach(_ body: (AuthorRow) -> Void) throws -> String? {
        guard !statement.matchesNothing else { return nil }
        var count = 0
        var last: Cursor?
        var next: String?
        try connection.rows(statement.sql, statement.values) {
            // The row after the page only tells that there is another page.
            if count == limit {
                next = last?.text
                return false
            }
            let row = AuthorRow($0)
            body(row)
            count += 1
            if count == limit { last = row.cursor(statement.query.sort) }
            return true
        }
        return next
    }
}

/// The statement behind a list: its text depends on which filters are given, so that each has the index that it needs.
package struct AuthorListStatement: Sendable {
    fileprivate let query: AuthorQuery
    package let sql: String
    let values: [RawStatement.Value]
    fileprivate let matchesNothing: Bool

    package init(_ query: AuthorQuery, owner: Int64) throws(InvalidFields) {
        self.query = query
        var conditions = ["owner = ?"]
        var values: [RawStatement.Value] = [.integer(owner)]
        func add(_ condition: String, _ value: RawStatement.Value?) {
            guard let value else { return }
            conditions.append(condition)
            values.append(value)
        }
        for field in AuthorField.filterable {
            add("\(field.name) = ?", query.values[text: field].map { .text($0) })
            add("\(field.name) = ?", query.values[flag: field].map { .integer($0 ? 1 : 0) })
        }

        matchesNothing = query.search.map { SearchExpression($0, owner: owner) == nil } ?? false
        add(
            "id IN (SELECT rowid FROM author_search WHERE author_search MATCH ?)",
            query.search.flatMap { SearchExpression($0, owner: owner) }.map { .text($0.text) })

        // A name leads to a handful of rows. Left to itself SQLite would rather walk the whole library in order of id
        // than sort them; the plus keeps it from that (https://www.sqlite.org/optoverview.html#uplus).
        let id = query.values.has(.name) ? "+id" : "id"
        let column = query.sort.field == .id ? id : query.sort.field.name
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
}
