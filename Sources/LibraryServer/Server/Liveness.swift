package import LibraryStore
package import NIOCore
import NIOPosix
import Synchronization

/// Whether the parts that every request needs still answer: the event loops, with a read of the database on each, and
/// the writer.
///
/// A writer that is at work counts as alive, however long a disk or an import takes: a restart would repair neither,
/// and would end the reads, which go on. `GET /readyz` and the log report such a writer.
package final class Liveness: Sendable {
    private struct State {
        /// Indices of the loops that were asked and have not answered yet.
        var asked: Set<Int> = []
        /// ``Store/writerStandstill`` at the last look.
        var standstill: Int?
    }

    private let store: any Store
    private let loops: [any EventLoop]
    private let state = Mutex(State())

    package init(_ store: any Store, loops: [any EventLoop]? = nil) {
        self.store = store
        self.loops = loops ?? Array(MultiThreadedEventLoopGroup.singleton.makeIterator())
    }

    /// Looks whether all parts have answered since the last call, and asks them again. Waits for nothing.
    /// - Returns: the part that has not answered; `nil` if all have.
    package func silentPart() -> String? {
        let standstill = store.writerStandstill
        let (late, isWriterLate) = state.withLock { state in
            defer {
                state.asked.formUnion(loops.indices)
                state.standstill = standstill
            }
            return (state.asked, standstill != nil && standstill == state.standstill)
        }
        for index in loops.indices where !late.contains(index) {
            loops[index].execute { [self] in
                _ = store.obstacle(at: .now)
                state.withLock { _ = $0.asked.remove(index) }
            }
        }
        return !late.isEmpty ? "an event loop" : isWriterLate ? "the writer" : nil
    }
}
