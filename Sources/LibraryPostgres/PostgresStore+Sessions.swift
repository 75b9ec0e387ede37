package import LibraryStore
package import Shared

extension PostgresStore {
    package func createSession(
        id: String, user: StoredUser, refreshHash: [UInt8], client: String, at now: Timestamp, expiresAt: Timestamp,
        idle: Int64, address: String?, key: [UInt8]?, by initiator: Initiator
    ) async throws -> StoredSession {
        try await write { connection in
            // Neither is the password changed meanwhile, nor does the same login come twice at once.
            guard let role = try Self.role(connection, .id(user.id), isLocked: true), !role.disabled,
                role.passwordHash == user.passwordHash
            else { throw StoreError.passwordChanged }
            if let key, let session = try Self.session(connection, key: key, role, at: now, idle: idle) {
                try Self.setRefreshHash(connection, refreshHash, of: session.id, isNext: false, at: now)
                return session
            }
            let origin = try Self.addOrigin(connection, user: role.id, session: id, client: client)
            let long = now.adding(seconds: -StoredSession.keepingTime)
            var requests = [
                Request(
                    Self.insertSession,
                    [
                        .text(id), .integer(role.id), .bytes(refreshHash), .integer(now.milliseconds),
                        .integer(expiresAt.milliseconds), .text(client), Value(key), .integer(origin),
                    ])
            ]
            if let address { requests += Self.keeping(address: address, user: role.id, at: now) }
            requests.append(
                Request(
                    Self.deleteEnded,
                    [.integer(long.milliseconds), .integer(long.adding(seconds: -idle).milliseconds)]))
            try connection.pipeline(requests)
            try Self.note(connection, .login, user: user.name, by: initiator, client, at: now)
            return StoredSession(
                id: id, expiresAt: expiresAt, origin: origin,
                user: .init(id: role.id, publicID: role.publicID, name: role.name, admin: role.admin))
        }
    }

    /// The session that an earlier login with the same key created, if it has not ended. Its row is locked.
    private static func session(
        _ connection: Connection, key: [UInt8], _ user: Role, at now: Timestamp, idle: Int64
    ) throws -> StoredSession? {
        let kept = IdempotentRequest.keptTimes(at: now)
        var session: StoredSession?
        try connection.run(
            lockSessionOfLogin,
            [
                .integer(user.id), .bytes(key), .integer(now.milliseconds),
                .integer(now.adding(seconds: -idle).milliseconds), .integer(kept.lowerBound), .integer(kept.upperBound),
            ]
        ) { session = try StoredSession($0) }
        return session
    }

    package func sessions(user: Int64, current: String, at now: Timestamp) async throws -> [LoginSession] {
        try await read { connection in
            var sessions: [LoginSession] = []
            try connection.run(Self.selectSessions, [.integer(user), .integer(now.milliseconds)]) { row in
                let id = try row.text(0)
                sessions.append(
                    LoginSession(
                        id: id, createdAt: try row.time(1), usedAt: try row.time(2), expiresAt: try row.time(3),
                        client: try row.text(4), current: id == current))
            }
            return sessions
        }
    }

    package func deleteSession(
        id: String, _ caller: Principal, by initiator: Initiator, at now: Timestamp
    ) async throws {
        try await write { connection in
            let count = try connection.run(
                #"DELETE FROM session WHERE id = $1 AND "user" = $2"#, [Value(sought: id), .integer(caller.userID)])
            guard count == 1 else { throw StoreError.sessionNotFound }
            let isOwn = id == caller.sessionID
            try Self.note(
                connection, isOwn ? .logout : .sessionRevoked, user: caller.name, by: initiator, isOwn ? "" : id,
                at: now)
        }
        changes.wake(caller.userID)
    }

    package func deleteSessions(
        _ scope: SessionScope, _ caller: Principal, by initiator: Initiator, at now: Timestamp
    ) async throws {
        try await write { connection in
            // Whoever deletes several rows of a user does so alone: two could wait for each other.
            _ = try Self.role(connection, .id(caller.userID), isLocked: true)
            let deletion = Self.deletingSessions(
                of: caller.userID, but: scope == .others ? caller.sessionID : nil)
            try connection.pipeline([deletion])
            try Self.note(connection, .sessionsRevoked, user: caller.name, by: initiator, scope.rawValue, at: now)
        }
        changes.wake(caller.userID)
    }

    /// What ends the sessions of a user, whose row is locked, but one.
    static func deletingSessions(of user: Int64, but id: String?) -> Request {
        Request(
            #"DELETE FROM session WHERE "user" = $1 AND id IS DISTINCT FROM $2"#,
            [.integer(user), id.map { Value(sought: $0) } ?? .null])
    }

    /// The columns that a ``StoredSession`` is made of.
    static let sessionColumns = """
        session.id, session.expires_at, session.origin, "user".id, "user".public_id, "user".name, "user".admin
        """

    private static let insertSession: Statement = """
        INSERT INTO session (id, "user", refresh_hash, created_at, used_at, expires_at, client, login_key, origin)
        VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8)
        """
    private static let lockSessionOfLogin = Statement(
        """
        SELECT \(sessionColumns) FROM session JOIN "user" ON "user".id = session."user"
        WHERE session."user" = $1 AND login_key = $2 AND expires_at > $3 AND used_at > $4
            AND session.created_at BETWEEN $5 AND $6
        FOR UPDATE OF session
        """)
    private static let selectSessions: Statement = """
        SELECT id, created_at, used_at, expires_at, client FROM session
        WHERE "user" = $1 AND expires_at > $2 ORDER BY created_at DESC, id
        """
    /// Rows that another transaction has locked are left to the next login.
    static let deleteEnded: Statement = """
        DELETE FROM session WHERE id IN (
            SELECT id FROM session WHERE expires_at <= $1 OR used_at <= $2 LIMIT 256 FOR UPDATE SKIP LOCKED)
        """
}

extension StoredSession {
    /// - Parameter row: begins with ``PostgresStore/sessionColumns``.
    init(_ row: Row) throws {
        try self.init(
            id: row.text(0), expiresAt: row.time(1), origin: row.integerIfAny(2),
            user: .init(id: row.integer(3), publicID: row.text(4), name: row.text(5), admin: row.flag(6)))
    }
}
