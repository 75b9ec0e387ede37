import GRDB

/// The origins of a user's changes: sessions, API keys, and the imports that they made. They stay when sessions end, so
/// that the history can name them.
extension SQLiteStore {
    /// Origins of each user that are kept, besides those of live sessions and keys.
    private static let keptOrigins: Int64 = 10_000

    /// Inserts an origin, and deletes the oldest one if there are too many.
    /// - Parameters:
    ///   - session: the id of a session or an API key.
    ///   - client: what the session or the key is called.
    /// - Returns: its number.
    static func addOrigin(
        _ db: Database, user: Int64, session: String?, client: String?, import id: String? = nil
    ) throws -> Int64 {
        let last = try db.raw("SELECT max(number) FROM origin WHERE user = ?").integer([.integer(user)]) ?? 0
        guard (0..<Int64.max).contains(last) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an origin has the number \(last)")
        }
        let event = try id == nil ? nil : lastSequence(db, owner: user) + 1
        try db.cachedStatement(
            sql: "INSERT INTO origin (user, number, session, client, import, first_event) VALUES (?, ?, ?, ?, ?, ?)"
        ).execute(arguments: [user, last + 1, session, client, id, event])
        guard last >= keptOrigins else { return last + 1 }
        try db.cachedStatement(
            sql: """
                DELETE FROM origin WHERE user = ?1 AND number <= ?2
                    AND number NOT IN (SELECT origin FROM session WHERE user = ?1 AND origin IS NOT NULL)
                    AND number NOT IN (SELECT origin FROM api_key WHERE user = ?1 AND origin IS NOT NULL)
                """
        ).execute(arguments: [user, last + 1 - keptOrigins])
        return last + 1
    }

    /// The number of an import, which may consist of several requests; of a session or a key if it is no import.
    static func number(_ db: Database, of origin: ImportOrigin, owner: Int64) throws -> Int64? {
        guard let id = origin.importID else { return origin.caller }
        // An import of that id whose first changes are gone could not be undone, so another one begins.
        if let known = try self.origin(db, ofImport: id, owner: owner),
            try known.firstEvent > lastSequence(db, owner: owner) || isKept(db, known.firstEvent, owner: owner)
        {
            return known.number
        }
        let row = try origin.caller.flatMap {
            try Row.fetchOne(
                db.cachedStatement(sql: "SELECT session, client FROM origin WHERE user = ? AND number = ?"),
                arguments: [owner, $0])
        }
        return try addOrigin(
            db, user: owner, session: row?.value(0), client: row?.value(1), import: id)
    }

    private static func isKept(_ db: Database, _ event: Int64, owner: Int64) throws -> Bool {
        try db.raw("SELECT 1 FROM author_event WHERE owner = ? AND sequence = ?")
            .integer([.integer(owner), .integer(event)]) != nil
    }

    /// An import, with the number of its first event; `nil` if there is none of that id.
    static func origin(
        _ db: Database, ofImport id: String, owner: Int64
    ) throws -> (number: Int64, firstEvent: Int64)? {
        try Row.fetchOne(
            db.cachedStatement(
                sql: "SELECT number, first_event FROM origin WHERE user = ? AND import = ? ORDER BY number DESC LIMIT 1"
            ),
            arguments: [owner, id]
        ).map { try ($0.value(0), $0.value(1)) }
    }
}
