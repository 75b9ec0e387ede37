import GRDB
import Shared

/// A user as the store hands it to the login: the hash leaves the store here and nowhere else.
struct StoredUser: Sendable {
    let id: Int64
    let publicID: String
    let name: String
    let passwordHash: String
    let admin: Bool
    let disabled: Bool
}

extension Store {
    /// Creates a plain user.
    /// - Throws: ``Failure`` `name_taken` if the name, in any case, is in use.
    func createUser(publicID: String, name: String, passwordHash: String, at now: Timestamp) async throws {
        try await writer.write { db in
            do {
                try db.cachedStatement(
                    sql: """
                        INSERT INTO user (public_id, name, password_hash, created_at, updated_at)
                        VALUES (?, ?, ?, ?, ?)
                        """
                ).execute(arguments: [publicID, name, passwordHash, now.milliseconds, now.milliseconds])
            } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE {
                throw Failure(.nameTaken, "The name \(name) is taken.")
            }
        }
    }

    /// The user of that name, in any case.
    func user(named name: String) throws -> StoredUser? {
        try readers.read { db in
            try Row.fetchOne(
                db.cachedStatement(
                    sql: "SELECT id, public_id, name, password_hash, admin, disabled FROM user WHERE name = ?"),
                arguments: [name]
            ).map {
                StoredUser(
                    id: $0[0], publicID: $0[1], name: $0[2], passwordHash: $0[3], admin: $0[4], disabled: $0[5])
            }
        }
    }

    /// All users in the order in which they registered, or the one with that id.
    func users(id: Int64? = nil) async throws -> [User] {
        try await readers.readSlowly { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT public_id, name, admin, disabled, created_at,
                        (SELECT count(*) FROM author WHERE owner = user.id)
                    FROM user WHERE ?1 IS NULL OR id = ?1 ORDER BY id
                    """,
                arguments: [id]
            ).map {
                User(
                    publicID: $0[0], name: $0[1], admin: $0[2], disabled: $0[3],
                    createdAt: Timestamp(milliseconds: $0[4]), authors: $0[5])
            }
        }
    }

    /// Makes the user of that name an admin, or a plain user again; returns the id.
    /// - Throws: ``Failure`` `user_not_found`, or `last_admin` if nobody would be left to administer.
    func setAdmin(_ admin: Bool, userNamed name: String, at now: Timestamp) async throws -> Int64 {
        try await writer.write { db in
            guard let row = try Row.fetchOne(db, sql: "SELECT id, admin FROM user WHERE name = ?", arguments: [name])
            else { throw Failure(.userNotFound, "There is no user \(name).") }
            let id: Int64 = row[0]
            if row[1] == admin { return id }
            try db.execute(
                sql: """
                    UPDATE user SET admin = ?1, updated_at = ?2 WHERE id = ?3
                        AND (?1 OR EXISTS (SELECT 1 FROM user WHERE admin AND NOT disabled AND id <> ?3))
                    """,
                arguments: [admin, now.milliseconds, id])
            guard db.changesCount == 1 else {
                throw Failure(.lastAdmin, "\(name) is the last admin.")
            }
            return id
        }
    }
}
