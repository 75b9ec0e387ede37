import Foundation
import GRDB
package import Shared

extension SQLiteStore {
    /// Loads all sessions and API keys into memory. Expiry is checked at each use, because a wrong clock may be
    /// corrected later.
    package func loadSessions() throws {
        let stored = try readers.read { db in
            try trustedTime.goOn(db)
            return (try Row.fetchAll(db, sql: Self.selectSession).map(Self.session), try Self.loadKeys(db))
        }
        stored.0.forEach { sessions.add($0) }
        stored.1.forEach { sessions.add($0) }
    }

    package func caller(session id: String, at now: Timestamp) -> Caller? {
        sessions.principal(session: id, at: now).map(caller)
    }

    package func createSession(
        id: String, user: StoredUser, refreshHash: [UInt8], client: String, at now: Timestamp, expiresAt: Timestamp,
        idle: Int64, address: String? = nil, key: [UInt8]? = nil, by initiator: Initiator
    ) async throws -> StoredSession {
        let sessions = sessions
        let long = trustedTime.advance(to: now).adding(seconds: -StoredSession.keepingTime)
        return try await writer.write { db -> (StoredSession, [String]) in
            try TrustedTime.store(long.adding(seconds: StoredSession.keepingTime), db)
            if let key, let session = try Self.session(db, key: key, user: user, at: now, idle: idle) {
                try Self.setRefreshHash(db, refreshHash, of: session, isNext: false, at: now)
                return (session, [])
            }
            try db.cachedStatement(
                sql: """
                    INSERT INTO session (id, user, refresh_hash, created_at, used_at, expires_at, client, login_key)
                    SELECT ?1, id, ?3, ?4, ?4, ?5, ?6, ?8 FROM user
                    WHERE id = ?2 AND NOT disabled AND password_hash = ?7
                    """
            ).execute(
                arguments: [
                    id, user.id, Data(refreshHash), now.milliseconds, expiresAt.milliseconds, client, user.passwordHash,
                    key.map { Data($0) },
                ])
            guard db.changesCount == 1 else { throw StoreError.passwordChanged }
            let origin = try Self.addOrigin(db, user: user.id, session: id, client: client)
            try db.execute(sql: "UPDATE session SET origin = ? WHERE id = ?", arguments: [origin, id])
            guard let row = try Row.fetchOne(db, sql: "\(Self.selectSession) AND session.id = ?", arguments: [id])
            else { throw StoreError.passwordChanged }
            if let address { try Self.keep(db, address: address, user: user.id, at: now) }
            try Self.note(db, .login, user: user.name, by: initiator, client, at: now)
            let ended = try String.fetchAll(
                db, sql: "DELETE FROM session WHERE expires_at <= ? OR used_at <= ? RETURNING id",
                arguments: [long.milliseconds, long.adding(seconds: -idle).milliseconds])
            return (try Self.session(row), ended)
        } committed: { session, ended in
            sessions.end(ended)
            sessions.add(session)
        }.0
    }

    /// The session that an earlier login with the same key created, if it has not ended.
    private static func session(
        _ db: Database, key: [UInt8], user: StoredUser, at now: Timestamp, idle: Int64
    ) throws -> StoredSession? {
        let kept = IdempotentRequest.keptTimes(at: now)
        return try Row.fetchOne(
            db,
            sql: """
                \(selectSession) AND user.id = ? AND user.password_hash = ? AND session.login_key = ?
                    AND session.expires_at > ? AND session.used_at > ? AND session.created_at BETWEEN ? AND ?
                """,
            arguments: [
                user.id, user.passwordHash, Data(key), now.milliseconds, now.adding(seconds: -idle).milliseconds,
                kept.lowerBound, kept.upperBound,
            ]
        ).map(session)
    }

    package func sessions(user: Int64, current: String, at now: Timestamp) async throws -> [LoginSession] {
        try await readers.readSlowly { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT id, created_at, used_at, expires_at, client FROM session
                    WHERE user = ? AND expires_at > ? ORDER BY created_at DESC, id
                    """,
                arguments: [user, now.milliseconds]
            ).map { row in
                try LoginSession(
                    id: row.value(0), createdAt: Timestamp(milliseconds: row.value(1)),
                    usedAt: Timestamp(milliseconds: row.value(2)),
                    expiresAt: Timestamp(milliseconds: row.value(3)), client: row.value(4),
                    current: row.value(0) == current)
            }
        }
    }

    package func deleteSession(
        id: String, _ caller: Principal, by initiator: Initiator, at now: Timestamp
    ) async throws {
        let sessions = sessions
        try await writer.write { db in
            try db.cachedStatement(sql: "DELETE FROM session WHERE id = ? AND user = ?").execute(
                arguments: [id, caller.userID])
            guard db.changesCount == 1 else { throw StoreError.sessionNotFound }
            let isOwn = id == caller.sessionID
            try Self.note(
                db, isOwn ? .logout : .sessionRevoked, user: caller.name, by: initiator, isOwn ? "" : id, at: now)
        } committed: {
            sessions.end([id])
        }
    }

    package func deleteSessions(
        _ scope: SessionScope, _ caller: Principal, by initiator: Initiator, at now: Timestamp
    ) async throws {
        let sessions = sessions
        _ = try await writer.write { db in
            try Self.note(db, .sessionsRevoked, user: caller.name, by: initiator, scope.rawValue, at: now)
            return try Self.deleteSessions(
                db, user: caller.userID, except: scope == .others ? caller.sessionID : nil)
        } committed: {
            sessions.end($0)
        }
    }

    /// Returns the ids of those that ended.
    static func deleteSessions(_ db: Database, user: Int64, except id: String? = nil) throws -> [String] {
        try String.fetchAll(
            db, sql: "DELETE FROM session WHERE user = ? AND id IS NOT ? RETURNING id", arguments: [user, id])
    }

    /// Conditions can be added.
    static let selectSession = """
        SELECT session.id, session.expires_at, user.id, user.public_id, user.name, user.admin, session.origin
        FROM session JOIN user ON user.id = session.user WHERE NOT user.disabled
        """

    static func session(_ row: Row) throws -> StoredSession {
        try StoredSession(
            id: row.value(0), expiresAt: Timestamp(milliseconds: row.value(1)), origin: row.value(6),
            user: .init(id: row.value(2), publicID: row.value(3), name: row.value(4), admin: row.value(5)))
    }
}
