import Foundation
import GRDB
import Shared

/// A live session together with its user: what the registry in memory is made of.
struct StoredSession: Sendable {
    let id: String
    let expiresAt: Timestamp
    let user: StoredSession.User

    struct User: Sendable {
        let id: Int64
        let publicID: String
        let name: String
        let admin: Bool
        let disabled: Bool
    }
}

extension Store {
    /// Every session that has not expired. Deletes those that have.
    func liveSessions(at now: Timestamp) async throws -> [StoredSession] {
        try await writer.write { db in
            try db.execute(sql: "DELETE FROM session WHERE expires_at <= ?", arguments: [now.milliseconds])
            return try Row.fetchAll(db, sql: "\(Self.selectSession) WHERE NOT user.disabled").map(Self.session)
        }
    }

    /// Stores a new session, and deletes those that are over, so that they do not gather over the years.
    /// - Parameters:
    ///   - refreshHash: SHA-256 of the refresh token; the token itself is never stored.
    ///   - idle: a session that was not used for so many seconds is over.
    /// - Returns: the ids of the sessions that were deleted.
    func createSession(
        id: String, user: Int64, refreshHash: [UInt8], client: String, at now: Timestamp, expiresAt: Timestamp,
        idle: Int64
    ) async throws -> [String] {
        try await writer.write { db in
            let ended = try String.fetchAll(
                db, sql: "DELETE FROM session WHERE expires_at <= ? OR used_at <= ? RETURNING id",
                arguments: [now.milliseconds, now.adding(seconds: -idle).milliseconds])
            try db.cachedStatement(
                sql: """
                    INSERT INTO session (id, user, refresh_hash, created_at, used_at, expires_at, client)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """
            ).execute(
                arguments: [
                    id, user, Data(refreshHash), now.milliseconds, now.milliseconds, expiresAt.milliseconds, client,
                ])
            return ended
        }
    }

    func deleteSession(id: String) async throws {
        try await writer.write { db in
            try db.cachedStatement(sql: "DELETE FROM session WHERE id = ?").execute(arguments: [id])
        }
    }

    /// What became of a refresh token.
    enum Rotation: Sendable {
        case rotated(StoredSession)
        /// It was used before, longer ago than a lost answer explains: somebody has a copy. The session has been ended.
        case replayed(sessionID: String)
        case unknown
    }

    /// Trades a refresh token for the next one.
    ///
    /// Rotation with detection of reuse: RFC 9700, section 4.14.2.
    /// - Parameters:
    ///   - grace: for so many seconds a token that was used already is honoured once more, because the answer to its
    ///     first use may have been lost.
    ///   - idle: a session that was not used for so many seconds is over.
    func rotateRefreshToken(
        from hash: [UInt8], to newHash: [UInt8], at now: Timestamp, grace: Int64, idle: Int64
    ) async throws -> Rotation {
        try await writer.write { db in
            let used = try Row.fetchOne(
                db, sql: "SELECT session, used_at FROM used_refresh_token WHERE hash = ?", arguments: [Data(hash)])
            // In either direction: a clock that was set back must not lengthen the time.
            if let used, abs(now.milliseconds - Timestamp(milliseconds: used[1]).milliseconds) > grace * 1000 {
                let id: String = used[0]
                try db.execute(sql: "DELETE FROM session WHERE id = ?", arguments: [id])
                return .replayed(sessionID: id)
            }
            let row = try Row.fetchOne(
                db,
                sql: """
                    \(Self.selectSession)
                    WHERE NOT user.disabled AND session.expires_at > ?2 AND session.used_at > ?3
                        AND (session.refresh_hash = ?1
                            OR session.id = (SELECT session FROM used_refresh_token WHERE hash = ?1))
                    """,
                arguments: [Data(hash), now.milliseconds, now.adding(seconds: -idle).milliseconds])
            guard let row else { return .unknown }
            let session = Self.session(row)
            try db.execute(
                sql: """
                    INSERT OR IGNORE INTO used_refresh_token (hash, session, used_at)
                    SELECT refresh_hash, id, ?2 FROM session WHERE id = ?1
                    """,
                arguments: [session.id, now.milliseconds])
            try db.execute(
                sql: "UPDATE session SET refresh_hash = ?, used_at = ? WHERE id = ?",
                arguments: [Data(newHash), now.milliseconds, session.id])
            return .rotated(session)
        }
    }

    private static let selectSession = """
        SELECT session.id, session.expires_at, user.id, user.public_id, user.name, user.admin, user.disabled
        FROM session JOIN user ON user.id = session.user
        """

    private static func session(_ row: Row) -> StoredSession {
        StoredSession(
            id: row[0], expiresAt: Timestamp(milliseconds: row[1]),
            user: .init(id: row[2], publicID: row[3], name: row[4], admin: row[5], disabled: row[6]))
    }
}
