import Dispatch
import Foundation
import Synchronization

/// Threads of the store: work that waits for the disk must not hold a thread that serves requests.
final class Workers: Sendable {
    private struct State {
        var jobs: [@Sendable () -> Void] = []
        /// Jobs that have been taken from the beginning of ``jobs``.
        var taken = 0
    }

    private let state = Mutex(State())
    /// One for each job, and for each thread that is to end.
    private let work = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let count: Int

    init(count: Int) {
        self.count = count
        for _ in 0..<count {
            Thread.detachNewThread { [self] in
                while let job = next() { job() }
                ended.signal()
            }
        }
    }

    /// Runs `job` on a thread, after those that came before it.
    func submit(_ job: @escaping @Sendable () -> Void) {
        state.withLock { $0.jobs.append(job) }
        work.signal()
    }

    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            submit { continuation.resume(with: Result(catching: body)) }
        }
    }

    /// Ends the threads once all jobs are done.
    func close() {
        for _ in 0..<count { work.signal() }
        for _ in 0..<count { ended.wait() }
    }

    private func next() -> (@Sendable () -> Void)? {
        work.wait()
        return state.withLock { state in
            guard state.taken < state.jobs.count else { return nil }
            let job = state.jobs[state.taken]
            state.taken += 1
            if state.taken == state.jobs.count {
                state.jobs.removeAll(keepingCapacity: true)
                state.taken = 0
            }
            return job
        }
    }
}
