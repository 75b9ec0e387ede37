import Dispatch
import GRDB
import Synchronization

/// Read-only connections. A read sees the last commit before it and never waits for the writer.
final class Readers: Sendable {
    private let connections: [DatabaseQueue]
    private let idle: Mutex<[Int]>
    private let next = Atomic<Int>(0)
    private let slow = DispatchQueue(label: "libraryd.readers", attributes: .concurrent)

    init(path: String, count: Int = 4) throws {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0")
        }
        connections = try (0..<count).map { _ in try DatabaseQueue(path: path, configuration: configuration) }
        idle = Mutex(Array(0..<count))
    }

    /// Runs a read that is known to be short on the calling thread: a hop to another costs more than the query.
    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        guard let index = idle.withLock({ $0.popLast() }) else {
            // All are busy: queue behind one of them.
            let turn = next.wrappingAdd(1, ordering: .relaxed).newValue
            return try connections[Int(UInt(bitPattern: turn) % UInt(connections.count))].unsafeRead(body)
        }
        defer { idle.withLock { $0.append(index) } }
        return try connections[index].unsafeRead(body)
    }

    /// Runs a read that may take long on a thread where it keeps no other request waiting.
    func readSlowly<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            slow.async {
                continuation.resume(with: Result { try self.read(body) })
            }
        }
    }

    func close() {
        for connection in connections { try? connection.close() }
    }
}
