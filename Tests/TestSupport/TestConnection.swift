import Foundation
package import LibraryServer
import NIOCore
import NIOEmbedded

/// A client's connection to a library: all of the daemon's handlers, without a socket and with a clock that a test
/// moves.
public final class TestConnection {
    private let channel: NIOAsyncTestingChannel
    private var received = ""
    /// Method and target of the requests that began with a piece of their own, and have no reply yet.
    private var requests: [(method: String, target: String)] = []

    package convenience init(_ library: TestLibrary, limits: ConnectionLimits = ConnectionLimits()) async throws {
        try await self.init(library.app.server(on: [], limits: limits) { _, _ in })
    }

    /// A connection to a server that has others, from an address.
    package init(_ server: Server, from address: String = "192.0.2.7") async throws {
        channel = NIOAsyncTestingChannel()
        let channel = channel
        let client = try SocketAddress(ipAddress: address, port: 7)
        try await channel.testingEventLoop.executeInContext {
            channel.remoteAddress = client
            try server.accept(channel)
        }
        try await channel.connect(to: client).get()
    }

    /// Whether the daemon has not closed the connection.
    public var isOpen: Bool { channel.isActive }

    public func send(_ text: String) async throws {
        try await send(Array(text.utf8))
    }

    public func send(_ bytes: [UInt8]) async throws {
        guard isOpen else { return }
        note(bytes)
        try await channel.writeInbound(ByteBuffer(bytes: bytes))
    }

    /// Moves the clock of the connection, one second after the other.
    public func pass(seconds: Int) async {
        for _ in 0..<seconds { await channel.testingEventLoop.advanceTime(by: .seconds(1)) }
    }

    /// What the daemon has sent so far and nobody has read.
    public func sent() async throws -> String {
        while let bytes = try await channel.readOutbound(as: ByteBuffer.self) { received += String(buffer: bytes) }
        defer { received = "" }
        return received
    }

    /// One whole reply, which is waited for: head and body. It must be in `/openapi.json`.
    public func reply(toHead isHead: Bool = false) async throws -> TestReply {
        while true {
            if let reply = TestReply(taking: &received, isHead: isHead) {
                if reply.status != 100, !requests.isEmpty {
                    let request = requests.removeFirst()
                    try APIDocument.served.check(request.method, request.target, reply)
                }
                return reply
            }
            received += String(buffer: try await channel.waitForOutboundWrite(as: ByteBuffer.self))
        }
    }

    private func note(_ bytes: [UInt8]) {
        let line = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
        guard let request = line.wholeMatch(of: /([A-Z]+) (\/[^ ]*) HTTP\/1\.[01]/) else { return }
        requests.append((String(request.1), String(request.2)))
    }

    public func close() async throws {
        if isOpen { try await channel.close() }
    }
}
