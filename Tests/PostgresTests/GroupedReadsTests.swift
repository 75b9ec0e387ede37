import Dispatch
import Synchronization
import TestSupport
import Testing

@testable import LibraryPostgres

struct GroupedReadsTests {
    private final class Reads: Sendable {
        /// The keys of each statement.
        let all = Mutex<[[Int]]>([])
    }

    /// The square of each key that is not negative. A key of 99 cannot be read.
    private func squares(
        on connections: Connections, _ reads: Reads = Reads()
    ) -> GroupedReads<Int, Int> {
        GroupedReads(on: connections) { connection, keys in
            reads.all.withLock { $0.append(keys) }
            if keys.contains(99) { try connection.run("SELECT 1 / 0") }
            return Dictionary(uniqueKeysWithValues: keys.filter { $0 >= 0 }.map { ($0, $0 * $0) })
        }
    }

    private func connections() async throws -> Connections {
        try Connections(Hosts(DatabaseURL(await PostgresServer.shared.value.url()).hosts), count: 1)
    }

    /// Holds the only connection while `body` runs.
    private func holding(_ connections: Connections, _ body: () async throws -> Void) async throws {
        let begun = Mutex(false)
        let goOn = DispatchSemaphore(value: 0)
        async let held: Void = connections.run { _ in
            begun.withLock { $0 = true }
            goOn.wait()
        }
        try await wait(until: "the connection is in use") { begun.withLock { $0 } }
        do {
            defer { goOn.signal() }
            try await body()
        }
        try await held
    }

    @Test func thoseWhoWaitAreReadTogether() async throws {
        let connections = try await connections()
        defer { connections.close() }
        let reads = Reads()
        let squares = squares(on: connections, reads)
        try await withThrowingTaskGroup(of: (Int, Int?).self) { group in
            try await holding(connections) {
                for number in 0..<150 {
                    group.addTask {
                        (number, try await squares.value(of: number % 60 - 10, until: .now + .seconds(60)))
                    }
                }
                // Groups of 64, 64 and 22.
                try await wait(until: "three groups wait") {
                    connections.waitingCount == 3 && squares.waitingCount == 22
                }
            }
            for try await (number, square) in group {
                let key = number % 60 - 10
                #expect(square == (key < 0 ? nil : key * key))
            }
        }
        let read = reads.all.withLock { $0 }
        #expect(read.count == 3, "\(read)")
        #expect(read.allSatisfy { Set($0).count == $0.count }, "each key is read once")
    }

    @Test func anErrorIsThatOfAllWhoWait() async throws {
        let connections = try await connections()
        defer { connections.close() }
        let squares = squares(on: connections)
        try await withThrowingTaskGroup(of: String?.self) { group in
            try await holding(connections) {
                for key in [98, 99, 98] {
                    group.addTask {
                        do {
                            _ = try await squares.value(of: key, until: .now + .seconds(60))
                            return nil
                        } catch let error as PostgresError {
                            return error.sqlState
                        }
                    }
                }
                try await wait(until: "all wait") { squares.waitingCount == 3 }
            }
            for try await state in group { #expect(state == "22012") }
        }
        #expect(try await squares.value(of: 3, until: .now + .seconds(60)) == 9)
    }

    @Test func nobodyWaitsForClosedConnections() async throws {
        let connections = try await connections()
        let squares = squares(on: connections)
        connections.close()
        await #expect(throws: PostgresError.closed) { try await squares.value(of: 1, until: .now + .seconds(60)) }
        await #expect(throws: PostgresError.closed) { try await squares.value(of: 1, until: .now + .seconds(60)) }
    }
}
