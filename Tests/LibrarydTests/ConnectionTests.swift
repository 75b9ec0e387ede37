import LibraryServer
import Shared
import TestSupport
import Testing

/// ConnectionLimits and order of one connection, on a clock that the test moves.
@Suite(.serialized) struct ConnectionTests {
    private static let live = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    private static let post = "POST /register HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

    private let library: TestLibrary

    init() async throws {
        library = try await TestLibrary()
    }

    @Test func requestsAreAnsweredOneAfterTheOther() async throws {
        let connection = try await TestConnection(library)
        try await connection.send(Self.live + "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n" + Self.live)
        var statuses: [Int] = []
        for _ in 0..<3 { statuses.append(try await connection.reply().status) }
        #expect(statuses == [200, 404, 200])
        #expect(connection.isOpen)
    }

    /// Byte by byte is as good as at once.
    @Test func piecesMakeNoDifference() async throws {
        let connection = try await TestConnection(library)
        let body = #"{"name":"ada","password":"correct horse"}"#
        let request = Self.post + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)" + Self.live
        for byte in request.utf8 { try await connection.send([byte]) }
        #expect(try await connection.reply().status == 201)
        #expect(try await connection.reply().status == 200)
    }

    @Test func aChunkedBodyIsReadToItsEnd() async throws {
        let connection = try await TestConnection(library)
        let body = #"{"name":"ada","password":"correct horse"}"#
        let chunks = body.map { "1\r\n\($0)\r\n" }.joined()
        try await connection.send(Self.post + "Transfer-Encoding: chunked\r\n\r\n\(chunks)0\r\n\r\n" + Self.live)
        #expect(try await connection.reply().status == 201)
        #expect(try await connection.reply().status == 200)
    }

    @Test func anIdleConnectionEndsAfterAMinute() async throws {
        let connection = try await TestConnection(library)
        try await connection.send(Self.live)
        #expect(try await connection.reply().status == 200)
        await connection.pass(seconds: 60)
        #expect(connection.isOpen)
        await connection.pass(seconds: 2)
        #expect(!connection.isOpen)
        #expect(try await connection.sent() == "")
    }

    @Test func aHeadHasTenSeconds() async throws {
        let connection = try await TestConnection(library)
        await connection.pass(seconds: 30)
        for byte in "GET /livez".utf8 {
            try await connection.send([byte])
            await connection.pass(seconds: 1)
        }
        #expect(try await connection.sent() == "")
        await connection.pass(seconds: 2)
        let reply = try await connection.reply()
        #expect(reply.status == 408 && reply.code == "request_timeout" && reply.header("connection") == "close")
        await connection.pass(seconds: 7)
        #expect(!connection.isOpen)
    }

    @Test(arguments: ["Content-Length: 100", "Transfer-Encoding: chunked"])
    func aBodyHasThirtySeconds(framing: String) async throws {
        let connection = try await TestConnection(library)
        try await connection.send(Self.post + framing + "\r\n\r\n")
        // The route asks for the body in its own time.
        await connection.pass(seconds: 1)
        for _ in 0..<200 where try await connection.sent().isEmpty && connection.isOpen {
            await Task.yield()
            try await connection.send(framing.contains("chunked") ? "1\r\n \r\n" : "")
            await connection.pass(seconds: 1)
        }
        await connection.pass(seconds: 7)
        #expect(!connection.isOpen)
    }

    /// A file that announces more than is accepted, in each of its forms.
    @Test(arguments: ["", "?atomic=true", "?dry_run=true"])
    func aFileThatIsTooLargeIsNotAskedFor(query: String) async throws {
        let token = try await library.login("ada").token
        let connection = try await TestConnection(library)
        func head(_ length: Int) -> String {
            "POST /authors\(query) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\nContent-Type: text/csv\r\n"
                + "Content-Length: \(length)\r\nExpect: 100-continue\r\n\r\n"
        }
        try await connection.send(head((64 << 20) + 1))
        let reply = try await connection.reply()
        #expect(reply.status == 413 && reply.header("connection") == "close")
        let other = try await TestConnection(library)
        try await other.send(head(64 << 20))
        #expect(try await other.reply().status == 100)
    }

    /// Who waits to be asked for the body sends none before the daemon knows whether it wants it.
    @Test func theBodyIsAskedFor() async throws {
        let connection = try await TestConnection(library)
        let body = #"{"name":"ada","password":"correct horse"}"#
        try await connection.send(Self.post + "Content-Length: \(body.utf8.count)\r\nExpect: 100-continue\r\n\r\n")
        #expect(try await connection.reply().status == 100)
        try await connection.send(body)
        #expect(try await connection.reply().status == 201)
        #expect(connection.isOpen)
    }

    @Test(arguments: [
        ("POST /authors HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n", 401),
        (post + "Content-Length: 1000000\r\n", 413),
        ("POST /register HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n", 415),
    ])
    func aBodyThatNobodyWantsIsNotAskedFor(head: String, status: Int) async throws {
        let connection = try await TestConnection(library)
        try await connection.send(head + "Expect: 100-continue\r\n\r\n")
        let reply = try await connection.reply()
        #expect(reply.status == status && reply.header("connection") == "close")
        #expect(try await connection.sent() == "")
    }

    @Test(arguments: [
        ("GET /livez HTTP/1.0\r\n\r\n", "close", false),
        ("GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "keep-alive", true),
        ("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "close", false),
        (live, nil, true),
        ("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", "close", false),
    ])
    func aConnectionGoesOnIfBothWantIt(request: String, field: String?, goesOn: Bool) async throws {
        let connection = try await TestConnection(library)
        try await connection.send(request)
        let reply = try await connection.reply()
        #expect(reply.status == 200 && reply.header("connection") == field)
        try await connection.send(Self.live)
        #expect(try await connection.sent().hasPrefix("HTTP/1.1 200 OK\r\n") == goesOn)
    }

    @Test func aHeadHasNoBody() async throws {
        let connection = try await TestConnection(library)
        for (path, status, length) in [("/livez", 200, "15"), ("/authors", 401, "203")] {
            try await connection.send("HEAD \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
            let reply = try await connection.reply(toHead: true)
            #expect(reply.status == status && reply.header("content-length") == length)
            #expect(try await connection.sent() == "")
        }
    }

    /// The length of a list as a file is known at its end only.
    @Test(arguments: ["text/csv", "application/x-ndjson"])
    func aHeadOfAStreamHasNoLength(type: String) async throws {
        let token = try await library.login("ada").token
        let connection = try await TestConnection(library)
        try await connection.send(
            "HEAD /authors HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\nAccept: \(type)\r\n\r\n")
        let reply = try await connection.reply(toHead: true)
        #expect(reply.status == 200 && reply.header("content-type") == type)
        #expect(reply.header("content-length") == nil)
        try await connection.send(Self.live)
        #expect(try await connection.reply().status == 200)
    }

    /// A length may have zeros before it (RFC 9110, section 8.6: `1*DIGIT`).
    @Test func aLengthMayHaveZeros() async throws {
        let connection = try await TestConnection(library)
        try await connection.send(Self.post + "Content-Length: 00000000000000000000002\r\n\r\n{}" + Self.live)
        #expect(try await connection.reply().status == 422)
        #expect(try await connection.reply().status == 200)
    }

    /// Some clients send an empty line after a body.
    @Test func anEmptyLineIsNoRequest() async throws {
        let connection = try await TestConnection(library)
        try await connection.send(Self.live + "\r\n")
        #expect(try await connection.reply().status == 200)
        await connection.pass(seconds: 15)
        #expect(try await connection.sent() == "")
        try await connection.send("\r\n" + Self.live)
        #expect(try await connection.reply().status == 200)
    }

    @Test func aRefusedHeadHasNoBody() async throws {
        let connection = try await TestConnection(library)
        try await connection.send("HEAD /livez HTTP/1.1\r\n\r\n")
        let reply = try await connection.reply(toHead: true)
        #expect(reply.status == 400 && reply.header("content-length") != nil)
        #expect(try await connection.sent() == "")
    }

    @Test func theDaemonsMethodsAreTold() async throws {
        let connection = try await TestConnection(library)
        for (target, allowed) in [
            ("*", "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"), ("/livez", "GET, HEAD, OPTIONS"),
        ] {
            try await connection.send("OPTIONS \(target) HTTP/1.1\r\nHost: x\r\n\r\n")
            let reply = try await connection.reply()
            #expect(reply.status == 204 && reply.header("allow") == allowed && reply.header("content-length") == nil)
        }
    }
}
