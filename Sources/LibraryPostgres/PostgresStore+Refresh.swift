package import LibraryStore
package import Shared

/// Refresh tokens, of which only the SHA-256 is stored.
extension PostgresStore {
    /// Stands in `used_at` for a token that has not been used: one of several that replaced the same token.
    private static let unused: Int64 = -1

    /// Gives the session, whose row is locked, another refresh token.
    ///
    /// Tokens that replaced the same token are equally valid: several clients, or one whose answers were lost, may have
    /// one each. The first use of one of them uses up all of them. Older tokens get `used_at` 0, so presenting one of
    /// them ends the session.
    /// - Parameter isNext: whether one of the newest tokens was presented. Otherwise the new token is added to them.
    static func setRefreshHash(
        _ connection: Connection, _ hash: [UInt8], of session: String, isNext: Bool, at now: Timestamp
    ) throws {
        let (id, time) = (Value.text(session), Value.integer(now.milliseconds))
        var requests = [
            Request(keepRefreshHash, [id, isNext ? time : .integer(unused)]),
            Request("UPDATE session SET refresh_hash = $2, used_at = $3 WHERE id = $1", [id, .bytes(hash), time]),
        ]
        if isNext { requests.insert(Request(useUp, [id, .integer(unused), time]), at: 0) }
        try connection.pipeline(requests)
    }

    package func rotateRefreshToken(
        from hash: [UInt8], to newHash: [UInt8], at now: Timestamp, grace: Int64, idle: Int64,
        isLate: @escaping @Sendable () -> Bool, by initiator: Initiator
    ) async throws -> RefreshRotation {
        var user: Int64?
        let rotation: RefreshRotation
        (rotation, user) = try await write { connection in
            let (found, usedAt) = try Self.lockSession(connection, of: hash, at: now, idle: idle)
            // Only now: the request may have waited for another of the same session.
            guard !isLate() else { throw StoreError.busy }
            guard let (session, isLive) = found else { return (.unknown, nil) }
            // In either direction: a clock that was set back must not lengthen the time.
            if let usedAt, !now.isWithin(seconds: grace, of: usedAt) {
                try connection.run("DELETE FROM session WHERE id = $1", [.text(session.id)])
                try Self.note(
                    connection, .refreshTokenReused, user: session.user.name, by: initiator, session.id, at: now)
                return (.replayed(sessionID: session.id), session.user.id)
            }
            guard isLive else { return (.unknown, nil) }
            try Self.setRefreshHash(connection, newHash, of: session.id, isNext: usedAt == nil, at: now)
            return (.rotated(session), nil)
        }
        if let user { changes.wake(user) }
        return rotation
    }

    /// Locks the session of a refresh token. A token that belongs to a session never belongs to another.
    /// - Returns: the session and whether it goes on; the time when the token was used, if it was.
    private static func lockSession(
        _ connection: Connection, of hash: [UInt8], at now: Timestamp, idle: Int64
    ) throws -> (session: (StoredSession, isLive: Bool)?, usedAt: Timestamp?) {
        var session: (StoredSession, isLive: Bool)?
        var usedAt: Timestamp?
        try connection.pipeline([
            Request(
                lockSession,
                [
                    .bytes(hash), .integer(now.milliseconds), .integer(now.adding(seconds: -idle).milliseconds),
                ]),
            // A statement of its own: it sees what was committed before the lock was taken.
            Request(selectUsed, [.bytes(hash), .integer(unused)]),
        ]) { index, row in
            if index == 0 {
                session = (try StoredSession(row), try row.flag(7))
            } else {
                usedAt = try row.time(0)
            }
        }
        return (session, usedAt)
    }

    static let lockSession = Statement(
        """
        SELECT \(sessionColumns), NOT "user".disabled AND expires_at > $2 AND used_at > $3
        FROM session JOIN "user" ON "user".id = session."user"
        WHERE session.id = (
            SELECT id FROM session WHERE refresh_hash = $1
            UNION ALL
            SELECT session FROM used_refresh_token WHERE hash = $1
            LIMIT 1)
        FOR UPDATE OF session
        """)
    private static let selectUsed: Statement =
        "SELECT used_at FROM used_refresh_token WHERE hash = $1 AND used_at <> $2"
    private static let useUp: Statement = """
        UPDATE used_refresh_token SET used_at = CASE used_at WHEN $2 THEN $3::bigint ELSE 0 END
        WHERE session = $1 AND used_at <> 0
        """
    private static let keepRefreshHash: Statement = """
        INSERT INTO used_refresh_token (hash, session, used_at)
        SELECT refresh_hash, id, $2 FROM session WHERE id = $1
        ON CONFLICT (hash) DO NOTHING
        """
}
