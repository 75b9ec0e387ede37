import Foundation
import GRDB
package import Shared

/// Refresh tokens, of which only the SHA-256 is stored.
extension SQLiteStore {
    /// Stands in `used_at` for a token that has not been used: one of several that replaced the same token.
    private static let unused: Int64 = -1

    /// Gives the session another refresh token.
    ///
    /// Tokens that replaced the same token are equally valid: several clients, or one whose answers were lost, may have
    /// one each. The first use of one of them uses up all of them. Older tokens get `used_at` 0, so presenting one of
    /// them ends the session.
    /// - Parameter isNext: whether one of the newest tokens was presented. Otherwise the new token is added to them.
    static func setRefreshHash(
        _ db: Database, _ hash: [UInt8], of session: StoredSession, isNext: Bool, at now: Timestamp
    ) throws {
        if isNext {
            try db.execute(
                sql: """
                    UPDATE used_refresh_token SET used_at = iif(used_at = ?2, ?3, 0)
                    WHERE session = ?1 AND used_at <> 0
                    """,
                arguments: [session.id, unused, now.milliseconds])
        }
        try db.execute(
            sql: """
                INSERT OR IGNORE INTO used_refresh_token (hash, session, used_at)
                SELECT refresh_hash, id, ?2 FROM session WHERE id = ?1
                """,
            arguments: [session.id, isNext ? now.milliseconds : unused])
        try db.execute(
            sql: "UPDATE session SET refresh_hash = ?, used_at = ? WHERE id = ?",
            arguments: [Data(hash), now.milliseconds, session.id])
    }

    package func rotateRefreshToken(
        from hash: [UInt8], to newHash: [UInt8], at now: Timestamp, grace: Int64, idle: Int64,
        isLate: @escaping @Sendable () -> Bool, by initiator: Initiator
    ) async throws -> RefreshRotation {
        let sessions = sessions
        let trusted = trustedTime.advance(to: now)
        return try await writer.write { db -> RefreshRotation in
            guard !isLate() else { throw StoreError.busy }
            try TrustedTime.store(trusted, db)
            let used = try Row.fetchOne(
                db, sql: "SELECT session, used_at FROM used_refresh_token WHERE hash = ? AND used_at <> ?",
                arguments: [Data(hash), Self.unused])
            // In either direction: a clock that was set back must not lengthen the time.
            if let used, !now.isWithin(seconds: grace, of: Timestamp(milliseconds: try used.value(1))) {
                let id: String = try used.value(0)
                let name = try String.fetchOne(
                    db, sql: "SELECT name FROM user WHERE id = (SELECT user FROM session WHERE id = ?)",
                    arguments: [id])
                try Self.note(db, .refreshTokenReused, user: name, by: initiator, id, at: now)
                try db.execute(sql: "DELETE FROM session WHERE id = ?", arguments: [id])
                return .replayed(sessionID: id)
            }
            let row = try Row.fetchOne(
                db,
                sql: """
                    \(Self.selectSession)
                        AND session.expires_at > ?2 AND session.used_at > ?3
                        AND (session.refresh_hash = ?1
                            OR session.id = (SELECT session FROM used_refresh_token WHERE hash = ?1))
                    """,
                arguments: [Data(hash), now.milliseconds, now.adding(seconds: -idle).milliseconds])
            guard let row else { return .unknown }
            let session = try Self.session(row)
            try Self.setRefreshHash(db, newHash, of: session, isNext: used == nil, at: now)
            return .rotated(session)
        } committed: {
            if case .replayed(let id) = $0 { sessions.end([id]) }
        }
    }
}
