import Synchronization

/// The servers of a database in the order in which they are tried: the one that worked last comes first, the one that
/// failed last comes last.
final class Hosts: Sendable {
    private let order: Mutex<[DatabaseURL.Host]>
    /// Why the last attempt failed at all hosts, for those who would try the same just after it.
    private let failure = Mutex<(error: any Error, until: ContinuousClock.Instant)?>(nil)
    private static let pause = Duration.milliseconds(500)

    init(_ hosts: [DatabaseURL.Host]) { order = Mutex(hosts) }

    var inOrder: [DatabaseURL.Host] { order.withLock { $0 } }

    func failed(_ host: DatabaseURL.Host) {
        order.withLock { order in
            order.removeAll { $0 == host }
            order.append(host)
        }
    }

    /// Tries one host after the other.
    /// - Returns: what `open` returns, and for which host.
    /// - Throws: if all fail, an error after which another attempt is worthwhile; if there is none, the first.
    func firstUsable<Value>(_ open: (DatabaseURL.Host) throws -> Value) throws -> (Value, DatabaseURL.Host) {
        if let failure = failure.withLock({ $0 }), failure.until > .now { throw failure.error }
        var errors: [any Error] = []
        for host in inOrder {
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
        failure.withLock { $0 = (error, .now + Self.pause) }
        throw error
    }

    private func worked(_ host: DatabaseURL.Host) {
        order.withLock { order in
            order.removeAll { $0 == host }
            order.insert(host, at: 0)
        }
    }
}
