import Foundation
package import LibraryStore
package import Shared
import Synchronization

/// A library in a PostgreSQL database that other daemons may use at the same time.
///
/// Nothing that another daemon can change is kept in memory: who asks, and the state of the owner's library, are read
/// for each request. Locks are always taken in this order: `library`, `event_counter` by ascending owner, `user`, the
/// other tables, the audit (``note(_:_:user:by:_:at:)``). Transactions are read committed: what is looked up behind a
/// lock needs a snapshot from after it.
package struct PostgresStore: Store {
    package let place: String
    /// Reads that an index answers, reads that may take long, writes, and whole files, which keep a connection busy for
    /// seconds.
    let reads: Connections
    let longReads: Connections
    let writes: Connections
    let files: Connections
    /// The connection of the beats, however busy the others are.
    let pulse: Connections
    let turns = OwnerTurns()
    let writer = OwnerWriter()
    /// The servers of the database, in the order in which they are tried.
    let hosts: Hosts
    /// The callers of sessions and API keys, by ``Principal/sessionID``.
    let callers: GroupedReads<String, CallerAccount>
    /// The callers of API keys, by the hash of the key.
    let holders: GroupedReads<[UInt8], CallerAccount>
    package let changes = ChangeCounter()
    package let liveSessions: LiveSessions? = nil
    package let history: HistoryLimit
    package let writerCounts = WriterCounts()
    let folder: String
    /// The clock of this machine.
    let machineClock: Clock
    let state: SharedState
    let doubts = DoubtCounts()

    /// Opens the database, creating and migrating the schema as needed.
    /// - Parameters:
    ///   - folder: the data folder, for files that are too long for memory.
    ///   - creates: whether an empty database becomes a library.
    ///   - secret: the contents of `signing.key`, which all daemons of the database share.
    ///   - clock: of this machine.
    /// - Throws: ``CommandError`` if the server or the database cannot be used; the database is then as it was.
    package init(
        _ url: DatabaseURL, folder: String, secret: [UInt8], history: HistoryLimit = HistoryLimit(),
        creates: Bool = true, clock: Clock = .system
    ) async throws {
        place = url.description
        self.history = history
        self.folder = folder
        machineClock = clock
        state = SharedState(uptime: clock.uptime)
        hosts = Hosts(url.hosts)
        reads = Connections(hosts, count: 4, settings: SessionSettings.ofIndexedReads)
        callers = GroupedReads(on: reads, Self.callers)
        holders = GroupedReads(on: reads, Self.holders)
        longReads = Connections(hosts, count: 2)
        writes = Connections(hosts, count: 4)
        files = Connections(hosts, count: 2)
        pulse = Connections(hosts, count: 1, .finds)
        do {
            try await prepare(secret, creates: creates)
        } catch {
            close()
            throw CommandError(opening: error, place)
        }
    }

    package func close() {
        state.isClosed.store(true, ordering: .releasing)
        for connections in [reads, longReads, writes, files, pulse] { connections.close() }
    }

    package var schema: Int { Schema.migrations.count }
    package func spool() -> SpooledFile { SpooledFile(folder: folder) }
    package func sizeOfLog(beyond limit: Int64) -> Int64? { nil }
    package var writerStandstill: Int? { nil }
}

/// What is known of the database in memory.
final class SharedState: Sendable {
    let trustedTime: TrustedTime
    /// Whether it goes on from the time that the database has.
    let timeGoesOn = Atomic(false)
    let isClosed = Atomic(false)
    /// The libraries that are watched, at the last beat.
    let watched = Mutex<[Int64: WatchedState]>([:])
    /// The API keys whose use is being stored.
    let usedKeys = Mutex<Set<String>>([])

    // MARK: The pulse

    /// The id of this run of the daemon. Random.
    let daemon = Digest.hexadecimal([UInt8].random(count: 16))
    /// Whether there is a pulse.
    let isBeating = Atomic(false)
    /// When the last beat began that was acknowledged.
    let lastBeat = Mutex<ContinuousClock.Instant?>(nil)
    let beats = Mutex(Beats())
    let isSchemaNewer = Atomic(false)
    /// As ``Store/lossCount``.
    let lossCount = Atomic(0)
    /// As ``Store/clockDifference``.
    let clockDifference = Atomic<Int64>(0)

    /// What the last beat told.
    struct Beats {
        /// The number of the beat.
        var acknowledged: Int64 = 0
        var epoch = ""
        /// Epochs of which the database lacks events. They are to end.
        var spoiledEpochs: Set<String> = []
    }

    init(uptime: @escaping @Sendable () -> Int64) { trustedTime = TrustedTime(uptime: uptime) }

    var difference: Int64 { clockDifference.load(ordering: .relaxed) }

    /// Whether the last beat is no older than that, or there is no pulse.
    func hasBeat(within time: Duration, at now: ContinuousClock.Instant) -> Bool {
        guard isBeating.load(ordering: .acquiring) else { return true }
        return lastBeat.withLock { $0 }.map { now - $0 < time } ?? false
    }
}
