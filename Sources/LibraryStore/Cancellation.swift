import Shared
import Synchronization

/// Whether nobody waits any more for work that keeps a thread busy: that work cannot ask its task.
package final class Cancellation: Sendable {
    private let wasRequested = Atomic(false)

    /// Calls `body`, and cancels its work when the task is cancelled.
    package static func following<Value>(_ body: (Cancellation) async throws -> Value) async rethrows -> Value {
        let cancellation = Cancellation()
        return try await withTaskCancellationHandler {
            try await body(cancellation)
        } onCancel: {
            cancellation.request()
        }
    }

    package func request() { wasRequested.store(true, ordering: .relaxed) }

    package var isRequested: Bool { wasRequested.load(ordering: .relaxed) }

    /// - Throws: ``CommandError`` `temporaryFailure`.
    package func check() throws {
        guard !isRequested else {
            throw CommandError(.temporaryFailure, "the daemon is stopping, so the work was given up", hint: "try again")
        }
    }
}
