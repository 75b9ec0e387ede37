import LibraryStore

/// Connections that each have a thread of their own. They are opened when they are first needed.
///
/// One that fails is closed, and opened again at its next use, on whichever host lets it.
package final class Connections: Sendable {
    private let threads: Workers<Place>

    /// - Parameter settings: of each connection, besides those of all.
    package init(
        _ hosts: Hosts, count: Int, _ role: Hosts.Role = .follows, settings: [(String, String)] = []
    ) {
        threads = Workers(count: count, longestQueue: Self.longestQueue) {
            Place(hosts, role, settings)
        } end: {
            $0.close()
        }
    }

    /// Runs `body` with a connection that nobody else uses meanwhile. A transaction that it leaves is rolled back.
    /// - Parameter limit: the time after which the caller waits no longer.
    /// - Throws: what `body` throws; ``PostgresError`` if no host can be connected to, or after ``close()``. Nothing is
    ///   tried again here.
    package func run<Value: Sendable>(
        until limit: ContinuousClock.Instant? = nil, _ body: @escaping @Sendable (Connection) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let end = limit ?? .now + Self.patience
            let refusal = threads.submit { place in
                continuation.resume(
                    with: Result {
                        // The client has given up by now.
                        guard .now < end else { throw PostgresError.overloaded }
                        return try place.use(until: limit, body)
                    })
            }
            switch refusal {
            case .closed: continuation.resume(throwing: PostgresError.closed)
            case .full: continuation.resume(throwing: PostgresError.overloaded)
            case nil: break
            }
        }
    }

    /// How many wait for a connection.
    package var waitingCount: Int { threads.waitingCount }

    /// Ends the threads and the connections once all jobs are done.
    package func close() { threads.close() }

    /// How long a job may wait for a connection.
    static let patience = Duration.seconds(8)
    /// How many jobs may wait.
    private static let longestQueue = 1024
}

/// The connection of one thread.
private final class Place {
    private let hosts: Hosts
    private let role: Hosts.Role
    private let settings: [(String, String)]
    private var current: (connection: Connection, generation: Int)?

    init(_ hosts: Hosts, _ role: Hosts.Role, _ settings: [(String, String)]) {
        (self.hosts, self.role) = (hosts, role)
        self.settings = settings
    }

    func use<Value>(
        until limit: ContinuousClock.Instant?, _ body: (Connection) throws -> Value
    ) throws -> Value {
        if let current, current.generation != hosts.generation {
            current.connection.close()
            self.current = nil
        }
        let (connection, _) = try current ?? open(until: limit)
        connection.limit = limit
        let result = Result { try body(connection) }
        connection.rollback()
        connection.limit = nil
        if case .failure(let error as PostgresError) = result, error.classification == .onAnotherConnection {
            connection.close()
        }
        if !connection.isOpen {
            current = nil
            hosts.failed(connection.host)
        }
        return try result.get()
    }

    func close() { current?.connection.close() }

    private func open(until limit: ContinuousClock.Instant?) throws -> (Connection, generation: Int) {
        let (generation, moves) = (hosts.generation, hosts.moveCount)
        let (connection, _) = try hosts.firstUsable(role) { host in
            let time = limit.map { min($0 - .now, Connection.openingDeadline) } ?? Connection.openingDeadline
            return try Connection(host, settings: settings, within: time)
        }
        // Once another server takes writes, nobody waits for this one.
        if role == .follows { connection.libpq.isLeft = { [hosts] in hosts.moveCount != moves } }
        current = (connection, generation)
        return (connection, generation)
    }
}
