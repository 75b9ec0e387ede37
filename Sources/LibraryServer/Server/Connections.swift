import NIOCore
import Synchronization

/// The open connections of all listeners, and how many there may be.
package final class Connections: Sendable {
    /// What becomes of a new connection.
    enum Admission {
        case admitted
        /// There is room once this connection, the one that has been idle for the longest, is closed.
        case insteadOf(Connection)
        case refused
    }

    private struct State {
        var open: [ObjectIdentifier: Connection] = [:]
        var addresses: [String: Int] = [:]
        var waiting: CheckedContinuation<Void, Never>?
        var isStopping = false
    }

    private let limits: ConnectionLimits
    private let state = Mutex(State())

    init(_ limits: ConnectionLimits) {
        self.limits = limits
    }

    /// - Parameter address: of the client; `nil` if it is exempt from the limit of one address.
    func admit(_ connection: Connection, from address: String?) -> Admission {
        state.withLock { state in
            if let address, state.addresses[address, default: 0] >= limits.connectionsOfAddress { return .refused }
            var admission = Admission.admitted
            if state.open.count >= limits.connections {
                let idle = state.open.values.compactMap { open in open.idleSince.map { (open, $0) } }
                guard let longest = idle.min(by: { $0.1 < $1.1 })?.0 else { return .refused }
                // Its place is taken at once, so that no two new connections get the same place.
                Self.remove(longest, &state)
                admission = .insteadOf(longest)
            }
            connection.countedAddress = address
            state.open[ObjectIdentifier(connection)] = connection
            if let address { state.addresses[address, default: 0] += 1 }
            if state.isStopping { connection.loop.execute { connection.stop() } }
            return admission
        }
    }

    /// Counts a connection again that could not be closed for another: there is one too many for now.
    func restore(_ connection: Connection) {
        state.withLock { state in
            guard state.open.updateValue(connection, forKey: ObjectIdentifier(connection)) == nil else { return }
            if let address = connection.countedAddress { state.addresses[address, default: 0] += 1 }
            if state.isStopping { connection.loop.execute { connection.stop() } }
        }
    }

    func remove(_ connection: Connection) {
        let waiting = state.withLock { state in
            Self.remove(connection, &state)
            guard state.open.isEmpty else { return nil as CheckedContinuation<Void, Never>? }
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }

    private static func remove(_ connection: Connection, _ state: inout State) {
        guard state.open.removeValue(forKey: ObjectIdentifier(connection)) != nil,
            let address = connection.countedAddress, let count = state.addresses[address]
        else { return }
        state.addresses[address] = count > 1 ? count - 1 : nil
    }

    var count: Int { state.withLock { $0.open.count } }

    private var all: [Connection] { state.withLock { Array($0.open.values) } }

    /// Closes all connections, those that are still to come too, once they have answered what they have begun with.
    package func stop() {
        state.withLock { $0.isStopping = true }
        for connection in all { connection.loop.execute { connection.stop() } }
    }

    /// Closes all connections at once.
    func abort() {
        for connection in all { connection.loop.execute { connection.abort() } }
    }

    /// Returns once all connections are closed. Called by one task.
    func wait() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if !state.open.isEmpty { state.waiting = continuation }
                return state.open.isEmpty
            }
            if isEmpty { continuation.resume() }
        }
    }
}
