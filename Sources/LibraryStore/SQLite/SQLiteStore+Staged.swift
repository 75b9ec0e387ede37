import GRDB
import Shared

/// Authors of a file that is stored in many transactions are staged until the last: nobody sees them. They have the
/// owner's highest ids, because the owner changes nothing meanwhile. The first of these ids is stored with the user, so
/// that the next start removes what is staged when the daemon is killed.
extension SQLiteStore {
    /// The condition for an author to be seen. `?1` is the owner. With the `+`, it is no reason for SQLite to choose
    /// another index (https://www.sqlite.org/optoverview.html#disqualifying_where_clause_terms_using_unary_).
    static let isNotStaged = "+id < coalesce((SELECT first_staged FROM user WHERE id = ?1), \(Int64.max))"

    /// The number of a user's authors, an SQL expression. They are looked at one by one only if there are staged ones.
    static let countOfAuthors = """
        iif(first_staged IS NULL, (SELECT count(*) FROM author WHERE owner = user.id),
            (SELECT count(*) FROM author WHERE owner = user.id AND id < first_staged))
        """

    private static func firstStaged(_ db: Database, owner: Int64) throws -> Int64? {
        try db.raw("SELECT first_staged FROM user WHERE id = ?1 AND first_staged IS NOT NULL").integer([
            .integer(owner)
        ])
    }

    /// Passes if the owner has no staged authors.
    /// - Throws: ``StoreError`` `busy`.
    static func requireNoneStaged(_ db: Database, owner: Int64) throws {
        guard try firstStaged(db, owner: owner) == nil else { throw StoreError.busy }
    }

    /// Hides the owner's authors from this id on; `nil` shows all.
    static func setStaged(_ db: Database, owner: Int64, from first: Int64?) throws {
        try db.execute(sql: "UPDATE user SET first_staged = ? WHERE id = ?", arguments: [first, owner])
    }

    /// Removes some of the staged authors of an owner.
    /// - Returns: whether these were the last.
    private static func removeStaged(_ db: Database, owner: Int64) throws -> Bool {
        guard let first = try firstStaged(db, owner: owner) else { return true }
        let next = try Int64.fetchOne(
            db, sql: "SELECT id FROM author WHERE owner = ? AND id >= ? ORDER BY id DESC LIMIT 1 OFFSET \(part - 1)",
            arguments: [owner, first])
        try deleteAuthors(db, owner: owner, in: (next ?? first)...Int64.max)
        if next == nil { try setStaged(db, owner: owner, from: nil) }
        return next == nil
    }

    /// Rows that are deleted in one transaction: few, so that other writes do not wait long.
    static let part = 256

    static func deleteAuthors(_ db: Database, owner: Int64, in ids: ClosedRange<Int64>) throws {
        try SearchIndex.remove(owner: owner, in: ids, db)
        try db.execute(
            sql: "DELETE FROM author WHERE owner = ? AND id BETWEEN ? AND ?",
            arguments: [owner, ids.lowerBound, ids.upperBound])
    }

    /// Removes the staged authors of an import that failed. If that fails too, as on a full disk, it is tried again
    /// each second; until then the owner cannot change the library.
    func removeStaged(owner: Int64) async {
        let remove: @Sendable (Database) throws -> Bool = { try Self.removeStaged($0, owner: owner) }
        if (try? await inParts(remove)) != nil { return readers.showStaged() }
        Task.detached {
            if await inPartsAtLast(remove) { readers.showStaged() }
        }
    }

    /// Writes in many transactions, so that other writes go between.
    /// - Parameter part: returns whether it was the last part.
    private func inParts(_ part: @escaping @Sendable (Database) throws -> Bool) async throws {
        while try await !writer.write(isLong: true, part) {}
    }

    /// The same, tried again each second if it fails.
    /// - Returns: `false` if the store was closed before the last part.
    func inPartsAtLast(_ part: @escaping @Sendable (Database) throws -> Bool) async -> Bool {
        while !writer.isClosed {
            if (try? await inParts(part)) != nil { return true }
            try? await Task.sleep(for: .seconds(1))
        }
        return false
    }

    /// Does in the background what was unfinished when the daemon ended: removes staged authors, and deletes users.
    package func resume() {
        Task.detached {
            let (staged, deleted) = try await readers.readSlowly { db in
                let staged = "SELECT id FROM user WHERE first_staged IS NOT NULL"
                return try (
                    Int64.fetchAll(db, sql: staged),
                    Int64.fetchAll(db, sql: "SELECT id FROM user WHERE NOT \(Self.isUser)")
                )
            }
            for owner in staged {
                guard await inPartsAtLast({ try Self.removeStaged($0, owner: owner) }) else { return }
            }
            // From the start on, staged authors were hidden.
            readers.showStaged()
            for user in deleted { await finishDeletion(of: user) }
        }
    }
}
