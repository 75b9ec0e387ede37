import Dispatch
import Foundation
import LibraryStore
import Synchronization

/// Connections that each have a thread of their own. They are opened when they are first needed.
///
/// One that fails is closed, and opened again at its next use, on whichever host lets it.
package final class Connections: Sendable {
    private struct State {
        var jobs = JobQueue<Job>()
        var isClosed = false
    }

    private typealias Job = @Sendable (Place) -> Void

    private let state = Mutex(State())
    /// One for each job, and for each thread that is to end.
    private let work = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let count: Int

    /// - Parameter settings: of each connection, besides those of all.
    package init(_ url: DatabaseURL, count: Int, settings: [(String, String)] = []) {
        self.count = count
        let hosts = Hosts(url.hosts)
        for _ in 0..<count {
            Thread.detachNewThread { [self] in
                let place = Place(hosts, settings)
                while let job = next() { job(place) }
                place.close()
                ended.signal()
            }
        }
    }

    /// Runs `body` with a connection that nobody else uses meanwhile. A transaction that it leaves is rolled back.
    /// - Throws: what `body` throws; ``PostgresError`` if no host can be connected to, or after ``close()``. Nothing is
    ///   tried again here.
    package func run<Value: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let end = ContinuousClock.now + Self.patience
            let refusal = submit { place in
                continuation.resume(
                    with: Result {
                        // Who asked has given up by now.
                        guard .now < end else { throw PostgresError.overloaded }
                        return try place.use(body)
                    })
            }
            if let refusal { continuation.resume(throwing: refusal) }
        }
    }

    /// How many wait for a connection.
    package var waitingCount: Int { state.withLock { $0.jobs.count } }

    /// Ends the threads and the connections once all jobs are done.
    package func close() {
        let wasClosed = state.withLock { state in
            defer { state.isClosed = true }
            return state.isClosed
        }
        guard !wasClosed else { return }
        for _ in 0..<count { work.signal() }
        for _ in 0..<count { ended.wait() }
    }

    /// How long a job may wait for a connection, and how many may.
    private static let (patience, longestQueue) = (Duration.seconds(8), 1024)

    /// - Returns: why the job will not be run; `nil` if it will.
    private func submit(_ job: @escaping Job) -> PostgresError? {
        let refusal: PostgresError? = state.withLock { state in
            if state.isClosed { return .closed }
            guard state.jobs.count < Self.longestQueue else { return .overloaded }
            state.jobs.append(job)
            return nil
        }
        if refusal == nil { work.signal() }
        return refusal
    }

    private func next() -> Job? {
        work.wait()
        return state.withLock { $0.jobs.popFirst() }
    }
}

/// The connection of one thread.
private final class Place {
    private let hosts: Hosts
    private let settings: [(String, String)]
    private var current: (connection: Connection, host: DatabaseURL.Host)?

    init(_ hosts: Hosts, _ settings: [(String, String)]) {
        self.hosts = hosts
        self.settings = settings
    }

    func use<Value>(_ body: (Connection) throws -> Value) throws -> Value {
        let (connection, host) = try current ?? open()
        let result = Result { try body(connection) }
        connection.rollback()
        if case .failure(let error as PostgresError) = result, error.classification == .onAnotherConnection {
            connection.close()
        }
        if !connection.isOpen {
            current = nil
            hosts.failed(host)
        }
        return try result.get()
    }

    func close() { current?.connection.close() }

    private func open() throws -> (Connection, DatabaseURL.Host) {
        let opened = try hosts.firstUsable { try Connection($0, settings: settings) }
        current = opened
        return opened
    }
}
