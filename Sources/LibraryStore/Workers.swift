import Dispatch
import Foundation
import Synchronization

/// Threads of the store: work that waits for the disk, or for another server, must not hold a thread that serves
/// requests. Each thread has a resource of its own.
package final class Workers<Resource>: Sendable {
    package typealias Job = @Sendable (Resource) -> Void

    /// Why a job is not run.
    package enum Refusal {
        case closed
        /// As many jobs wait as may.
        case full
    }

    private struct State {
        var jobs = JobQueue<Job>()
        var isClosed = false
    }

    private let state = Mutex(State())
    /// One for each job, and for each thread that is to end.
    private let work = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let count: Int
    private let longestQueue: Int

    /// - Parameters:
    ///   - longestQueue: how many jobs may wait.
    ///   - make: makes the resource of a thread, on that thread.
    ///   - end: is called with the resource at the end of the thread.
    package init(
        count: Int, longestQueue: Int = .max, _ make: @escaping @Sendable () -> Resource,
        end: @escaping @Sendable (Resource) -> Void = { _ in }
    ) {
        self.count = count
        self.longestQueue = longestQueue
        for _ in 0..<count {
            Thread.detachNewThread { [self] in
                let resource = make()
                while let job = next() { job(resource) }
                end(resource)
                ended.signal()
            }
        }
    }

    /// Runs `job` on a thread, after those that came before it.
    /// - Returns: why it will not be run; `nil` if it will.
    package func submit(_ job: @escaping Job) -> Refusal? {
        let refusal: Refusal? = state.withLock { state in
            if state.isClosed { return .closed }
            guard state.jobs.count < longestQueue else { return .full }
            state.jobs.append(job)
            return nil
        }
        if refusal == nil { work.signal() }
        return refusal
    }

    /// How many jobs wait.
    package var waitingCount: Int { state.withLock { $0.jobs.count } }

    /// Ends the threads once all jobs are done.
    package func close() {
        let wasClosed = state.withLock { state in
            defer { state.isClosed = true }
            return state.isClosed
        }
        guard !wasClosed else { return }
        for _ in 0..<count { work.signal() }
        for _ in 0..<count { ended.wait() }
    }

    private func next() -> Job? {
        work.wait()
        return state.withLock { $0.jobs.popFirst() }
    }
}

extension Workers<Void> {
    convenience init(count: Int) { self.init(count: count, {}) }

    /// - Throws: what `body` throws; ``StoreError`` `closed` after ``close()``.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let refusal = submit { continuation.resume(with: Result(catching: body)) }
            if refusal != nil { continuation.resume(throwing: StoreError.closed) }
        }
    }
}
