import GRDB
import Shared

/// What the store tells those who watch it, as it is now.
package struct Measurements: Sendable {
    /// In bytes; `nil` if the file cannot be looked at.
    package let databaseSize: Int64?
    package let logSize: Int64?
    /// `nil` if the database cannot be read.
    package let users: Int64?
    package let events: Int64?
    package let sessions: Int
    package let keys: Int
    package let eventStreams: Int
    package let waitingWrites: Int
    package let isReady: Bool
}

/// What the writer counts, from the start of the daemon on.
package struct WriterCounts: Sendable {
    /// Writes of a group that was committed.
    package let groupSizes = Histogram([1, 2, 4, 8, 16, 32, 64, 128, 256, 512])
    /// Nanoseconds of a commit, with its fsync.
    package let commitTimes = Histogram(Histogram.durations)
    private let failures = Counters(count: 1)

    package var failedGroups: UInt64 { failures[0] }

    func committed(_ writes: Int, in time: Duration) {
        groupSizes.count(UInt64(writes))
        let (seconds, attoseconds) = time.components
        commitTimes.count(UInt64(clamping: seconds) &* 1_000_000_000 &+ UInt64(clamping: attoseconds / 1_000_000_000))
    }

    func failed() { failures.add(at: 0) }
}

extension Store {
    package var writerCounts: WriterCounts { writer.counts }

    package func measurements() async -> Measurements {
        let counts = try? await readers.readSlowly { db in
            // The numbers of an owner's events have no gaps.
            try Row.fetchOne(
                db,
                sql: """
                    SELECT count(*), coalesce(sum(
                        (SELECT max(sequence) FROM author_event WHERE owner = user.id)
                        - (SELECT min(sequence) FROM author_event WHERE owner = user.id) + 1), 0)
                    FROM user WHERE \(Self.isUser)
                    """
            ).map { (users: try $0.value(0) as Int64, events: try $0.value(1) as Int64) }
        }
        let held = sessions.counts
        return Measurements(
            databaseSize: size(""), logSize: size("-wal"), users: counts?.users, events: counts?.events,
            sessions: held.sessions, keys: held.keys, eventStreams: changes.subscriptionCount,
            waitingWrites: writer.waitingCount, isReady: obstacle() == nil)
    }

    /// The size of the write-ahead log in bytes if it is beyond the limit: some read keeps it from being moved into the
    /// database.
    package func sizeOfLog(beyond limit: Int64 = 256 << 20) -> Int64? { size("-wal").flatMap { $0 > limit ? $0 : nil } }

    private func size(_ suffix: String) -> Int64? { try? FileStatus(path: path + suffix)?.size }
}
