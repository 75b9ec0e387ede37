package import LibraryStore
package import Shared
import Synchronization

/// Twice a second each daemon commits a write: a beat. It finds the server that takes writes, for all connections, and
/// brings its time and its schema. It proves that this server can still commit: a primary that another one has replaced
/// goes on reading, and calls itself one that takes writes, but commits nothing without its standby. Requests are
/// served while the last beat is less than a second old.
extension PostgresStore {
    /// Between two beats, and after one that failed.
    private static let (pause, shortPause) = (Duration.milliseconds(500), Duration.milliseconds(50))
    private static let deadline = Duration.seconds(2)
    /// How old the last beat may be.
    private static let validity = Duration.seconds(1)
    /// Seconds for which the rows of daemons that have ended are kept, a year: one that was cut off for as long begins
    /// another epoch.
    private static let keepingTime: Int64 = 365 * 86400

    package func begin() async throws {
        // The first server of the URL may be one that others have left.
        try await persisting { _ in
            do {
                try await beat()
            } catch let error as PostgresError where error.classification == .inDoubt || error.sqlState == "55P03" {
                // The lock is that of an earlier beat, which is not committed yet.
                throw Self.cannotCommit
            }
        }
        let (store, state) = (self, state)
        state.isBeating.store(true, ordering: .releasing)
        Task.detached {
            var pause = Self.pause
            while !state.isClosed.load(ordering: .acquiring) {
                try? await Task.sleep(for: pause)
                let start = ContinuousClock.now
                pause = await store.beats() ? max(Self.pause - (.now - start), Self.shortPause) : Self.shortPause
            }
        }
    }

    package func obstacle(at now: ContinuousClock.Instant) -> Obstacle? {
        if state.isSchemaNewer.load(ordering: .relaxed) { return .newerSchema }
        return state.hasBeat(within: .seconds(2), at: now) ? nil : .unreachable
    }

    /// There is none: a failed transaction is undone by the server.
    package var failingWork: [BackgroundWork: BackgroundWork.Failure] { [:] }

    package var lossCount: Int { state.lossCount.load(ordering: .relaxed) }

    /// Whether the server has proven lately that it can commit.
    var canCommit: Bool { state.hasBeat(within: Self.validity, at: .now) }

    /// Waits until the server has proven lately that it can commit.
    /// - Throws: ``PostgresError/lost(_:)`` at the end of the time.
    func requireBeat(until end: ContinuousClock.Instant) async throws {
        while !canCommit, !state.isClosed.load(ordering: .acquiring) {
            guard .now < end else { throw Self.cannotCommit }
            try await Self.sleep(.milliseconds(20))
        }
    }

    // MARK: Time

    /// The clock of the server.
    package var clock: Clock {
        let (machine, state) = (machineClock, state)
        return Clock(
            now: { Timestamp(milliseconds: machine.now().milliseconds + state.difference) }, uptime: machine.uptime)
    }

    package var clockDifference: Int64 { state.difference }

    /// - Parameter machineTime: of the same moment.
    func keep(serverTime: Int64, at machineTime: Timestamp) {
        state.clockDifference.store(serverTime - machineTime.milliseconds, ordering: .relaxed)
    }

    /// In milliseconds since 1970.
    static let serverTime = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

    // MARK: Beats

    private func beats() async -> Bool {
        do {
            try await beat()
            return true
        } catch {
            // Whatever else is connected to that server has to look for another one, too.
            if (error as? PostgresError)?.classification != .onSameConnection { hosts.leave() }
            return false
        }
    }

    func beat() async throws {
        let (daemon, owners, machineClock) = (state.daemon, changes.watchedOwners, machineClock)
        let known = state.beats.withLock { $0.acknowledged }
        let beat = try await pulse.run { connection in
            // Opening the connection may have taken long.
            let start = ContinuousClock.now
            connection.limit = start + Self.deadline
            var beat = Beat(host: connection.host, start: start, machineTime: machineClock.now())
            try connection.pipeline([
                Request(.begin), Request(Self.selectLibrary),
                Request(Self.countBeat, [.text(daemon), .integer(known)]), Self.watching(owners), Request(.commit),
            ]) { index, row in
                switch index {
                case 1:
                    (beat.schema, beat.time, beat.epoch) = (try row.integer(0), try row.integer(1), try row.text(2))
                case 2: beat.number = try row.integer(0)
                default: beat.states[try row.integer(0)] = try WatchedState(row)
                }
            }
            return beat
        }
        try await judge(beat)
        hosts.found(beat.host)
        keep(serverTime: beat.time, at: beat.machineTime)
        state.isSchemaNewer.store(beat.schema > Schema.migrations.count, ordering: .relaxed)
        state.lastBeat.withLock { $0 = beat.start }
        wake(owners, beat.states)
    }

    /// Begins another epoch of events if the database has fewer beats than were acknowledged: then it lacks what was
    /// acknowledged after them, too, and clients have seen what is gone.
    private func judge(_ beat: Beat) async throws {
        let (isLost, spoiled) = state.beats.withLock { beats in
            let isLost = beat.number <= beats.acknowledged
            if isLost { beats.spoiledEpochs.insert(beats.epoch) }
            (beats.acknowledged, beats.epoch) = (beat.number, beat.epoch)
            return (isLost, beats.spoiledEpochs)
        }
        if isLost { state.lossCount.wrappingAdd(1, ordering: .relaxed) }
        guard spoiled.contains(beat.epoch) else { return }
        // Unless another daemon has done so.
        try await pulse.run { connection in
            connection.limit = .now + Self.deadline
            try connection.transaction {
                _ = try connection.run(
                    "UPDATE library SET epoch = $1 WHERE epoch = $2", [.text(Self.newEpoch()), .text(beat.epoch)])
            }
        }
    }

    /// Counts a beat, unless the database has fewer than were acknowledged: that must not be hidden by one that is
    /// committed and not answered.
    static let countBeat = Statement(
        """
        WITH ended AS (DELETE FROM daemon WHERE beat_at < \(serverTime) - \(keepingTime * 1000) AND id <> $1)
        INSERT INTO daemon (id, beat, beat_at) VALUES ($1, CASE WHEN $2::bigint > 0 THEN 0 ELSE 1 END, \(serverTime))
        ON CONFLICT (id) DO UPDATE SET beat = daemon.beat + CASE WHEN daemon.beat >= $2::bigint THEN 1 ELSE 0 END,
            beat_at = excluded.beat_at
        RETURNING beat
        """)
    private static let selectLibrary = Statement("SELECT schema, \(serverTime), epoch FROM library")
}

/// What a daemon learns with a beat.
private struct Beat: Sendable {
    let host: DatabaseURL.Host
    /// When it was sent: both clocks of this machine.
    let start: ContinuousClock.Instant
    let machineTime: Timestamp
    /// How many beats of the daemon the database has.
    var number: Int64 = 0
    var schema: Int64 = 0
    /// As ``PostgresStore/serverTime``.
    var time: Int64 = 0
    /// The epoch of the events.
    var epoch = ""
    var states: [Int64: WatchedState] = [:]

    init(host: DatabaseURL.Host, start: ContinuousClock.Instant, machineTime: Timestamp) {
        (self.host, self.start, self.machineTime) = (host, start, machineTime)
    }
}
