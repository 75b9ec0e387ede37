import Dispatch
import GRDB
import Glibc
import Synchronization

/// Read-only connections. A read sees the last commit before it and never waits for the writer.
///
/// Short reads and long ones have connections of their own, so that no search keeps a lookup waiting.
final class Readers: Sendable {
    private let short: Connections
    private let long: Connections
    private let path: String
    private let workers = Workers<Void>(count: 2)
    /// Threads that read files of authors.
    let fileWorkers = Workers<Void>(count: 2)
    /// Unfinished changes, and 1 until the start has taken back those of an earlier run.
    private let unfinished = Atomic(1)
    /// Owners whose unfinished changes are taken back in the background.
    let takenBack = Mutex<Set<Int64>>([])

    init(path: String) throws {
        self.path = path
        // As many as there are threads that read: event loops, and the threads of tasks.
        let processors = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        short = try Connections(path: path, count: min(max(4, 2 * processors), 16))
        long = try Connections(path: path, count: 2)
    }

    /// Runs a read that is known to be short on the calling thread: a hop to another costs more than the query.
    func withConnection<Value>(_ body: (ReadConnection) throws -> Value) throws -> Value {
        try short.use(body)
    }

    /// Runs a read that may take long on a thread where it keeps no other request waiting.
    func withConnectionElsewhere<Value: Sendable>(
        _ body: @escaping @Sendable (ReadConnection) throws -> Value
    ) async throws -> Value {
        let long = long
        return try await workers.run {
            try long.use { connection in try connection.limited(to: Self.longestRead) { try body(connection) } }
        }
    }

    /// Whether there may be unfinished changes, which nobody may see. Asked by who has a connection.
    var hidesUnfinished: Bool { unfinished.load(ordering: .acquiring) > 0 }

    /// Returns when no read is at work that began with ``hidesUnfinished`` false.
    func hideUnfinished() async {
        unfinished.add(1, ordering: .sequentiallyConsistent)
        await short.waitForUse()
        await long.waitForUse()
    }

    /// After the change is finished, or was taken back.
    func showUnfinished() { unfinished.subtract(1, ordering: .sequentiallyConsistent) }

    /// As long as a statement reads, the write-ahead log keeps all that is written meanwhile. The longest take a few
    /// seconds among a million authors.
    private static let longestRead = Duration.seconds(30)

    /// A short read with GRDB.
    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try withConnection { try $0.database(body) }
    }

    /// A long read with GRDB.
    func readSlowly<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await withConnectionElsewhere { try $0.database(body) }
    }

    /// A read of the whole database with GRDB, which may take minutes, on a connection that no other read waits for.
    func readAll<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await workers.run { [path] in
            do {
                let connection = try ReadConnection(path: path)
                defer { connection.close() }
                return try connection.database(body)
            } catch {
                throw StoreError.outside(error)
            }
        }
    }

    func close() {
        fileWorkers.close()
        workers.close()
        short.close()
        long.close()
    }
}

/// Connections of which each reader takes one that is free, or waits for one.
private final class Connections: Sendable {
    private let connections: [ReadConnection]
    private let idle: Mutex<[Int]>
    private let free: DispatchSemaphore

    init(path: String, count: Int) throws {
        connections = try (0..<count).map { _ in try ReadConnection(path: path) }
        idle = Mutex(Array(0..<count))
        free = DispatchSemaphore(value: count)
    }

    func use<Value>(_ body: (ReadConnection) throws -> Value) throws -> Value {
        free.wait()
        defer { free.signal() }
        guard let index = idle.withLock({ $0.popLast() }) else { throw StoreError.busy }
        defer { idle.withLock { $0.append(index) } }
        do {
            return try body(connections[index])
        } catch {
            throw StoreError.outside(error)
        }
    }

    /// Returns when each use that has begun has ended.
    func waitForUse() async {
        var busy = Set(connections.indices)
        while true {
            idle.withLock { busy.subtract($0) }
            if busy.isEmpty { return }
            // In a task that is cancelled too: the use of a connection ends.
            _ = try? await Task.detached { try await Task.sleep(for: .milliseconds(1)) }.value
        }
    }

    func close() {
        for connection in connections { connection.close() }
    }
}
