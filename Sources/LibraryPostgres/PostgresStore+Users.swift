package import LibraryStore
package import Shared

extension PostgresStore {
    package func createUser(
        publicID: String, name: String, passwordHash: String, as request: IdempotentRequest?, by initiator: Initiator,
        at now: Timestamp
    ) async throws {
        try await write { connection in
            guard
                let id = try Self.insertUser(
                    connection, publicID: publicID, name: name, passwordHash: passwordHash, at: now)
            else { throw StoreError.nameTaken(name) }
            try Self.keep(connection, reply: Array(publicID.utf8), to: request, owner: id, at: now)
            try Self.note(connection, .userCreated, user: name, by: initiator, at: now)
        }
    }

    /// Inserts a user and the counter of the user's events.
    /// - Returns: the user's id; `nil` if the name or the public id is taken.
    static func insertUser(
        _ connection: Connection, publicID: String, name: String, passwordHash: String, admin: Bool = false,
        disabled: Bool = false, at now: Timestamp
    ) throws -> Int64? {
        var id: Int64?
        try connection.run(
            insertUser,
            [
                .text(publicID), .text(name), .text(passwordHash), .flag(admin), .flag(disabled),
                .integer(now.milliseconds),
            ]
        ) { id = try $0.integer(0) }
        return id
    }

    package func registered(
        _ name: String, as request: IdempotentRequest, at now: Timestamp
    ) async throws -> (account: Registered, passwordHash: String)? {
        // The lock is a write: its commit waits for the standby, and so for the account.
        try await write { connection in
            guard let user = try Self.role(connection, .name(name), isLocked: true),
                try Self.isKnown(connection, request, owner: user.id, at: now)
            else { return nil }
            // Whoever registers is no admin yet.
            return (Registered(publicID: user.publicID, name: user.name, admin: false), user.passwordHash)
        }
    }

    private static func isKnown(
        _ connection: Connection, _ request: IdempotentRequest, owner: Int64, at now: Timestamp
    ) throws -> Bool {
        do {
            return try reply(connection, to: request, owner: owner, at: now) != nil
        } catch StoreError.keyReused {
            return false
        }
    }

    package func user(_ key: UserKey) async throws -> StoredUser? {
        try await read { connection in
            try Self.role(connection, key).map {
                StoredUser(id: $0.id, name: $0.name, passwordHash: $0.passwordHash, disabled: $0.disabled)
            }
        }
    }

    package func users() async throws -> [User] {
        try await readSlowly { connection in
            var users: [User] = []
            try connection.run(Self.selectUsers, isStreamed: true) { users.append(try User($0)) }
            return users
        }
    }

    package func profile(_ key: UserKey) async throws -> User {
        try await readSlowly { try Self.profile($0, key) }
    }

    package func updateUser(
        _ key: UserKey, _ patch: UserPatch, by initiator: Initiator, at now: Timestamp
    ) async throws -> User {
        let (id, user) = try await write { connection in
            // Whoever takes an admin away excludes others who do.
            if patch.admin == false || patch.disabled == true { try connection.run(Self.lockLibrary) }
            guard let before = try Self.role(connection, key, isLocked: true) else { throw key.missing }
            let (admin, disabled) = (patch.admin ?? before.admin, patch.disabled ?? before.disabled)
            if !admin || disabled { try Self.requireAnotherAdmin(connection, than: before) }
            let update = Request(
                Self.updateUser,
                [.integer(before.id), .flag(admin), .flag(disabled), .integer(now.milliseconds)])
            try connection.pipeline([update] + (disabled ? Self.endingAll(of: before.id) : []))
            let user = try Self.profile(connection, .id(before.id))
            var events: [AuditEvent] = []
            if admin != before.admin { events.append(admin ? .promoted : .demoted) }
            if disabled != before.disabled { events.append(disabled ? .disabled : .enabled) }
            for event in events { try Self.note(connection, event, user: before.name, by: initiator, at: now) }
            return (before.id, user)
        }
        if user.disabled { changes.wake(id) }
        return user
    }

    package func setPassword(
        _ key: UserKey, from old: String?, to hash: String, keeping session: String?, by initiator: Initiator,
        at now: Timestamp
    ) async throws {
        let id = try await write { connection in
            guard let user = try Self.role(connection, key, isLocked: true) else { throw key.missing }
            guard old == nil || old == user.passwordHash else { throw StoreError.passwordChanged }
            let update = Request(
                #"UPDATE "user" SET password_hash = $2, updated_at = $3 WHERE id = $1"#,
                [.integer(user.id), .text(hash), .integer(now.milliseconds)])
            try connection.pipeline([update] + Self.endingAll(of: user.id, but: session))
            try Self.note(connection, .passwordChanged, user: user.name, by: initiator, at: now)
            return user.id
        }
        changes.wake(id)
    }

    /// What ends the sessions and revokes the keys of a user, whose row is locked.
    private static func endingAll(of user: Int64, but session: String? = nil) -> [Request] {
        [
            deletingSessions(of: user, but: session),
            Request(#"DELETE FROM api_key WHERE "user" = $1"#, [.integer(user)]),
        ]
    }

    package func replacePasswordHash(user id: Int64, from old: String, to new: String) async throws -> Bool {
        try await write { connection in
            try connection.run(
                #"UPDATE "user" SET password_hash = $3 WHERE id = $1 AND password_hash = $2"#,
                [.integer(id), .text(old), .text(new)]) == 1
        }
    }

    package func importedHashes() async throws -> [String] {
        try await texts(#"SELECT password_hash FROM "user" WHERE password_hash LIKE '$w%'"#)
    }

    package func publicIDs() async throws -> Set<String> {
        Set(try await texts(#"SELECT public_id FROM "user""#))
    }

    /// The first column of all rows.
    private func texts(_ statement: Statement) async throws -> [String] {
        try await readSlowly { connection in
            var texts: [String] = []
            try connection.run(statement, isStreamed: true) { texts.append(try $0.text(0)) }
            return texts
        }
    }

    private static func profile(_ connection: Connection, _ key: UserKey) throws -> User {
        var user: User?
        try connection.run(selectProfile[key], [key.value]) { user = try User($0) }
        guard let user else { throw key.missing }
        return user
    }

    private static let insertUser: Statement = """
        WITH created AS (
            INSERT INTO "user" (public_id, name, password_hash, admin, disabled, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT DO NOTHING RETURNING id
        ), counted AS (
            INSERT INTO event_counter (owner) SELECT id FROM created
        )
        SELECT id FROM created
        """
    private static let updateUser: Statement = """
        UPDATE "user" SET admin = $2, disabled = $3, updated_at = $4
        WHERE id = $1 AND (admin <> $2 OR disabled <> $3)
        """
    private static let user = """
        SELECT public_id, name, admin, disabled, created_at, (SELECT count(*) FROM author WHERE owner = "user".id)
        FROM "user"
        """
    private static let selectUsers = Statement("\(user) ORDER BY id")
    private static let selectProfile = UserStatement { "\(user) WHERE \($0)" }
}

extension User {
    fileprivate init(_ row: Row) throws {
        self.init(
            publicID: try row.text(0), name: try row.text(1), admin: try row.flag(2), disabled: try row.flag(3),
            createdAt: try row.time(4), authors: try row.integer(5))
    }
}
