package import LibraryStore
package import Shared

extension PostgresStore {
    package func authors<Value: Sendable>(
        _ query: AuthorQuery, owner: Int64, _ read: @escaping @Sendable (AuthorRows) throws -> Value
    ) async throws -> Value {
        guard query.at == nil else { return try await pastAuthors(query, owner: owner, read) }
        let statement = try PostgresListStatement(query, owner: owner)
        guard !statement.matchesNothing else { return try read(AuthorRows(query, event: nil) { _ in }) }
        let list: @Sendable (Connection) throws -> Value = { connection in
            try read(
                AuthorRows(query, event: nil) { take in
                    var isWanted = true
                    try connection.authors(statement) { isWanted = isWanted && take($0) }
                })
        }
        return query.isShort ? try await self.read(list) : try await readSlowly(list)
    }

    package func authorsAtOnce<Value>(
        _ query: AuthorQuery, owner: Int64, _ read: (AuthorRows) throws -> Value
    ) -> Value? { nil }

    package func requireList(_ query: AuthorQuery, owner: Int64) async throws {
        guard query.at != nil else { return _ = try query.start(isPast: false) }
        _ = try await read(at: query.at) { try Self.pastEvent($0, query, owner: owner) }
    }
}

extension AuthorQuery {
    /// Whether an index leads to the page whatever the size of the library.
    fileprivate var isShort: Bool {
        search == nil && values.isEmpty && (sort.field.kind != .text || sort.isByKey || sort.field == .name)
    }
}

extension Connection {
    /// Calls `body` with each row of a list.
    func authors(_ statement: PostgresListStatement, _ body: (AuthorRow) throws -> Void) throws {
        let reader = AuthorReader()
        try run(statement.statement, statement.values, within: Self.longAnswerDeadline) { try body(reader.read($0)) }
    }

    /// Of a read that may take long: the server ends it before (``SessionSettings``).
    static let longAnswerDeadline = Duration.seconds(11)
}
