import GRDB
import Shared

/// Authors of a file that is stored in many transactions are staged until the last: nobody sees them. They have the
/// owner's highest ids, because the owner changes nothing meanwhile. The first of these ids is stored, in a row of
/// `idempotency_key` whose hash is that of no request, so that the next start removes what is staged when the daemon is
/// killed.
extension Store {
    private static let isMark = "owner = ?1 AND hash = zeroblob(32)"
    /// The time of such a row. Old keys are deleted by their times, and found by an index.
    private static let timeOfMark = Int64.max

    /// The condition for an author to be seen. `?1` is the owner. With the `+`, it is no reason for SQLite to choose
    /// another index (https://www.sqlite.org/optoverview.html#disqualifying_where_clause_terms_using_unary_).
    static let isNotStaged = """
        +id < coalesce((SELECT CAST(reply AS INTEGER) FROM idempotency_key WHERE \(isMark)), \(Int64.max))
        """

    /// The number of a user's authors, an SQL expression. They are looked at one by one only if there are staged ones.
    static let countOfAuthors = """
        coalesce(
            (SELECT (SELECT count(*) FROM author WHERE owner = user.id AND id < CAST(reply AS INTEGER))
                FROM idempotency_key WHERE owner = user.id AND hash = zeroblob(32)),
            (SELECT count(*) FROM author WHERE owner = user.id))
        """

    private static func firstStaged(_ db: Database, owner: Int64) throws -> Int64? {
        try db.raw("SELECT CAST(reply AS INTEGER) FROM idempotency_key WHERE \(isMark)").integer([.integer(owner)])
    }

    /// Passes if the owner has no staged authors.
    /// - Throws: ``StoreError`` `busy`.
    static func requireNoneStaged(_ db: Database, owner: Int64) throws {
        guard try firstStaged(db, owner: owner) == nil else { throw StoreError.busy }
    }

    /// Hides the owner's authors from this id on.
    static func markStaged(_ db: Database, owner: Int64, from first: Int64) throws {
        try db.execute(
            sql: """
                INSERT INTO idempotency_key (owner, hash, request, reply, created_at)
                VALUES (?, zeroblob(32), x'', CAST(? AS BLOB), ?)
                """,
            arguments: [owner, String(first), timeOfMark])
    }

    /// Shows them.
    static func unmarkStaged(_ db: Database, owner: Int64) throws {
        try db.execute(sql: "DELETE FROM idempotency_key WHERE \(isMark)", arguments: [owner])
    }

    /// Removes some of the staged authors of an owner.
    /// - Returns: whether there are more.
    private static func removeStaged(_ db: Database, owner: Int64) throws -> Bool {
        guard let first = try firstStaged(db, owner: owner) else { return false }
        let next = try Int64.fetchOne(
            db, sql: "SELECT id FROM author WHERE owner = ? AND id >= ? ORDER BY id DESC LIMIT 1 OFFSET \(part - 1)",
            arguments: [owner, first])
        try deleteAuthors(db, owner: owner, in: (next ?? first)...Int64.max)
        if next == nil { try unmarkStaged(db, owner: owner) }
        return next != nil
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
        if await removeAllStaged(owner: owner) { return readers.showStaged() }
        Task.detached {
            while !writer.isClosed {
                try await Task.sleep(for: .seconds(1))
                if await removeAllStaged(owner: owner) { return readers.showStaged() }
            }
        }
    }

    private func removeAllStaged(owner: Int64) async -> Bool {
        do {
            while try await writer.write(isLong: true, { try Self.removeStaged($0, owner: owner) }) {}
            return true
        } catch {
            return false
        }
    }

    /// Does in the background what was unfinished when the daemon ended: removes staged authors, and deletes users.
    package func resume() {
        Task.detached {
            let (staged, deleted) = try await readers.readSlowly { db in
                let staged = "SELECT owner FROM idempotency_key WHERE created_at = \(Self.timeOfMark)"
                return try (
                    Int64.fetchAll(db, sql: staged),
                    Int64.fetchAll(db, sql: "SELECT id FROM user WHERE NOT \(Self.isUser)")
                )
            }
            for owner in staged {
                while await !removeAllStaged(owner: owner) {
                    if writer.isClosed { return }
                    try await Task.sleep(for: .seconds(1))
                }
            }
            // From the start on, staged authors were hidden.
            readers.showStaged()
            for user in deleted { await finishDeletion(of: user) }
        }
    }
}
