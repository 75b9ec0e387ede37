import GRDB
package import Shared

extension SQLiteStore {
    package func createUser(
        publicID: String, name: String, passwordHash: String, as request: IdempotentRequest? = nil,
        by initiator: Initiator, at now: Timestamp
    ) async throws {
        try await writer.write { db in
            do {
                try db.cachedStatement(
                    sql: """
                        INSERT INTO user (public_id, name, password_hash, created_at, updated_at)
                        VALUES (?, ?, ?, ?, ?)
                        """
                ).execute(arguments: [publicID, name, passwordHash, now.milliseconds, now.milliseconds])
            } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE {
                throw StoreError.nameTaken(name)
            }
            try Self.keep(db, reply: Array(publicID.utf8), to: request, owner: db.lastInsertedRowID, at: now)
            try Self.note(db, .userCreated, user: name, by: initiator, at: now)
        }
    }

    /// The user with the hash of the password.
    package func user(_ key: UserKey) throws -> StoredUser? {
        try readers.read { db in
            try Row.fetchOne(
                db.cachedStatement(sql: "SELECT id, name, password_hash, disabled FROM user WHERE \(key.condition)"),
                arguments: [key.argument]
            ).map {
                try StoredUser(id: $0.value(0), name: $0.value(1), passwordHash: $0.value(2), disabled: $0.value(3))
            }
        }
    }

    package func users() async throws -> [User] {
        try await readers.readSlowly { db in
            try Row.fetchAll(db, sql: "\(Self.selectUser) WHERE \(Self.isUser) ORDER BY user.id").map(Self.user)
        }
    }

    package func profile(_ key: UserKey) async throws -> User {
        try await readers.readSlowly { try Self.profile($0, key) }
    }

    package func updateUser(
        _ key: UserKey, _ patch: UserPatch, by initiator: Initiator, at now: Timestamp
    ) async throws -> User {
        let sessions = sessions
        return try await writer.write { db in
            let before = try Self.role(db, key)
            let (admin, disabled) = (patch.admin ?? before.admin, patch.disabled ?? before.disabled)
            if !admin || disabled { try Self.requireAnotherAdmin(db, than: before) }
            try db.execute(
                sql: """
                    UPDATE user SET admin = ?1, disabled = ?2, updated_at = ?3
                    WHERE id = ?4 AND (admin <> ?1 OR disabled <> ?2)
                    """,
                arguments: [admin, disabled, now.milliseconds, before.id])
            if disabled {
                _ = try Self.deleteSessions(db, user: before.id)
                _ = try Self.deleteKeys(db, user: before.id)
            }
            var events: [AuditEvent] = []
            if admin != before.admin { events.append(admin ? .promoted : .demoted) }
            if disabled != before.disabled { events.append(disabled ? .disabled : .enabled) }
            for event in events { try Self.note(db, event, user: before.name, by: initiator, at: now) }
            return (before.id, try Self.profile(db, key))
        } committed: { id, user in
            if user.disabled { sessions.end(user: id) } else { sessions.setAdmin(user.admin, user: id) }
        }.1
    }

    package func setPassword(
        _ key: UserKey, from old: String? = nil, to hash: String, keeping session: String? = nil,
        by initiator: Initiator, at now: Timestamp
    ) async throws {
        let sessions = sessions
        _ = try await writer.write { db in
            let user = try Self.role(db, key)
            guard old == nil || old == user.passwordHash else { throw StoreError.passwordChanged }
            try db.execute(
                sql: "UPDATE user SET password_hash = ?, updated_at = ? WHERE id = ?",
                arguments: [hash, now.milliseconds, user.id])
            try Self.note(db, .passwordChanged, user: user.name, by: initiator, at: now)
            return try Self.deleteSessions(db, user: user.id, except: session) + Self.deleteKeys(db, user: user.id)
        } committed: {
            sessions.end($0)
        }
    }

    package func replacePasswordHash(user id: Int64, from old: String, to new: String) async throws -> Bool {
        try await writer.write { db in
            try db.execute(
                sql: "UPDATE user SET password_hash = ? WHERE id = ? AND password_hash = ?", arguments: [new, id, old])
            return db.changesCount == 1
        }
    }

    package func importedHashes() throws -> [String] {
        try readers.read {
            try String.fetchAll($0, sql: "SELECT password_hash FROM user WHERE password_hash LIKE '$w%'")
        }
    }

    struct Role {
        let id: Int64
        let publicID: String
        let name: String
        let admin: Bool
        let disabled: Bool
        let passwordHash: String
    }

    static func role(_ db: Database, _ key: UserKey) throws -> Role {
        let row = try Row.fetchOne(
            db, sql: "SELECT id, public_id, name, admin, disabled, password_hash FROM user WHERE \(key.condition)",
            arguments: [key.argument])
        guard let row else { throw key.missing }
        return try Role(
            id: row.value(0), publicID: row.value(1), name: row.value(2), admin: row.value(3),
            disabled: row.value(4), passwordHash: row.value(5))
    }

    /// Passes if the user is no admin, or not the only one who can log in.
    static func requireAnotherAdmin(_ db: Database, than user: Role) throws {
        guard user.admin, !user.disabled else { return }
        let others = "SELECT EXISTS (SELECT 1 FROM user WHERE admin AND NOT disabled AND id <> ?)"
        guard try Bool.fetchOne(db, sql: others, arguments: [user.id]) == true else {
            throw StoreError.lastAdmin(name: user.name)
        }
    }

    private static func profile(_ db: Database, _ key: UserKey) throws -> User {
        let row = try Row.fetchOne(
            db, sql: "\(selectUser) WHERE \(key.condition)", arguments: [key.argument])
        guard let row else { throw key.missing }
        return try user(row)
    }

    private static let selectUser = """
        SELECT public_id, name, admin, disabled, created_at, \(countOfAuthors)
        FROM user
        """

    private static func user(_ row: Row) throws -> User {
        try User(
            publicID: row.value(0), name: row.value(1), admin: row.value(2), disabled: row.value(3),
            createdAt: Timestamp(milliseconds: row.value(4)), authors: row.value(5))
    }
}

extension UserKey {
    fileprivate var condition: String {
        let column =
            switch self {
            case .id: "id"
            case .name: "name"
            case .publicID: "public_id"
            }
        return "user.\(column) = ? AND \(SQLiteStore.isUser)"
    }

    fileprivate var argument: any DatabaseValueConvertible {
        switch self {
        case .id(let id): id
        case .name(let name): name
        case .publicID(let id): id
        }
    }
}
