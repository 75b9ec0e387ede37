import Glibc
import Hummingbird
import Logging
package import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle
import Shared

/// Accepts connections on all addresses of the daemon, and closes them when the daemon stops.
package struct Server: Service {
    /// Where to listen.
    package enum Address: Sendable {
        case tcp(host: String, port: Int)
        case unix(path: String)
        /// A socket that listens already, as those of systemd (sd_listen_fds(3)).
        case inherited(descriptor: Int32)
    }

    /// An address on which the daemon cannot listen.
    package struct ListenFailure: Error {
        package let address: Address
        /// An `IOError`, or NIO's error for a name that has no address or a path that is too long.
        package let reason: any Error
    }

    /// How many connections may wait until they are accepted.
    private static let backlog: Int32 = 1024

    private let addresses: [Address]
    private let responder: Responder
    private let limits: ConnectionLimits
    private let tls: TLS?
    private let behindProxy: Bool
    package let connections: Connections
    private let metrics: ConnectionMetrics
    private let onListening: @Sendable (Address, SocketAddress?) -> Void
    private let onStop: @Sendable () -> Void

    /// - Parameters:
    ///   - behindProxy: whether the connections are those of one proxy, which no limit of an address is for.
    ///   - onListening: called for each address once connections to all of them are accepted.
    ///   - onStop: called before connections are closed; ends replies that have no end.
    init(
        _ addresses: [Address], _ responder: Responder, limits: ConnectionLimits, tls: TLS?, behindProxy: Bool,
        metrics: ConnectionMetrics,
        onListening: @escaping @Sendable (Address, SocketAddress?) -> Void, onStop: @escaping @Sendable () -> Void
    ) {
        self.addresses = addresses
        self.responder = responder
        self.limits = limits
        self.tls = tls
        self.behindProxy = behindProxy
        self.metrics = metrics
        connections = Connections(limits)
        self.onListening = onListening
        self.onStop = onStop
    }

    package func run() async throws {
        var listeners: [any Channel] = []
        do {
            for address in addresses {
                do {
                    listeners.append(try await listen(on: address))
                } catch {
                    throw ListenFailure(address: address, reason: error)
                }
            }
        } catch {
            for listener in listeners { try? await listener.close() }
            throw error
        }
        for (address, listener) in zip(addresses, listeners) { onListening(address, listener.localAddress) }
        try? await gracefulShutdown()
        await stopAccepting(listeners)
        onStop()
        connections.stop()
        // The service group cancels this task once the time for the requests is over.
        await withTaskCancellationHandler {
            await connections.wait()
        } onCancel: {
            connections.abort()
        }
    }

    /// NIO closes a connection that it has accepted if the listener is closed before the connection has been on its own
    /// event loop and back. So the listener only stops reading at first, and is closed once all have come back.
    private func stopAccepting(_ listeners: [any Channel]) async {
        for listener in listeners { try? await listener.setOption(.autoRead, value: false).get() }
        for _ in 0..<3 {
            for loop in MultiThreadedEventLoopGroup.singleton.makeIterator() { try? await loop.submit {}.get() }
        }
        for listener in listeners { try? await listener.close() }
    }

    /// A listener that waits for a second when descriptors have run out (accept(2), EMFILE).
    private func listen(on address: Address) async throws -> any Channel {
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptBackoffHandler())
                }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try limitUnsent(channel)
                    try accept(channel)
                }
            }
        switch address {
        case .tcp(let host, let port):
            return try await bootstrap.childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .bind(host: host, port: port).get()
        case .unix(let path):
            return try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        case .inherited(let descriptor): return try await bootstrap.withBoundSocket(descriptor).get()
        }
    }

    /// Lets the system hold 64 KiB that it has not sent yet. Without a limit it takes megabytes at once and nothing
    /// more until a third of them is read, so that a slow client seems to read nothing for a minute.
    private func limitUnsent(_ channel: any Channel) throws {
        if case .unixDomainSocket? = channel.localAddress { return }
        // tcp(7), TCP_NOTSENT_LOWAT.
        try channel.syncOptions?.setOption(.tcpOption(.init(rawValue: TCP_NOTSENT_LOWAT)), value: 64 << 10)
    }

    /// The handlers of a connection, in the order in which they see what the client sends.
    package func accept(_ channel: any Channel) throws {
        let connection = Connection(responder, limits, loop: channel.eventLoop)
        let pipeline = channel.pipeline.syncOperations
        let isLocal = if case .unixDomainSocket? = channel.localAddress { true } else { false }
        if let tls, !isLocal { try pipeline.addHandler(tls.handler()) }
        try pipeline.addHandler(connection.makeFlow())
        try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: Self.decoderLimits)))
        try pipeline.addHandler(connection)
        let admission = connections.admit(connection, from: countedAddress(channel))
        metrics.opened()
        channel.closeFuture.whenComplete { [connections, metrics] _ in
            connections.remove(connection)
            metrics.closed()
        }
        switch admission {
        case .admitted: break
        case .insteadOf(let idle):
            metrics.displaced()
            idle.loop.execute { [connections] in if !idle.closeIfIdle() { connections.restore(idle) } }
        case .refused:
            metrics.rejected()
            connection.refuse(onceOpen: Failure.busy)
        }
    }

    private static let decoderLimits = {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = RequestCheck.longestTarget
        limits.maxHeaderListSize = 32 * 1024
        limits.maxHeaderFieldCount = 100
        return limits
    }()

    /// The address that the limit is for; `nil` for this machine and for a proxy, behind which are many clients.
    private func countedAddress(_ channel: any Channel) -> String? {
        guard !behindProxy, let address = channel.remoteAddress, !isLoopback(host: address.ipAddress ?? "localhost")
        else { return nil }
        return ClientAddress.network(address)
    }
}
