import Foundation
package import LibraryServer
import NIOCore

/// The daemon's server on a free port of this machine, in this process, with limits that a test chooses.
package final class TestServer: Sendable {
    package let port: UInt16
    private let connections: Connections
    private let running: Task<Void, any Error>

    package init(_ library: TestLibrary, _ limits: ConnectionLimits) async throws {
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let server = library.app.server(on: [.tcp(host: "127.0.0.1", port: 0)], limits: limits) { _, address in
            continuation.yield(address?.port ?? 0)
        }
        connections = server.connections
        running = Task { try await server.run() }
        var iterator = ports.makeAsyncIterator()
        port = UInt16(try require(await iterator.next()))
    }

    /// Stops the connections as the daemon does when it is told to stop.
    package func stop() { connections.stop() }

    deinit {
        running.cancel()
    }
}
