import Synchronization

/// The servers of a database in the order in which they are tried: the one that worked last comes first, the one that
/// failed last comes last.
package final class Hosts: Sendable {
    private let order: Mutex<[DatabaseURL.Host]>
    /// Why the last attempt failed at all hosts, for those who would try the same just after it.
    private let failures = Mutex<[Role: (error: any Error, until: ContinuousClock.Instant)]>([:])
    private static let pause = Duration.milliseconds(200)
    /// The server on which the last beat was committed.
    private let primary = Mutex<DatabaseURL.Host?>(nil)
    private let counter = Atomic(0)
    private let moves = Atomic(0)

    package init(_ hosts: [DatabaseURL.Host]) { order = Mutex(hosts) }

    /// Another number once connections that were opened before are to be closed.
    var generation: Int { counter.load(ordering: .acquiring) }

    /// How often another server has become the one that takes writes.
    var moveCount: Int { moves.load(ordering: .acquiring) }

    /// The server has taken a write.
    func found(_ host: DatabaseURL.Host) {
        let (isAnother, isFirst) = primary.withLock { primary in
            defer { primary = host }
            return (primary != host, primary == nil)
        }
        guard isAnother else { return }
        worked(host)
        if !isFirst { moves.wrappingAdd(1, ordering: .releasing) }
        counter.wrappingAdd(1, ordering: .releasing)
    }

    /// Closes all connections before their next use, if there is another server to look for.
    func leave() {
        if inOrder.count > 1 { counter.wrappingAdd(1, ordering: .releasing) }
    }

    var inOrder: [DatabaseURL.Host] { order.withLock { $0 } }

    func failed(_ host: DatabaseURL.Host) {
        order.withLock { order in
            order.removeAll { $0 == host }
            order.append(host)
        }
    }

    /// Which servers a connection is made to.
    package enum Role: Sendable {
        /// Any that takes it: it looks for the primary.
        case finds
        /// The one on which the last beat was committed, once there was one.
        case follows
    }

    /// Tries one host after the other.
    /// - Returns: what `open` returns, and for which host.
    /// - Throws: if all fail, an error after which another attempt is worthwhile; if there is none, the first.
    func firstUsable<Value>(
        _ role: Role, _ open: (DatabaseURL.Host) throws -> Value
    ) throws -> (Value, DatabaseURL.Host) {
        if let failure = failures.withLock({ $0[role] }), failure.until > .now { throw failure.error }
        var errors: [any Error] = []
        let primary = role == .follows ? primary.withLock { $0 } : nil
        for host in primary.map({ [$0] }) ?? inOrder {
            do {
                let value = try open(host)
                worked(host)
                return (value, host)
            } catch {
                errors.append(error)
                failed(host)
            }
        }
        let error =
            errors.first { ($0 as? PostgresError)?.classification == .onAnotherConnection } ?? errors.first
            ?? PostgresError.closed
        failures.withLock { $0[role] = (error, .now + Self.pause) }
        throw error
    }

    private func worked(_ host: DatabaseURL.Host) {
        order.withLock { order in
            order.removeAll { $0 == host }
            order.insert(host, at: 0)
        }
    }
}
