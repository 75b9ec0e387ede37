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
    /// Looks at the database twice a second, however busy the others are.
    let pulse: Connections
    let turns = OwnerTurns()
    let creations = Creations()
    /// By ``Principal/sessionID``.
    let callers: GroupedReads<String, CallerAccount>
    /// By the hash of an API key.
    let holders: GroupedReads<[UInt8], CallerAccount>
    package let changes = ChangeCounter()
    package let liveSessions: LiveSessions? = nil
    package let history: HistoryLimit
    package let writerCounts = WriterCounts()
    let folder: String
    /// Of this machine.
    let machineClock: Clock
    let state: SharedState

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
        reads = Connections(url, count: 4, settings: SessionSettings.ofIndexedReads)
        callers = GroupedReads(on: reads, Self.callers)
        holders = GroupedReads(on: reads, Self.holders)
        longReads = Connections(url, count: 2)
        writes = Connections(url, count: 4)
        files = Connections(url, count: 2)
        pulse = Connections(url, count: 1)
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

    // MARK: Connections

    /// Runs a read that an index answers.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Connection) throws -> Value) async throws -> Value {
        try await Self.persisting { try await reads.run(body) }
    }

    /// Runs a read that may take long.
    func readSlowly<Value: Sendable>(_ body: @escaping @Sendable (Connection) throws -> Value) async throws -> Value {
        try await Self.persisting { try await longReads.run(body) }
    }

    /// Runs `body` in a transaction, which is durable when this returns.
    /// - Parameter connections: ``writes`` by default; ``files`` for what takes long.
    func write<Value: Sendable>(
        on connections: Connections? = nil, _ body: @escaping @Sendable (Connection) throws -> Value
    ) async throws -> Value {
        try await Self.persisting {
            try await (connections ?? writes).run { connection in try connection.transaction { try body(connection) } }
        }
    }

    /// Runs a transaction that changes an owner's library. Others of the same owner wait for it, on any daemon.
    /// - Parameter connections: ``writes`` by default.
    func write<Value: Sendable>(
        owner: Int64, on connections: Connections? = nil,
        _ body: @escaping @Sendable (LibraryChange) throws -> Value
    ) async throws -> Value {
        defer { changes.advance(owner) }
        return try await turns.take(owner) {
            try await Self.persisting {
                try await (connections ?? writes).run { connection in
                    let start = ContinuousClock.now
                    let change = try LibraryChange(connection, owner: owner)
                    let value = try body(change)
                    try change.commit()
                    writerCounts.committed(change.requests, in: start.duration(to: .now))
                    return value
                }
            }
        }
    }

    /// How long a request tries again what was not done.
    private static let patience = Duration.seconds(8)

    /// Runs `body`, again if nothing was done and another attempt may succeed.
    /// - Throws: ``StoreError`` instead of a ``PostgresError``.
    static func persisting<Value>(_ body: () async throws -> Value) async throws -> Value {
        let end = ContinuousClock.now + patience
        var pause = Duration.milliseconds(2)
        while true {
            do {
                return try await body()
            } catch let error as PostgresError {
                guard [.onAnotherConnection, .onSameConnection].contains(error.classification), .now + pause < end
                else { throw StoreError(error) }
                try await Task.sleep(for: pause)
                pause = min(pause * 2, .milliseconds(200))
            }
        }
    }
}

/// What is known of the database in memory.
final class SharedState: Sendable {
    let trustedTime: TrustedTime
    /// Whether it goes on from the time that the database has.
    let timeGoesOn = Atomic(false)
    let isClosed = Atomic(false)
    let obstacle = Mutex<Obstacle?>(nil)
    /// As ``Store/clockDifference``.
    let clockDifference = Atomic<Int64>(0)
    /// The libraries that are watched, at the last look.
    let watched = Mutex<[Int64: WatchedState]>([:])
    /// The API keys whose use is being stored.
    let usedKeys = Mutex<Set<String>>([])

    var difference: Int64 { clockDifference.load(ordering: .relaxed) }

    init(uptime: @escaping @Sendable () -> Int64) { trustedTime = TrustedTime(uptime: uptime) }
}
