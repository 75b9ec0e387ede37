import Foundation
import GRDB
package import Shared

/// An API key with the digest of its secret: what ``LiveSessions`` is made of.
struct StoredKey: Sendable {
    let id: String
    /// SHA-256.
    let hash: [UInt8]
    let scope: KeyScope
    let expiresAt: Timestamp?
    let usedAt: Timestamp?
    /// The same as ``Principal/origin``.
    let origin: Int64?
    let user: StoredSession.User
}

extension SQLiteStore {
    package func createKey(
        _ user: UserKey, id: String, name: String, scope: KeyScope, hash: [UInt8], expiresAt: Timestamp?,
        by initiator: Initiator, at now: Timestamp
    ) async throws -> APIKey {
        let sessions = sessions
        let long = trustedTime.advance(to: now).adding(seconds: -APIKey.keepingTime)
        return try await writer.write { db -> (APIKey, StoredKey, [String]) in
            let owner = try Self.role(db, user)
            guard !owner.disabled else { throw StoreError.ownerDeleted }
            let ended = try String.fetchAll(
                db, sql: "DELETE FROM api_key WHERE user = ? AND expires_at <= ? RETURNING id",
                arguments: [owner.id, long.milliseconds])
            let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM api_key WHERE user = ?", arguments: [owner.id])
            guard count ?? 0 < APIKey.limit else { throw StoreError.tooManyKeys }
            let origin = try Self.addOrigin(db, user: owner.id, session: id, client: name)
            do {
                try db.execute(
                    sql: """
                        INSERT INTO api_key (id, user, name, hash, scope, created_at, expires_at, origin)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        id, owner.id, name, Data(hash), scope.rawValue, now.milliseconds, expiresAt?.milliseconds,
                        origin,
                    ])
            } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE {
                throw StoreError.keyExists(name)
            }
            try Self.note(db, .keyCreated, user: owner.name, by: initiator, "\(name), to \(scope.rawValue)", at: now)
            let stored = StoredKey(
                id: id, hash: hash, scope: scope, expiresAt: expiresAt, usedAt: nil, origin: origin,
                user: .init(id: owner.id, publicID: owner.publicID, name: owner.name, admin: owner.admin))
            let key = APIKey(id: id, name: name, scope: scope, createdAt: now, expiresAt: expiresAt, usedAt: nil)
            return (key, stored, ended)
        } committed: { _, stored, ended in
            sessions.end(ended)
            sessions.add(stored)
        }.0
    }

    package func keys(_ user: UserKey) async throws -> [APIKey] {
        try await readers.readSlowly { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT id, name, scope, created_at, expires_at, used_at FROM api_key
                    WHERE user = ? ORDER BY name
                    """,
                arguments: [try Self.role(db, user).id]
            ).map { row in
                try APIKey(
                    id: row.value(0), name: row.value(1), scope: row.scope(2),
                    createdAt: Timestamp(milliseconds: row.value(3)), expiresAt: try row.time(4),
                    usedAt: try row.time(5))
            }
        }
    }

    package func deleteKey(
        _ key: KeyOfUser, of user: UserKey, by initiator: Initiator, at now: Timestamp
    ) async throws {
        let sessions = sessions
        _ = try await writer.write { db in
            let owner = try Self.role(db, user)
            let row = try Row.fetchOne(
                db, sql: "DELETE FROM api_key WHERE user = ? AND \(key.column) = ? RETURNING id, name",
                arguments: [owner.id, key.text])
            guard let row else { throw key.missing }
            try Self.note(db, .keyRevoked, user: owner.name, by: initiator, row.value(1), at: now)
            return try row.value(0) as String
        } committed: { id in
            sessions.end([id])
        }
    }

    package func holder(ofKey hash: [UInt8], at now: Timestamp) -> KeyHolder {
        switch sessions.key(hash: hash, at: now) {
        case .key(let principal, let isFirst):
            if isFirst { noteUse(ofKey: principal.sessionID, at: now) }
            return .caller(caller(principal))
        case .expired: return .expired
        case .unknown: return .unknown
        }
    }

    package func noteUse(ofKey id: String, at now: Timestamp) {
        writer.submit { db in
            try db.cachedStatement(sql: "UPDATE api_key SET used_at = ? WHERE id = ?").execute(
                arguments: [now.milliseconds, id])
        } completion: { _ in
        }
    }

    static func loadKeys(_ db: Database) throws -> [StoredKey] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT api_key.id, hash, scope, expires_at, used_at, user.id, user.public_id, user.name, user.admin,
                    api_key.origin
                FROM api_key JOIN user ON user.id = api_key.user WHERE NOT user.disabled
                """
        ).map { row in
            try StoredKey(
                id: row.value(0), hash: Array(row.value(1) as Data), scope: row.scope(2), expiresAt: row.time(3),
                usedAt: row.time(4), origin: row.value(9),
                user: .init(id: row.value(5), publicID: row.value(6), name: row.value(7), admin: row.value(8)))
        }
    }

    /// Returns the ids of those that were deleted.
    static func deleteKeys(_ db: Database, user: Int64) throws -> [String] {
        try String.fetchAll(db, sql: "DELETE FROM api_key WHERE user = ? RETURNING id", arguments: [user])
    }
}

extension Row {
    /// - Throws: `DatabaseError` `SQLITE_CORRUPT`: the schema allows no other text.
    fileprivate func scope(_ column: Int) throws -> KeyScope {
        guard let scope = KeyScope(rawValue: try value(column)) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an API key has a scope that does not exist")
        }
        return scope
    }

    /// `nil` for NULL.
    fileprivate func time(_ column: Int) throws -> Timestamp? {
        (try value(column) as Int64?).map { Timestamp(milliseconds: $0) }
    }
}
