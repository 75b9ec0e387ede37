import GRDB
import NIOPosix
import Synchronization

/// Read-only connections. A read sees the last commit before it and never waits for the writer.
///
/// Short reads and long ones have connections of their own, so that no search keeps a lookup waiting.
final class Readers: Sendable {
    private let short: Connections
    private let long: Connections
    private let pool = NIOThreadPool(numberOfThreads: 2)

    init(path: String) throws {
        short = try Connections(path: path, count: 4)
        long = try Connections(path: path, count: 2)
        pool.start()
    }

    /// Runs a read that is known to be short on the calling thread: a hop to another costs more than the query.
    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try short.use(body)
    }

    /// Runs a read that may take long on a thread where it keeps no other request waiting.
    func readSlowly<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        let long = long
        return try await pool.runIfActive { try long.use(body) }
    }

    func close() {
        try? pool.syncShutdownGracefully()
        short.close()
        long.close()
    }
}

/// Connections of which each reader takes one that is free.
private final class Connections: Sendable {
    private let connections: [DatabaseQueue]
    private let idle: Mutex<[Int]>
    private let turns = Atomic<UInt>(0)

    init(path: String, count: Int) throws {
        connections = try (0..<count).map { _ in try Store.openForReading(path: path) }
        idle = Mutex(Array(0..<count))
    }

    func use<Value>(_ body: (Database) throws -> Value) throws -> Value {
        guard let index = idle.withLock({ $0.popLast() }) else {
            // All are busy: queue behind one of them.
            let turn = turns.wrappingAdd(1, ordering: .relaxed).newValue
            return try connections[Int(turn % UInt(connections.count))].unsafeRead(body)
        }
        defer { idle.withLock { $0.append(index) } }
        return try connections[index].unsafeRead(body)
    }

    func close() {
        for connection in connections { try? connection.close() }
    }
}
