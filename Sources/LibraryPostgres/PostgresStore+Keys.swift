package import LibraryStore
package import Shared

extension PostgresStore {
    package func createKey(
        _ user: UserKey, id: String, name: String, scope: KeyScope, hash: [UInt8], expiresAt: Timestamp?,
        by initiator: Initiator, at now: Timestamp
    ) async throws -> APIKey {
        try await write { connection in
            // One key after the other, so that there are never too many.
            guard let owner = try Self.role(connection, user, isLocked: true) else { throw user.missing }
            guard !owner.disabled else { throw StoreError.ownerDeleted }
            let long = now.adding(seconds: -APIKey.keepingTime)
            var count: Int64 = 0
            try connection.pipeline([
                Request(Self.deleteExpired, [.integer(owner.id), .integer(long.milliseconds)]),
                Request(#"SELECT count(*) FROM api_key WHERE "user" = $1"#, [.integer(owner.id)]),
            ]) { count = try $1.integer(0) }
            guard count < APIKey.limit else { throw StoreError.tooManyKeys }
            let origin = try Self.addOrigin(connection, user: owner.id, session: id, client: name)
            let inserted = try connection.run(
                Self.insertKey,
                [
                    .text(id), .integer(owner.id), .text(name), .bytes(hash), .text(scope.rawValue),
                    .integer(now.milliseconds), Value(expiresAt?.milliseconds), .integer(origin),
                ])
            guard inserted == 1 else { throw StoreError.keyExists(name) }
            try Self.note(
                connection, .keyCreated, user: owner.name, by: initiator, "\(name), to \(scope.rawValue)", at: now)
            return APIKey(id: id, name: name, scope: scope, createdAt: now, expiresAt: expiresAt, usedAt: nil)
        }
    }

    package func keys(_ user: UserKey) async throws -> [APIKey] {
        try await read { connection in
            guard let owner = try Self.role(connection, user) else { throw user.missing }
            var keys: [APIKey] = []
            try connection.run(Self.selectKeys, [.integer(owner.id)]) { row in
                keys.append(
                    APIKey(
                        id: try row.text(0), name: try row.text(1), scope: try KeyScope(row, 2),
                        createdAt: try row.time(3), expiresAt: try row.timeIfAny(4), usedAt: try row.timeIfAny(5)))
            }
            return keys
        }
    }

    package func deleteKey(
        _ key: KeyOfUser, of user: UserKey, by initiator: Initiator, at now: Timestamp
    ) async throws {
        let owner = try await write { connection in
            guard let owner = try Self.role(connection, user) else { throw user.missing }
            var name: String?
            try connection.run(
                Self.deleteKey(by: key), [.integer(owner.id), Value(sought: key.text)]
            ) { name = try $0.text(0) }
            guard let name else { throw key.missing }
            try Self.note(connection, .keyRevoked, user: owner.name, by: initiator, name, at: now)
            return owner.id
        }
        changes.wake(owner)
    }

    private static func deleteKey(by key: KeyOfUser) -> Statement {
        switch key {
        case .id: #"DELETE FROM api_key WHERE "user" = $1 AND id = $2 RETURNING name"#
        case .name: #"DELETE FROM api_key WHERE "user" = $1 AND lower(name) = lower($2 COLLATE "C") RETURNING name"#
        }
    }

    private static let deleteExpired: Statement = #"DELETE FROM api_key WHERE "user" = $1 AND expires_at <= $2"#
    private static let insertKey: Statement = """
        INSERT INTO api_key (id, "user", name, hash, scope, created_at, expires_at, origin)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING
        """
    private static let selectKeys: Statement = """
        SELECT id, name, scope, created_at, expires_at, used_at FROM api_key WHERE "user" = $1 ORDER BY lower(name)
        """
}
