import Dispatch
import GRDB
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport

/// When the daemon counts as alive for a watchdog.
@Suite(.serialized) struct LivenessTests {
    @Test func anEventLoopThatHangsIsFound() async throws {
        let library = try await TestLibrary()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let loops = Array(group.makeIterator())
        let liveness = Liveness(try library.sqlite, loops: loops)
        func answers() async throws { for loop in loops { try await loop.submit {}.get() } }
        #expect(liveness.silentPart() == nil)
        try await answers()
        let goOn = DispatchSemaphore(value: 0)
        loops[1].execute { goOn.wait() }
        #expect(liveness.silentPart() == nil)
        #expect(liveness.silentPart() == "an event loop")
        #expect(liveness.silentPart() == "an event loop")
        goOn.signal()
        try await answers()
        #expect(liveness.silentPart() == nil)
        try await answers()
        #expect(liveness.silentPart() == nil)
        try await group.shutdownGracefully()
    }

    /// A writer that takes no work is stuck; one whose disk does not finish a commit is not.
    @Test func aWriterThatTakesNoWorkIsFound() async throws {
        let library = try await TestLibrary()
        let store = try library.sqlite
        let liveness = Liveness(store, loops: [])
        let goOn = DispatchSemaphore(value: 0)
        _ = store.writer.thread.submit { goOn.wait() }
        async let write: Void = store.writer.write { _ in }
        try await wait(until: "a write that waits") { store.writerStandstill != nil }
        #expect(liveness.silentPart() == nil)
        #expect(liveness.silentPart() == "the writer")
        goOn.signal()
        try await write
        #expect(liveness.silentPart() == nil)

        let gate = CommitGate()
        try await store.writer.write { $0.add(transactionObserver: gate) }
        gate.isClosed.store(true, ordering: .relaxed)
        async let first: Void = store.writer.write { try $0.execute(sql: "UPDATE library SET epoch = epoch") }
        for await _ in gate.arrivals { break }
        async let second: Void = store.writer.write { _ in }
        #expect(liveness.silentPart() == nil)
        #expect(liveness.silentPart() == nil)
        gate.open()
        _ = try await (first, second)
    }
}
