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
        return try await readers.withConnectionElsewhere {
            try read(AuthorRows($0, statement, hidesStaged: readers.hidesStaged))
        }
    }

    /// The same on the calling thread, for a page to which an index leads whatever the size of the library.
    /// - Returns: `nil` for another page, of which nothing has been read.
    /// - Throws: ``InvalidFields`` if the cursor does not belong to this list.
    package func authorsAtOnce<Value>(
        _ query: AuthorQuery, owner: Int64, _ read: (AuthorRows) throws -> Value
    ) throws -> Value? {
        guard query.search == nil, query.values.isEmpty, query.sort.isIndexed else { return nil }
        let statement = try AuthorListStatement(query, owner: owner)
        return try readers.withConnection { try read(AuthorRows($0, statement, hidesStaged: readers.hidesStaged)) }
    }

    /// - Throws: ``InvalidFields`` if the cursor does not belong to this list.
    package static func requireCursor(of query: AuthorQuery) throws(InvalidFields) {
        _ = try AuthorListStatement(query, owner: 0)
    }
}

extension AuthorSort {
    /// Whether each owner's authors have an index in this order.
    fileprivate var isIndexed: Bool { field == .id || isByKey }
}

/// The rows of one page.
package struct AuthorRows {
    private let connection: ReadConnection
    private let statement: AuthorListStatement
    private let shape: AuthorListStatement.Shape

    fileprivate init(_ connection: ReadConnection, _ statement: AuthorListStatement, hidesStaged: Bool) {
        self.connection = connection
        self.statement = statement
        var shape = statement.shape
        shape.hidesStaged = hidesStaged
        self.shape = shape
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
        try connection.rows(shape, statement.values) {
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
        var filters: [AuthorField] = []
        var hasSearch = false
        /// Whether the page begins after an author.
        var hasStart = false
        /// Whether there may be authors that nobody may see.
        var hidesStaged = false
        let sort: AuthorSort

        /// A text leads to few rows. Left to itself, SQLite would rather walk through all authors of the owner in order
        /// of id than sort these (https://www.sqlite.org/lang_indexedby.html).
        private var filterIndex: String {
            guard !hasSearch, let field = AuthorField.texts.first(where: filters.contains) else { return "" }
            return "INDEXED BY author_\(field.name)"
        }

        var sql: String {
            var conditions = ["owner = ?"]
            if hidesStaged { conditions.append(Store.isNotStaged) }
            for field in filters {
                // The key leads to the rows by an index.
                if field.kind == .text { conditions.append("\(field.keyColumn) = ?") }
                conditions.append("\(field.name) = ?")
            }
            if hasSearch { conditions.append("id IN (SELECT rowid FROM author_search WHERE author_search MATCH ?)") }
            // What a search finds is sorted: walking an index until a page is full takes seconds if few match. With a
            // `+`, a column leads to no index.
            let columns = (hasSearch ? sort.columns.map { "+" + $0 } : sort.columns) + ["id"]
            let (comparison, direction) = sort.descending ? ("<", "DESC") : (">", "ASC")
            if hasStart {
                let places = columns.map { _ in "?" }.joined(separator: ", ")
                conditions.append("(\(columns.joined(separator: ", "))) \(comparison) (\(places))")
            }
            let order = columns.map { "\($0) \(direction)" }.joined(separator: ", ")
            return """
                SELECT \(AuthorRow.columns) FROM author \(filterIndex) WHERE \(conditions.joined(separator: " AND "))
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
                if let text = query.values[text: field] {
                    values += [.text(Folding.key(text)), .text(text)]
                } else if let flag = query.values[flag: field] {
                    values.append(.integer(flag ? 1 : 0))
                } else {
                    continue
                }
                shape.filters.append(field)
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
            shape.hasStart = true
            values += cursor.columns
            values.append(.integer(cursor.id))
        }
        values.append(.integer(Int64(query.limit) + 1))
        self.shape = shape
        self.values = values
    }
}
