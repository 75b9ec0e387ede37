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
    /// `nil` from an engine without a server.
    package var server: ServerMeasurements?

    package init(
        databaseSize: Int64?, logSize: Int64?, users: Int64?, events: Int64?, sessions: Int, keys: Int,
        eventStreams: Int, waitingWrites: Int, isReady: Bool
    ) {
        (self.databaseSize, self.logSize) = (databaseSize, logSize)
        (self.users, self.events, self.sessions, self.keys) = (users, events, sessions, keys)
        (self.eventStreams, self.waitingWrites, self.isReady) = (eventStreams, waitingWrites, isReady)
    }
}

/// What is known of a database server, from the start of the daemon on.
package struct ServerMeasurements: Sendable {
    /// Commits whose answer was lost, by what was found out: the transaction lasts, it was performed again, nothing.
    package let committed: UInt64
    package let repeated: UInt64
    package let unknown: UInt64
    /// As ``Store/lossCount``.
    package let losses: Int
    /// How often another server was found to be the one that takes writes.
    package let moves: Int

    package init(committed: UInt64, repeated: UInt64, unknown: UInt64, losses: Int, moves: Int) {
        (self.committed, self.repeated, self.unknown) = (committed, repeated, unknown)
        (self.losses, self.moves) = (losses, moves)
    }
}

/// What the writer counts, from the start of the daemon on.
package struct WriterCounts: Sendable {
    /// Writes of a group that was committed.
    package let groupSizes = Histogram([1, 2, 4, 8, 16, 32, 64, 128, 256, 512])
    /// Nanoseconds of a commit, with its fsync.
    package let commitTimes = Histogram(Histogram.durations)
    private let failures = Counters(count: 1)

    package init() {}

    package var failedGroups: UInt64 { failures[0] }

    package func committed(_ writes: Int, in time: Duration) {
        groupSizes.count(UInt64(writes))
        let (seconds, attoseconds) = time.components
        commitTimes.count(UInt64(clamping: seconds) &* 1_000_000_000 &+ UInt64(clamping: attoseconds / 1_000_000_000))
    }

    package func failed() { failures.add(at: 0) }
}
