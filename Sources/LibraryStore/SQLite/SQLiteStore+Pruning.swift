import GRDB
package import Shared

/// Events that are too many or too old are deleted in the background, a few in each transaction, so that no write waits
/// for it.
extension SQLiteStore {
    package func pruneHistory(onlyChanged: Bool = false, at now: Timestamp) async throws {
        try await changes.withChanged { changed in
            if onlyChanged, changed.isEmpty { return }
            try await prune(onlyChanged ? changed : nil, at: now)
        }
    }

    /// - Parameter owners: `nil` for all.
    private func prune(_ owners: Set<Int64>?, at now: Timestamp) async throws {
        let time = trustedTime.advance(to: now)
        let oldest = history.age.map { time.adding(seconds: -$0.seconds) }
        let ends = try await readers.readSlowly { db in
            let owners = try owners.map(Array.init) ?? Int64.fetchAll(db, sql: "SELECT id FROM user")
            return try owners.compactMap { owner in
                try Self.end(db, owner: owner, history, oldest: oldest).map { (owner, $0) }
            }
        }
        for (owner, end) in ends {
            while try await writer.write({ db in
                if oldest != nil { try TrustedTime.store(time, db) }
                return try Self.deleteEvents(db, owner: owner, through: end)
            }) {}
        }
    }

    /// The number of the last event of an owner that is not kept; `nil` if all are.
    private static func end(
        _ db: Database, owner: Int64, _ limit: HistoryLimit, oldest: Timestamp?
    ) throws -> Int64? {
        guard let first = try firstEvent(db, owner: owner) else { return nil }
        // With the events of an unfinished change, none could be taken back.
        let last = try lastSeen(db, owner: owner) ?? lastSequence(db, owner: owner)
        var end = last - limit.events
        if let oldest {
            let kept = try db.raw(
                "SELECT sequence FROM author_event WHERE owner = ? AND at >= ? ORDER BY sequence LIMIT 1")
            let first = try kept.integer([.integer(owner), .integer(oldest.milliseconds)]) ?? last
            end = max(end, min(first, last) - 1)
        }
        return end >= first ? end : nil
    }

    /// The number of the oldest event of an owner.
    private static func firstEvent(_ db: Database, owner: Int64) throws -> Int64? {
        try db.raw("SELECT min(sequence) FROM author_event WHERE owner = ?").integer([.integer(owner)])
    }

    /// Deletes some of an owner's oldest events.
    /// - Parameter end: the number up to which they are deleted.
    /// - Returns: whether there are more.
    static func deleteEvents(_ db: Database, owner: Int64, through end: Int64) throws -> Bool {
        guard let first = try firstEvent(db, owner: owner), first <= end else { return false }
        let last = end - first < Int64(part) ? end : first + Int64(part) - 1
        try db.raw("DELETE FROM author_event WHERE owner = ? AND sequence <= ?").run([.integer(owner), .integer(last)])
        guard last < end, let next = try firstEvent(db, owner: owner) else { return false }
        return next <= end
    }
}
