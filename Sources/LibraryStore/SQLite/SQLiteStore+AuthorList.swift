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
                    return try read(connection.authors(statement))
                }
            }
        }
        return try await readers.withConnectionElsewhere { connection in
            try seeing(owner, connection) { lastSeen in
                try read(connection.authors(AuthorListStatement(query, owner: owner, lastSeen: lastSeen)))
            }
        }
    }

    package func authorsAtOnce<Value>(
        _ query: AuthorQuery, owner: Int64, _ read: (AuthorRows) throws -> Value
    ) throws -> Value? {
        guard query.search == nil, query.at == nil, query.values.isEmpty, query.sort.isIndexed else { return nil }
        let statement = try AuthorListStatement(query, owner: owner)
        return try readers.withConnection { connection in
            try seeing(owner, connection) { $0 == nil ? try read(connection.authors(statement)) : nil }
        }
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
    fileprivate func authors(_ statement: AuthorListStatement) -> AuthorRows {
        AuthorRows(statement.query, event: statement.event) { take in
            guard !statement.matchesNothing else { return }
            let columns = AuthorColumns()
            try self.rows(statement.shape, statement.values) {
                columns.fill($0)
                return take(columns.row)
            }
        }
    }
}

/// The statement behind a list.
package struct AuthorListStatement: Sendable {
    /// Which state of the library a list shows.
    enum State: Hashable {
        case present
        /// That after an event; later events are of an unfinished change.
        case seen
        /// That after an event.
        case past
    }

    /// What the text of a statement depends on: each filter that is given has the index that it needs.
    struct Shape: Hashable {
        var filters: [AuthorField] = []
        var hasSearch = false
        /// Whether the index is asked, and finds more authors than the search does (``SearchExpression/findsMore``).
        var indexFindsMore = false
        /// Whether the page begins after an author.
        var hasStart = false
        var state = State.present
        let sort: AuthorSort

        /// Parameters: the owner; the event, unless the state is the present; the values of ``conditions(_:place:)``;
        /// the text of a search, if it is looked for in authors and not only in the index; the limit.
        ///
        /// The authors just after an event are those whose last event is not later, and those that the first later
        /// event of each has changed or deleted, as they were before that. Each part is read in the order of the list
        /// (https://www.sqlite.org/optoverview.html#compound_select_statements).
        var sql: String {
            let parts = authors + (state == .present ? [] : [laterChanges])
            return "\(parts.joined(separator: " UNION ALL ")) ORDER BY \(order) LIMIT ?"
        }

        private var authors: [String] {
            let isSeen = ["owner = ?1"] + (state == .present ? [] : ["event <= ?2"])
            func part(_ index: String, _ columns: [String], _ conditions: [String]) -> String {
                """
                SELECT \(columns.joined(separator: ", ")) FROM author \(index)
                WHERE \((isSeen + conditions).joined(separator: " AND "))
                """
            }
            let columns = AuthorField.all.map(\.name)
            guard sort.field.kind == .time, filters.isEmpty, !hasSearch else {
                return [part(index, columns + keys, conditions(.authors, place: place.map(sorted)))]
            }
            // The authors that have not changed, whose two times are the same, and the others, for which each order has
            // an index of its own. So most authors are in one of the three indexes only.
            let created = AuthorField.createdAt.name
            return [
                part(
                    "INDEXED BY author_unchanged", columns.map { $0 == sort.field.name ? "\(created) AS \($0)" : $0 },
                    ["changed_at IS NULL"] + conditions(.authors, place: [created, "id"])),
                part(
                    "INDEXED BY author_\(sort.field.name)", columns,
                    ["changed_at IS NOT NULL"] + conditions(.authors, place: place)),
            ]
        }

        private var laterChanges: String {
            let columns = AuthorField.all.map(\.name) + keys.map { "fold_key(\(sort.field.name)) AS \($0)" }
            let conditions = [SQLiteStore.isFirstLaterChange()] + conditions(.events, place: place)
            return """
                SELECT \(columns.joined(separator: ", ")) FROM author_event
                WHERE \(conditions.joined(separator: " AND "))
                """
        }

        /// A text leads to few rows. Left to itself, SQLite would rather walk through all authors of the owner in order
        /// of id than sort these (https://www.sqlite.org/lang_indexedby.html). What a search finds is looked up by the
        /// primary key.
        private var index: String {
            if hasSearch { return state == .seen ? "INDEXED BY sqlite_autoindex_author_1" : "" }
            return AuthorField.texts.first(where: filters.contains).map { "INDEXED BY author_\($0.name)" } ?? ""
        }

        /// The columns of the order that no author has as a field. All parts must have them.
        private var keys: [String] { state != .present && sort.isByKey ? [sort.field.keyColumn] : [] }

        /// The columns that are in the order of the list.
        private var place: [String] { sort.columns + ["id"] }

        /// What a search finds is sorted: walking an index until a page is full takes seconds if few match. With a `+`,
        /// a column leads to no index.
        private func sorted(_ column: String) -> String {
            hasSearch && state == .present && column != "id" ? "+" + column : column
        }

        private var order: String {
            place.map { "\(sorted($0)) \(sort.descending ? "DESC" : "ASC")" }.joined(separator: ", ")
        }

        private enum Table { case authors, events }

        /// The conditions of the filters, the search and the place after which the page begins.
        /// - Parameter place: the columns with the place of a row.
        private func conditions(_ table: Table, place: [String]) -> [String] {
            var number = state == .present ? 1 : 2
            func parameter() -> String {
                number += 1
                return "?\(number)"
            }
            var conditions: [String] = []
            for field in filters {
                // The key leads to the rows by an index.
                let key = field.kind == .text ? "\(field.keyColumn) = \(parameter())" : nil
                if let key, table == .authors { conditions.append(key) }
                conditions.append("\(field.name) = \(parameter())")
            }
            let search = hasSearch ? parameter() : ""
            if hasStart {
                let values = place.map { _ in parameter() }.joined(separator: ", ")
                let after = sort.descending ? "<" : ">"
                conditions.append("(\(place.joined(separator: ", "))) \(after) (\(values))")
            }
            guard hasSearch else { return conditions }
            if state != .past, table == .authors {
                conditions.append("id IN (SELECT rowid FROM author_search WHERE author_search MATCH \(search))")
                guard indexFindsMore else { return conditions }
            }
            return conditions + ["search_finds(\(state == .past ? search : parameter()), name, book)"]
        }
    }

    fileprivate let query: AuthorQuery
    let shape: Shape
    let values: [ColumnValue]
    fileprivate let matchesNothing: Bool
    /// As ``Cursor/event``.
    fileprivate let event: EventPosition?

    package var sql: String { shape.sql }

    /// - Parameters:
    ///   - event: the event after which the query asks for the library; `nil` for now.
    ///   - lastSeen: the number of the owner's last event that is seen; `nil` if all are.
    package init(
        _ query: AuthorQuery, owner: Int64, after event: EventPosition? = nil, lastSeen: Int64? = nil
    ) throws(InvalidFields) {
        self.query = query
        self.event = event
        var shape = Shape(sort: query.sort)
        shape.state = event != nil ? .past : lastSeen != nil ? .seen : .present
        var values: [ColumnValue] = [.integer(owner)]
        if let last = event?.sequence ?? lastSeen { values.append(.integer(last)) }
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
        // A function of SQL takes a text up to its first NUL only, which separates words as a space does.
        let search = query.search?.replacing("\0", with: " ") ?? ""
        if let expression = expression ?? nil {
            shape.hasSearch = true
            shape.indexFindsMore = event == nil && expression.findsMore
            values.append(.text(event == nil ? expression.text : search))
        }
        if let start = try query.start(isPast: event != nil) {
            shape.hasStart = true
            values += start.columns
            values.append(.integer(start.id))
        }
        if shape.hasSearch, shape.state == .seen || shape.indexFindsMore { values.append(.text(search)) }
        values.append(.integer(Int64(query.limit) + 1))
        self.shape = shape
        self.values = values
    }
}
