import LibraryStore

/// The origins of a user's changes: sessions, API keys, and the imports that they made. They stay when sessions end, so
/// that the history can name them.
extension PostgresStore {
    /// Origins of each user that are kept, besides those of live sessions and keys.
    private static let keptOrigins = 10_000
    /// How many of the others are deleted with each insert.
    private static let sweepOfOrigins = 64

    /// Inserts an origin, and deletes the oldest ones if there are too many.
    ///
    /// It waits for nobody, and nobody for it: an import that takes long does not keep its user from logging in. So the
    /// numbers of a user ascend, and have gaps.
    /// - Parameters:
    ///   - session: the id of a session or an API key.
    ///   - client: what the session or the key is called.
    ///   - id: of an import.
    ///   - firstEvent: the number that the import's first event will have.
    /// - Returns: its number.
    static func addOrigin(
        _ connection: Connection, user: Int64, session: String?, client: String?, import id: String? = nil,
        firstEvent: Int64? = nil
    ) throws -> Int64 {
        var number: Int64?
        try connection.pipeline([
            Request(insertOrigin, [.integer(user), Value(session), Value(client), Value(id), Value(firstEvent)]),
            Request(deleteOrigins, [.integer(user)]),
        ]) { index, row in
            if index == 0 { number = try row.integer(0) }
        }
        guard let number else { throw PostgresError.unexpected("an origin was not inserted") }
        return number
    }

    private static let insertOrigin: Statement = """
        INSERT INTO origin ("user", session, client, import, first_event) VALUES ($1, $2, $3, $4, $5) RETURNING number
        """
    /// Rows that another transaction deletes are left to it.
    private static let deleteOrigins = Statement(
        """
        DELETE FROM origin WHERE "user" = $1 AND number IN (
            SELECT number FROM origin WHERE "user" = $1
                AND number <= (
                    SELECT number FROM origin WHERE "user" = $1 ORDER BY number DESC OFFSET \(keptOrigins) LIMIT 1)
                AND number NOT IN (SELECT origin FROM session WHERE "user" = $1 AND origin IS NOT NULL)
                AND number NOT IN (SELECT origin FROM api_key WHERE "user" = $1 AND origin IS NOT NULL)
            ORDER BY number LIMIT \(sweepOfOrigins) FOR UPDATE SKIP LOCKED)
        """)
}
