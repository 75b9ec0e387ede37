import LibraryStore
package import Shared
import Synchronization

/// Events that are too many or too old are deleted in the background, some in each transaction, so that no write waits
/// for it long.
extension PostgresStore {
    package func pruneHistory(onlyChanged: Bool, at now: Timestamp) async throws {
        try await changes.withChanged { changed in
            if onlyChanged, changed.isEmpty { return }
            try await prune(onlyChanged ? changed : nil, at: now)
        }
    }

    /// - Parameter owners: `nil` for all.
    private func prune(_ owners: Set<Int64>?, at now: Timestamp) async throws {
        let time = try await trustedTime(at: now)
        let oldest = history.age.map { time.adding(seconds: -$0.seconds) }
        var last = Int64.min
        while case let ends = try await ends(owners, after: last, oldest: oldest), let end = ends.last {
            if oldest != nil {
                _ = try await write { connection in
                    try connection.run("UPDATE library SET trusted_at = $1", [.integer(time.milliseconds)])
                }
            }
            var failure: (any Error)?
            for (owner, end) in ends {
                // The library of one owner may be locked for long; those of the others are not.
                do {
                    while try await write({ try Self.deleteEvents($0, owner: owner, through: end) }) {}
                } catch {
                    failure = failure ?? error
                }
            }
            if let failure { throw failure }
            last = end.owner
        }
    }

    /// The time that decides which events are old enough.
    private func trustedTime(at now: Timestamp) async throws -> Timestamp {
        if !state.timeGoesOn.load(ordering: .acquiring) {
            let stored = try await read { connection in
                var stored: Int64 = 0
                try connection.run("SELECT trusted_at FROM library") { stored = try $0.integer(0) }
                return stored
            }
            if !state.timeGoesOn.exchange(true, ordering: .acquiringAndReleasing) {
                state.trustedTime.goOn(from: Timestamp(milliseconds: stored))
            }
        }
        return state.trustedTime.advance(to: now)
    }

    /// The owners of whom not all events are kept, with the number of the last event that is not; those that come after
    /// an owner, as many as are asked for at once.
    private func ends(
        _ owners: Set<Int64>?, after last: Int64, oldest: Timestamp?
    ) async throws -> [(owner: Int64, end: Int64)] {
        let values: [Value] = [
            .integer(last), owners.map { .integers(Array($0)) } ?? .null, .integer(history.events),
            Value(oldest?.milliseconds),
        ]
        return try await readSlowly { connection in
            var ends: [(Int64, Int64)] = []
            _ = try connection.transaction {
                try connection.runPlanned(Self.selectEnds, values) {
                    ends.append((try $0.integer(0), try $0.integer(1)))
                }
            }
            return ends
        }
    }

    /// Deletes some of an owner's oldest events. Behind the owner's lock: nobody takes these changes back meanwhile.
    /// - Parameter end: the number up to which they are deleted.
    /// - Returns: whether there may be more.
    private static func deleteEvents(_ connection: Connection, owner: Int64, through end: Int64) throws -> Bool {
        try connection.pipelinePlanned(
            [Request(delete, [.integer(owner), .integer(end)])], after: [Request(LibraryChange.lock, [.integer(owner)])]
        ).last == part
    }

    private static let part = 1024
    private static let delete = Statement(
        """
        DELETE FROM author_event WHERE owner = $1 AND sequence <= $2 AND sequence < (
            SELECT min(sequence) FROM author_event WHERE owner = $1) + \(part)
        """)
    /// Of each owner the last event is kept.
    private static let selectEnds: Statement = """
        SELECT owner, new_end FROM (
            SELECT owner, (SELECT min(sequence) FROM author_event WHERE owner = counter.owner) AS first,
                greatest(last - $3::bigint, CASE WHEN $4::bigint IS NOT NULL THEN coalesce((
                    SELECT sequence FROM author_event WHERE owner = counter.owner AND at >= $4
                    ORDER BY sequence LIMIT 1
                ), last) - 1 END) AS new_end
            FROM event_counter AS counter
            WHERE owner > $1 AND ($2::bigint[] IS NULL OR owner = ANY ($2)) ORDER BY owner
        ) AS owners
        WHERE first <= new_end ORDER BY owner LIMIT 256
        """
}
