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
    /// The rows of daemons that have ended are kept for a day.
    private static let keepingTime: Int64 = 86400

    package func begin() async throws {
        do {
            try await beat()
        } catch let error as PostgresError {
            throw StoreError(error)
        }
        let (store, state) = (self, state)
        state.isBeating.store(true, ordering: .releasing)
        Task.detached {
            var isFailing = false
            while !state.isClosed.load(ordering: .acquiring) {
                try? await Task.sleep(for: isFailing ? Self.shortPause : Self.pause)
                isFailing = await !store.beats()
            }
        }
    }

    package func obstacle(at now: ContinuousClock.Instant) -> Obstacle? {
        if state.isSchemaNewer.load(ordering: .relaxed) { return .newerSchema }
        return state.hasBeat(within: .seconds(2), at: now) ? nil : .unreachable
    }

    package var lossCount: Int { state.lossCount.load(ordering: .relaxed) }

    /// Waits until the server has proven lately that it can commit.
    /// - Throws: ``PostgresError/lost(_:)`` at the end of the time.
    func requireBeat(until end: ContinuousClock.Instant) async throws {
        while !state.hasBeat(within: .seconds(1), at: .now), !state.isClosed.load(ordering: .acquiring) {
            guard .now < end else { throw PostgresError.lost("the database server cannot commit at present") }
            try await Task.sleep(for: .milliseconds(20))
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

    func keep(serverTime: Int64) {
        state.clockDifference.store(serverTime - machineClock.now().milliseconds, ordering: .relaxed)
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

    private func beat() async throws {
        let start = ContinuousClock.now
        let (daemon, owners) = (state.daemon, changes.watchedOwners)
        let beat = try await pulse.run(until: start + Self.deadline) { connection in
            var (beat, states) = (Beat(host: connection.host), [Int64: WatchedState]())
            try connection.pipeline([
                Request(.begin), Request(Self.countBeat, [.text(daemon)]), Request(Self.selectLibrary),
                Self.watching(owners), Request(.commit),
            ]) { index, row in
                switch index {
                case 1: beat.number = try row.integer(0)
                case 2:
                    (beat.schema, beat.time, beat.epoch) = (try row.integer(0), try row.integer(1), try row.text(2))
                default: states[try row.integer(0)] = try WatchedState(row)
                }
            }
            beat.states = states
            return beat
        }
        hosts.found(beat.host)
        keep(serverTime: beat.time)
        state.isSchemaNewer.store(beat.schema > Schema.migrations.count, ordering: .relaxed)
        try await judge(beat)
        state.lastBeat.withLock { $0 = start }
        wake(owners, beat.states)
    }

    /// Begins another epoch of events if the database has fewer beats than were acknowledged: then it lacks what was
    /// acknowledged after them, too, and clients have seen what is gone.
    private func judge(_ beat: Beat) async throws {
        let (isLost, spoiled) = state.beats.withLock { beats in
            let isLost = beat.number <= beats.acknowledged
            if isLost { beats.spoiledEpoch = beats.epoch }
            (beats.acknowledged, beats.epoch) = (beat.number, beat.epoch)
            return (isLost, beats.spoiledEpoch)
        }
        if isLost { state.lossCount.wrappingAdd(1, ordering: .relaxed) }
        guard let spoiled else { return }
        // Unless another daemon has done so.
        try await pulse.run(until: .now + Self.deadline) { connection in
            try connection.transaction {
                _ = try connection.run(
                    "UPDATE library SET epoch = $1 WHERE epoch = $2", [.text(Self.newEpoch()), .text(spoiled)])
            }
        }
        state.beats.withLock { $0.spoiledEpoch = nil }
    }

    private static let countBeat = Statement(
        """
        WITH ended AS (DELETE FROM daemon WHERE beat_at < \(serverTime) - \(keepingTime * 1000) AND id <> $1)
        INSERT INTO daemon (id, beat, beat_at) VALUES ($1, 1, \(serverTime))
        ON CONFLICT (id) DO UPDATE SET beat = daemon.beat + 1, beat_at = excluded.beat_at RETURNING beat
        """)
    private static let selectLibrary = Statement("SELECT schema, \(serverTime), epoch FROM library")
}

/// What a daemon learns with a beat.
private struct Beat: Sendable {
    let host: DatabaseURL.Host
    /// How many beats of the daemon the database has.
    var number: Int64 = 0
    var schema: Int64 = 0
    /// As ``PostgresStore/serverTime``.
    var time: Int64 = 0
    /// Of the events.
    var epoch = ""
    var states: [Int64: WatchedState] = [:]

    init(host: DatabaseURL.Host) { self.host = host }
}
