import GRDB
package import Shared

/// A user who has much is deleted in many transactions, so that other writes go between. The first one closes the
/// account: nobody finds the user any more, and another may have the name. If the daemon ends meanwhile, the next start
/// goes on.
extension SQLiteStore {
    /// The condition for a row of `user` to be an account, not the rest of one that is being deleted.
    static let isUser = "NOT user.deleted"

    package func deleteUser(
        _ key: UserKey, passwordHash hash: String? = nil, by initiator: Initiator, at now: Timestamp
    ) async throws {
        let (sessions, changes) = (sessions, changes)
        let (id, isDone) = try await writer.write(isLong: true) { db in
            let user = try Self.role(db, key)
            guard hash == nil || hash == user.passwordHash else { throw StoreError.passwordChanged }
            try Self.requireAnotherAdmin(db, than: user)
            let isDone = try Self.deletePart(db, of: user.id)
            if !isDone { try Self.close(db, user: user.id) }
            try Self.note(db, .userDeleted, user: user.name, by: initiator, at: now)
            return (user.id, isDone)
        } committed: { id, _ in
            sessions.end(user: id)
            changes.advance(id)
        }
        if !isDone { Task.detached { await finishDeletion(of: id) } }
    }

    /// Another user may have the name now: no name has a space.
    static func close(_ db: Database, user id: Int64) throws {
        try db.execute(
            sql: """
                UPDATE user SET public_id = 'deleted ' || id, name = 'deleted ' || id, password_hash = '', admin = 0,
                    disabled = 1, deleted = 1
                WHERE id = ?
                """,
            arguments: [id])
        _ = try deleteSessions(db, user: id)
        _ = try deleteKeys(db, user: id)
        try db.execute(sql: "DELETE FROM login_address WHERE user = ?", arguments: [id])
    }

    /// Deletes some of the rows of a user, and the user if these were the last. Events go first: each has an author.
    /// - Returns: whether the user is deleted.
    static func deletePart(_ db: Database, of id: Int64) throws -> Bool {
        if try deleteEvents(db, owner: id, through: .max) { return false }
        let last = try Int64.fetchOne(
            db, sql: "SELECT id FROM author WHERE owner = ? ORDER BY id LIMIT 1 OFFSET \(part - 1)", arguments: [id])
        try deleteAuthors(db, owner: id, in: 0...(last ?? .max))
        if last != nil { return false }
        try db.execute(
            sql: """
                DELETE FROM idempotency_key
                WHERE rowid IN (SELECT rowid FROM idempotency_key WHERE owner = ? LIMIT \(sweep))
                """,
            arguments: [id])
        if db.changesCount == sweep { return false }
        try db.execute(sql: "DELETE FROM user WHERE id = ?", arguments: [id])
        return true
    }

    /// Deletes what is left of a user whose account is closed.
    func finishDeletion(of id: Int64) async {
        _ = await inPartsAtLast(BackgroundWork(kind: .deletion, user: id)) { try Self.deletePart($0, of: id) }
    }
}
