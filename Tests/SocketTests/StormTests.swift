import Foundation
import LibraryServer
import NIOCore
import Shared
import TestSupport
import Testing

/// Many connections, and clients that read or send nothing, or a little.
@Suite(.serialized) struct StormTests {
    private static let live = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"

    private static let beginnings = [
        "", live, "GET /li", "\0\0\r\n\r\n", "POST /register HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
    ]

    private static func login(_ library: TestLibrary) async throws -> String {
        let json = [("Content-Type", "application/json")]
        let account = Array(#"{"name":"ada","password":"correct horse"}"#.utf8)
        _ = try await library.send("POST", "/register", headers: json, body: account)
        let basic = "Basic " + Data("ada:correct horse".utf8).base64EncodedString()
        let reply = try await library.send("POST", "/login", headers: [("Authorization", basic)])
        return try Login(json: reply.body, unknownMembers: .ignored).token
    }

    /// A client that has sent something and got the reply to its first request.
    private static func answered(_ server: TestServer, _ text: String) async throws -> RawClient {
        let client = try RawClient(port: server.port)
        client.send(text)
        #expect(await client.receive(until: "}").hasPrefix("HTTP/1.1 200 OK\r\n"))
        return client
    }

    /// The request of a page of 100 authors: some 20 kB.
    private static func page(_ library: TestLibrary) async throws -> String {
        let token = try await login(library)
        let lines = (0..<100).map { #"{"name":"N\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n")
        let file = [("Authorization", "Bearer " + token), ("Content-Type", "application/x-ndjson")]
        #expect(try await library.send("POST", "/authors", headers: file, body: Array(lines.utf8)).status == 200)
        return "GET /authors HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n\r\n"
    }

    /// A client may close its half once it has asked, and take its time to read.
    @Test func aHalfClosedConnectionGetsAllReplies() async throws {
        var limits = ConnectionLimits()
        (limits.lingering, limits.look) = (.milliseconds(50), .milliseconds(10))
        let library = try await TestLibrary()
        let server = try await TestServer(library, limits)
        let request = try await Self.page(library)
        let client = try RawClient(port: server.port, receiveBuffer: 4096)
        client.send(String(repeating: request, count: 400))
        client.endSending()
        try await Task.sleep(for: .milliseconds(300))
        let answer = await client.receiveAll()
        #expect(answer.components(separatedBy: "HTTP/1.1 200 OK\r\n").count == 401)
        #expect(answer.hasSuffix("}"))
    }

    /// A client that reads 400 kB a second is not one that reads nothing, however much the sockets hold.
    @Test func aSlowClientGetsAllReplies() async throws {
        var limits = ConnectionLimits()
        (limits.reply, limits.look) = (.seconds(2), .milliseconds(20))
        let library = try await TestLibrary()
        let server = try await TestServer(library, limits)
        let request = try await Self.page(library)
        let client = try RawClient(port: server.port, receiveBuffer: 4096)
        client.send(String(repeating: request, count: 250))
        client.endSending()
        let answer = await client.receiveAll(microsecondsBetween: 10_000)
        #expect(answer.components(separatedBy: "HTTP/1.1 200 OK\r\n").count == 251)
    }

    @Test func idleClientsKeepNobodyOut() async throws {
        var limits = ConnectionLimits()
        // A busy machine may need longer than a client may be idle.
        (limits.connections, limits.idle) = (20, .hours(1))
        let server = try await TestServer(try await TestLibrary(), limits)
        var clients: [RawClient] = []
        for _ in 0..<30 {
            clients.append(try await Self.answered(server, Self.live))
        }
        // Those that had been idle for the longest were closed.
        for client in clients.prefix(10) { #expect(await client.receive().isEmpty) }
        clients[29].send(Self.live)
        let answer = await clients[29].receive(until: "}")
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"), "\(answer)")
    }

    /// A client that does not close its idle connection is not waited for as one that is still sending.
    @Test func aStopDoesNotWaitForIdleClients() async throws {
        var limits = ConnectionLimits()
        (limits.idle, limits.lingering, limits.look) = (.hours(1), .hours(1), .milliseconds(10))
        let server = try await TestServer(try await TestLibrary(), limits)
        let client = try await Self.answered(server, Self.live)
        server.stop()
        #expect(await client.receive().isEmpty)
        // Only now is the connection closed: a reset answers what is sent.
        try await wait(until: "the end of the connection") { client.send("x") < 0 }
    }

    @Test func aFullHouseSaysSo() async throws {
        var limits = ConnectionLimits()
        (limits.connections, limits.head) = (3, .hours(1))
        let server = try await TestServer(try await TestLibrary(), limits)
        var busy: [RawClient] = []
        for _ in 0..<3 {
            busy.append(try await Self.answered(server, Self.live + "GET /livez HT"))
        }
        let newcomer = try RawClient(port: server.port)
        let answer = await newcomer.receiveAll()
        #expect(answer.hasPrefix("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"))
        #expect(answer.contains("\r\nConnection: close\r\n") && answer.contains(#""code":"busy""#))
        busy[0].send("TP/1.1\r\nHost: x\r\n\r\n")
        #expect(await busy[0].receive(until: "}").hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(try RawClient(port: server.port).send(Self.live) > 0)
    }

    /// A client that does not read is sent no more than the sockets hold, and is gone soon; so is one that reads a
    /// little.
    @Test(arguments: [0, 16])
    func aClientMustRead(bytesAtOnce: Int) async throws {
        var limits = ConnectionLimits()
        (limits.reply, limits.look) = (.milliseconds(200), .milliseconds(20))
        limits.slowestBody = 1 << 20
        let library = try await TestLibrary()
        let server = try await TestServer(library, limits)
        let request = try await Self.page(library)
        let client = try RawClient(port: server.port, receiveBuffer: 4096)
        client.send(String(repeating: request, count: 1000))
        let isClosed = Task { await client.waitForClose() }
        while bytesAtOnce > 0, await client.receive(atMost: bytesAtOnce).count > 0 {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(await isClosed.value)
    }

    @Test func aStormLeavesNothingBehind() async throws {
        let daemon = try await Daemon(arguments: ["--log-level", "critical"])
        _ = try daemon.send(raw: Array(Self.live.utf8))
        func storm() async throws {
            for number in 0..<80 {
                let clients = try (0..<25).map { _ in try RawClient(port: daemon.port) }
                for (index, client) in clients.enumerated() { client.send(Self.beginnings[(index + number) % 5]) }
            }
            let pipeline = try RawClient(port: daemon.port)
            let reader = Task.detached {
                await pipeline.receiveAll().components(separatedBy: "HTTP/1.1 200 OK").count - 1
            }
            for _ in 0..<100 { pipeline.send(String(repeating: Self.live, count: 100)) }
            pipeline.endSending()
            #expect(await reader.value == 10_000)
            let silent = try (0..<100).map { _ in try RawClient(port: daemon.port, receiveBuffer: 4096) }
            for client in silent { client.send(String(repeating: Self.live, count: 2000), waits: false) }
        }
        try await storm()
        let (openBefore, residentBefore) = (try daemon.descriptors, try daemon.resident)
        for _ in 0..<3 { try await storm() }
        var open = try daemon.descriptors
        for _ in 0..<200 where open > openBefore {
            try await Task.sleep(for: .milliseconds(50))
            open = try daemon.descriptors
        }
        #expect(open <= openBefore)
        let resident = try daemon.resident
        #expect(resident < residentBefore + 16 << 20, "\(residentBefore) \(resident)")
        let client = try RawClient(port: daemon.port)
        client.send(Self.live)
        #expect(await client.receive(until: "}").hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(try await daemon.end(SIGTERM) == 0)
    }
}
