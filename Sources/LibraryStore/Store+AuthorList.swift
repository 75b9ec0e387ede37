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
        try connection.rows(statement.shape, statement.values) {
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

/// The statement behind a list.
package struct AuthorListStatement: Sendable {
    /// What the text of a statement depends on: each filter that is given has the index that it needs.
    struct Shape: Hashable {
        /// What follows the last author of the page before.
        enum Start { case none, id, value }

        var filters: [AuthorField] = []
        var hasSearch = false
        var start = Start.none
        let sort: AuthorSort

        var sql: String {
            var conditions = ["owner = ?"] + filters.map { "\($0.name) = ?" }
            if hasSearch { conditions.append("id IN (SELECT rowid FROM author_search WHERE author_search MATCH ?)") }
            // A name leads to a handful of rows. Left to itself SQLite would rather walk the whole library in order of
            // id than sort them; the plus keeps it from that (https://www.sqlite.org/optoverview.html#uplus).
            let id = filters.contains(.name) ? "+id" : "id"
            let column = sort.field == .id ? id : sort.field.name
            let (comparison, direction) = sort.descending ? ("<", "DESC") : (">", "ASC")
            switch start {
            case .none: break
            case .id: conditions.append("\(id) \(comparison) ?")
            case .value: conditions.append("(\(column), \(id)) \(comparison) (?, ?)")
            }
            let order = sort.field == .id ? "\(id) \(direction)" : "\(column) \(direction), \(id) \(direction)"
            return """
                SELECT \(AuthorRow.columns) FROM author WHERE \(conditions.joined(separator: " AND "))
                ORDER BY \(order) LIMIT ?
                """
        }
    }

    fileprivate let query: AuthorQuery
    let shape: Shape
    let values: [RawStatement.Value]
    fileprivate let matchesNothing: Bool

    package var sql: String { shape.sql }

    package init(_ query: AuthorQuery, owner: Int64) throws(InvalidFields) {
        self.query = query
        var shape = Shape(sort: query.sort)
        var values: [RawStatement.Value] = [.integer(owner)]
        if !query.values.isEmpty {
            for field in AuthorField.filterable {
                let text = query.values[text: field].map { RawStatement.Value.text($0) }
                guard let value = text ?? query.values[flag: field].map({ .integer($0 ? 1 : 0) }) else { continue }
                shape.filters.append(field)
                values.append(value)
            }
        }
        let search = query.search.map { SearchExpression($0, owner: owner) }
        matchesNothing = search.map { $0 == nil } ?? false
        if let expression = search ?? nil {
            shape.hasSearch = true
            values.append(.text(expression.text))
        }
        if let after = query.after {
            guard let cursor = Cursor(after, sort: query.sort) else {
                throw InvalidFields([FieldError("after", .invalid, "is not a cursor of this list")])
            }
            shape.start = .value
            switch cursor.value {
            case .string(let value): values.append(.text(value))
            case .integer(let value): values.append(.integer(value))
            default: shape.start = .id
            }
            values.append(.integer(cursor.id))
        }
        values.append(.integer(Int64(query.limit) + 1))
        self.shape = shape
        self.values = values
    }
}
