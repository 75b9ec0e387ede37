import GRDB
package import Shared

extension SQLiteStore {
    package func authors<Value: Sendable>(
        _ query: AuthorQuery, owner: Int64, _ read: @escaping @Sendable (AuthorRows) throws -> Value
    ) async throws -> Value {
        if let value = try authorsAtOnce(query, owner: owner, read) { return value }
        guard query.at == nil else {
            return try await readers.withConnectionElsewhere { connection in
                // The range that is known and the list must be of one state: events may be deleted meanwhile.
                try connection.inTransaction {
                    let event = try Self.pastEvent(connection, query, owner: owner)
                    let statement = try AuthorListStatement(query, owner: owner, after: event)
                    return try read(connection.authors(statement, hidesStaged: false))
                }
            }
        }
        let statement = try AuthorListStatement(query, owner: owner)
        return try await readers.withConnectionElsewhere {
            try read($0.authors(statement, hidesStaged: readers.hidesStaged))
        }
    }

    package func authorsAtOnce<Value>(
        _ query: AuthorQuery, owner: Int64, _ read: (AuthorRows) throws -> Value
    ) throws -> Value? {
        guard query.search == nil, query.at == nil, query.values.isEmpty, query.sort.isIndexed else { return nil }
        let statement = try AuthorListStatement(query, owner: owner)
        return try readers.withConnection { try read($0.authors(statement, hidesStaged: readers.hidesStaged)) }
    }

    package func requireList(_ query: AuthorQuery, owner: Int64) async throws {
        guard query.at != nil else { return _ = try AuthorListStatement(query, owner: owner) }
        _ = try await readers.withConnectionElsewhere { try Self.pastEvent($0, query, owner: owner) }
    }

    /// As ``AuthorQuery/event(before:_:_:)``.
    private static func pastEvent(
        _ connection: ReadConnection, _ query: AuthorQuery, owner: Int64
    ) throws -> EventPosition {
        let last = try lastEvent(connection, owner: owner)
        return try query.event(
            before: last, { try historyStart(connection, owner: owner) },
            { try sequence(connection, owner: owner, at: $0, last) })
    }
}

extension AuthorSort {
    /// Whether each owner's authors have an index in this order.
    fileprivate var isIndexed: Bool { field == .id || isByKey || field.kind == .time }
}

extension ReadConnection {
    /// The rows of a page.
    fileprivate func authors(_ statement: AuthorListStatement, hidesStaged: Bool) -> AuthorRows {
        AuthorRows(statement.query, event: statement.event) { take in
            guard !statement.matchesNothing else { return }
            var shape = statement.shape
            shape.hidesStaged = hidesStaged
            let columns = AuthorColumns()
            try self.rows(shape, statement.values) {
                columns.fill($0)
                return take(columns.row)
            }
        }
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
        /// Whether the list is of an earlier state.
        var isPast = false
        let sort: AuthorSort

        /// A text leads to few rows. Left to itself, SQLite would rather walk through all authors of the owner in order
        /// of id than sort these (https://www.sqlite.org/lang_indexedby.html).
        private var filterIndex: String {
            guard !hasSearch, let field = AuthorField.texts.first(where: filters.contains) else { return "" }
            return "INDEXED BY author_\(field.name)"
        }

        var sql: String {
            if !isPast, sort.field.kind == .time, filters.isEmpty, !hasSearch { return byTime }
            guard isPast else {
                let conditions = ["owner = ?1"] + (hidesStaged ? [SQLiteStore.isNotStaged] : []) + conditions(from: 2)
                return """
                    SELECT \(AuthorRow.columns) FROM author \(filterIndex)
                    WHERE \(conditions.joined(separator: " AND ")) ORDER BY \(order) LIMIT ?
                    """
            }
            // The authors just after an event: those whose last event is not later, and those that the first later
            // event of each has changed or deleted, as they were before that. Each part is read in the order of the
            // list (https://www.sqlite.org/optoverview.html#compound_select_statements).
            let conditions = conditions(from: 3).map { " AND " + $0 }.joined()
            let keys = AuthorField.texts.map(\.keyColumn).joined(separator: ", ")
            let folded = AuthorField.texts.map { "fold_key(\($0.name)) AS \($0.keyColumn)" }.joined(separator: ", ")
            return """
                SELECT \(AuthorRow.columns), \(keys) FROM author \(filterIndex)
                WHERE owner = ?1 AND event <= ?2\(conditions)
                UNION ALL
                SELECT \(AuthorRow.columns), \(folded) FROM author_event
                WHERE owner = ?1 AND sequence > ?2 AND previous <= ?2 AND version IS NOT NULL\(conditions)
                ORDER BY \(order) LIMIT ?
                """
        }

        /// The authors that have not changed, whose two times are the same, and the others, for which each order has an
        /// index of its own. So most authors are in one of the three indexes only.
        private var byTime: String {
            func part(_ index: String, _ time: AuthorField, _ condition: String) -> String {
                let columns = AuthorField.all.map { $0 == sort.field ? "\(time.name) AS \($0.name)" : $0.name }
                let start = hasStart ? ["(\(time.name), id) \(after) (?2, ?3)"] : []
                let conditions = ["owner = ?1", condition] + (hidesStaged ? [SQLiteStore.isNotStaged] : []) + start
                return """
                    SELECT \(columns.joined(separator: ", ")) FROM author INDEXED BY author_\(index)
                    WHERE \(conditions.joined(separator: " AND "))
                    """
            }
            return """
                \(part("unchanged", .createdAt, "changed_at IS NULL"))
                UNION ALL
                \(part(sort.field.name, sort.field, "changed_at IS NOT NULL"))
                ORDER BY \(order) LIMIT ?
                """
        }

        private var columns: [String] { sort.columns + ["id"] }

        /// The comparison of a row with the one that is before it.
        private var after: String { sort.descending ? "<" : ">" }

        /// What a search finds is sorted: walking an index until a page is full takes seconds if few match. With a `+`,
        /// a column leads to no index.
        private func sorted(_ column: String) -> String {
            hasSearch && !isPast && column != "id" ? "+" + column : column
        }

        private var order: String {
            columns.map { "\(sorted($0)) \(sort.descending ? "DESC" : "ASC")" }.joined(separator: ", ")
        }

        /// - Parameter first: the number of the first parameter.
        private func conditions(from first: Int) -> [String] {
            var number = first - 1
            func parameter() -> String {
                number += 1
                return "?\(number)"
            }
            var conditions: [String] = []
            for field in filters {
                // The key leads to the rows by an index.
                if field.kind == .text { conditions.append("\(field.keyColumn) = \(parameter())") }
                conditions.append("\(field.name) = \(parameter())")
            }
            if hasSearch {
                conditions.append(
                    isPast
                        ? "search_finds(\(parameter()), name, book)"
                        : "id IN (SELECT rowid FROM author_search WHERE author_search MATCH \(parameter()))")
            }
            if hasStart {
                let names = columns.map(sorted).joined(separator: ", ")
                let places = columns.map { _ in parameter() }.joined(separator: ", ")
                conditions.append("(\(names)) \(after) (\(places))")
            }
            return conditions
        }
    }

    fileprivate let query: AuthorQuery
    let shape: Shape
    let values: [ColumnValue]
    fileprivate let matchesNothing: Bool
    /// As ``Cursor/event``.
    fileprivate let event: EventPosition?

    package var sql: String { shape.sql }

    /// - Parameter event: the event after which the library is shown; `nil` for now.
    package init(_ query: AuthorQuery, owner: Int64, after event: EventPosition? = nil) throws(InvalidFields) {
        self.query = query
        self.event = event
        var shape = Shape(sort: query.sort)
        shape.isPast = event != nil
        var values: [ColumnValue] = [.integer(owner)]
        if let event { values.append(.integer(event.sequence)) }
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
        let expression = query.search.map { SearchExpression($0, owner: owner) }
        matchesNothing = expression.map { $0 == nil } ?? false
        if let expression = expression ?? nil {
            shape.hasSearch = true
            // A function of SQL takes a text up to its first NUL only, which separates words as a space does.
            let search = query.search?.replacing("\0", with: " ") ?? ""
            values.append(.text(event == nil ? expression.text : search))
        }
        if let start = try query.start(isPast: event != nil) {
            shape.hasStart = true
            values += start.columns
            values.append(.integer(start.id))
        }
        values.append(.integer(Int64(query.limit) + 1))
        self.shape = shape
        self.values = values
    }
}
