import Dispatch
import Foundation
import Synchronization

/// Threads of the store: work that waits for the disk must not hold a thread that serves requests.
final class Workers: Sendable {
    private let jobs = Mutex(JobQueue<@Sendable () -> Void>())
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
        jobs.withLock { $0.append(job) }
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
        return jobs.withLock { $0.popFirst() }
    }
}
