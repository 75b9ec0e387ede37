import Dispatch
import GRDB
import Synchronization

@testable import LibraryStore

/// A write that holds up the writer until it is let go.
struct HeldWrite: Sendable {
    private let gate: DispatchSemaphore
    private let write: Task<Void, any Error>

    /// Returns once the writer is at work on it.
    init(_ writer: Writer) async {
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let gate = DispatchSemaphore(value: 0)
        self.gate = gate
        write = Task {
            try await writer.write { _ in
                start.finish()
                gate.wait()
            }
        }
        for await _ in started {}
    }

    func letGo() async throws {
        gate.signal()
        try await write.value
    }
}

/// Blocks each commit while the gate is closed.
final class CommitGate: TransactionObserver, Sendable {
    let arrivals: AsyncStream<Void>
    private let arrived: AsyncStream<Void>.Continuation
    private let mayGoOn = DispatchSemaphore(value: 0)
    let isClosed = Atomic(false)

    init() { (arrivals, arrived) = AsyncStream.makeStream() }

    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseWillCommit() throws {
        guard isClosed.load(ordering: .relaxed) else { return }
        arrived.yield()
        mayGoOn.wait()
    }

    func open() {
        isClosed.store(false, ordering: .relaxed)
        mayGoOn.signal()
    }

    func databaseDidCommit(_ db: Database) {}
    func databaseDidRollback(_ db: Database) {}
}
