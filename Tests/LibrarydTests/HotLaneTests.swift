import HTTPTypes
import LibraryServer
import NIOHTTP1
import Shared
import Testing

@testable import LibraryServer
@testable import TestSupport

/// Requests that are answered on the event loop, and those that go to the router. All GETs of all tests are sent both
/// ways and compared (``TestLibrary/send(_:_:headers:body:address:meanwhile:)``).
@Suite(.serialized, .onSQLite("the lane answers from memory")) struct HotLaneTests {
    private static let author = #"{"name":"N","book":"B","country":"C","booker_prize":false}"#

    private let library: TestLibrary
    private let token: String
    private let connection = RememberedCaller()

    init() async throws {
        library = try await TestLibrary()
        token = try await library.login("ada").token
        // A token is verified by the router first.
        _ = try await library.send("GET", "/me", headers: [bearer(token)])
    }

    private func isHot(
        _ method: HTTPMethod, _ target: String, _ fields: [(String, String)] = [], hasToken: Bool = true,
        hasBody: Bool = false
    ) -> Bool {
        let fields = [("Host", "x")] + (hasToken ? [("Authorization", "Bearer " + token)] : []) + fields
        let body = hasBody && !fields.contains { $0.0 == "Content-Length" } ? [("Content-Length", "58")] : []
        let lines = (fields + body).map { "\($0): \($1)\r\n" }.joined()
        return Array("\(method) \(target) HTTP/1.1\r\n\(lines)\r\n".utf8).withUnsafeBytes { bytes in
            HotHead(bytes).flatMap { library.app.lane.request($0, &connection.caller) } != nil
        }
    }

    /// What is remembered of one request to the next.
    private final class RememberedCaller {
        var caller: KnownCaller?
    }

    private static let json = [("Content-Type", "application/json"), ("Content-Length", "58")]

    @Test(arguments: [
        "/livez", "/readyz", "/healthz", "/livez?x=y", "/authors", "/authors?limit=5",
        "/authors?sort=name:desc&limit=1",
        "/authors?sort=book", "/authors?sort=created_at", "/authors?sort=updated_at:desc", "/authors?sort=country",
        "/authors?limit=0", "/authors?shelf=3", "/authors/1",
        "/authors/9",
    ])
    func aReadIsHot(target: String) {
        #expect(isHot(.GET, target))
        #expect(isHot(.GET, target, [("Accept", "*/*"), ("If-None-Match", "\"x\"")]))
    }

    @Test(arguments: [
        "/", "/me", "/users", "/sessions", "/authors/", "/authors/x", "/authors/01", "/authors/1?x=y",
        "/authors/events",
        "/authors?q=wolf", "/authors?name=N", "/authors?sort=name:bytes", "//livez", "/livez/", "/nowhere",
    ])
    func anotherReadIsNot(target: String) {
        #expect(!isHot(.GET, target))
    }

    @Test func aCreateIsHot() {
        #expect(isHot(.POST, "/authors", Self.json, hasBody: true))
        #expect(isHot(.POST, "/author", Self.json + [("Idempotency-Key", "k")], hasBody: true))
        #expect(isHot(.POST, "/authors", Self.json + [("x-access-tokens", token)], hasToken: false, hasBody: true))
    }

    @Test func whatIsUnusualIsNot() {
        #expect(!isHot(.HEAD, "/livez") && !isHot(.OPTIONS, "/authors") && !isHot(.PATCH, "/authors/1", hasBody: true))
        #expect(!isHot(.GET, "/livez", hasBody: true))
        #expect(!isHot(.GET, "/authors", hasToken: false))
        #expect(!isHot(.GET, "/authors", [("x-access-tokens", token)]))
        #expect(!isHot(.GET, "/authors", [("Accept", "text/csv")]) && !isHot(.GET, "/authors", [("Expect", "x")]))
        #expect(!isHot(.GET, "/authors", [("Authorization", "Bearer x")], hasToken: false))
        #expect(!isHot(.GET, "/authors", [("Authorization", "Basic x")], hasToken: false))
        #expect(!isHot(.POST, "/authors?atomic=true", Self.json, hasBody: true))
        #expect(!isHot(.POST, "/authors", [("Content-Type", "text/csv"), ("Content-Length", "5")], hasBody: true))
        #expect(!isHot(.POST, "/authors", [("Content-Length", "5")], hasBody: true))
        #expect(!isHot(.POST, "/authors", [Self.json[0], ("Content-Length", "65537")], hasBody: true))
        #expect(!isHot(.POST, "/authors", [Self.json[0], ("Transfer-Encoding", "chunked")], hasBody: true))
        #expect(!isHot(.POST, "/authors", Self.json + [("Expect", "100-continue")], hasBody: true))
        #expect(!isHot(.POST, "/authors", Self.json + [("Content-Encoding", "gzip")], hasBody: true))
        #expect(!isHot(.POST, "/register", Self.json, hasBody: true))
    }

    /// What ends a login ends it on the next request, in the lane too.
    @Test func aTokenIsGoodUntilItIsNot() async throws {
        #expect(isHot(.GET, "/authors"))
        library.time.advance(seconds: 1801)
        #expect(!isHot(.GET, "/authors"))
        library.time.advance(seconds: -1801)
        #expect(isHot(.GET, "/authors"))
        _ = try await library.send("POST", "/logout", headers: [bearer(token)])
        #expect(!isHot(.GET, "/authors"))
    }

    /// A session that ends while a body is on its way adds nothing.
    @Test func aBodyGainsNoTime() async throws {
        let connection = try await TestConnection(library)
        let head =
            "POST /authors HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\nContent-Type: application/json\r\n"
        try await connection.send(head + "Content-Length: \(Self.author.utf8.count)\r\n\r\n{")
        _ = try await library.send("POST", "/logout", headers: [bearer(token)])
        try await connection.send(String(Self.author.dropFirst()))
        #expect(try await connection.reply().code == "token_revoked")
        #expect(try library.count("author") == 0)
    }

    /// Creates of two libraries at the same time, one by the router and one by the lane: byte for byte the same, but
    /// for the id of the request and the date.
    @Test func aCreateHasOneAnswer() async throws {
        let twin = try await TestLibrary()
        let twinToken = try await twin.login("ada").token
        _ = try await twin.send("GET", "/me", headers: [bearer(twinToken)])
        let bodies: [(String, [(String, String)])] = [
            (Self.author, []), (Self.author, []),
            (#"{"name":"N","book":"C","country":"C"}"#, [("Idempotency-Key", "k")]),
            (#"{"name":"N","book":"C","country":"C"}"#, [("Idempotency-Key", "k")]),
            (#"{"name":"N","book":"D","country":"C"}"#, [("Idempotency-Key", "k")]),
            (#"{"name":"N","book":"D","country":"C"}"#, [("Idempotency-Key", "")]),
            (#"{"name":"N","book":"D","country":"C"}"#, [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]),
            (#"{"name":"N","book":"D","country":"C"}"#, [("Idempotency-Key", #""q\"d""#)]),
            ("{}", []), ("[]", []), ("null", []), ("{", []), (#"{"name":1}"#, []), (#"{"name":"N","name":"N"}"#, []),
            (#"{"name":"N","book":"B","country":"C","shelf":1}"#, []), ("\u{FEFF}{}", []),
            (#"{"name":"\#(String(repeating: "a", count: 201))","book":"B","country":"C"}"#, []),
            (#"{"name":" É\u0301 ","book":"B","country":"C","booker_prize":true}"#, []),
            (String(repeating: "[", count: 60_000), []),
        ]
        for (body, fields) in bodies {
            let json = [("Content-Type", "application/json")] + fields
            let routed = try await library.send(
                "POST", "/authors", headers: [bearer(token)] + json, body: Array(body.utf8))
            let connection = try await TestConnection(twin)
            let lines = ([bearer(twinToken)] + json).map { "\($0.0): \($0.1)\r\n" }.joined()
            try await connection.send(
                "POST /authors HTTP/1.1\r\nHost: x\r\n\(lines)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
            let hot = try await connection.reply()
            #expect(hot.comparable == routed.comparable, "\(body.prefix(100))")
        }
        #expect(try library.count("author") == 4)
        #expect(try twin.count("author") == 4)
    }

    @Test func eachRequestIsLogged() async throws {
        let connection = try await TestConnection(library)
        let lines = library.log.lines.count
        try await connection.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /l\u{1}\r\n\r\n")
        _ = try await connection.reply()
        _ = try await connection.reply()
        #expect(library.log.lines[lines...] == ["info request", "info request"])
    }
}

/// How many connections there may be.
@Suite(.serialized) struct ConnectionLimitTests {
    private static let live = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"

    private func statuses(_ server: Server, _ addresses: [String]) async throws -> [Int] {
        var (connections, statuses): ([TestConnection], [Int]) = ([], [])
        for address in addresses {
            let connection = try await TestConnection(server, from: address)
            try await connection.send(Self.live)
            statuses.append(try await connection.reply().status)
            connections.append(connection)
        }
        return withExtendedLifetime(connections) { statuses }
    }

    @Test func anAddressHasALimit() async throws {
        var limits = ConnectionLimits()
        limits.connectionsOfAddress = 2
        let library = try await TestLibrary()
        let server = library.app.server(on: [], limits: limits) { _, _ in }
        let addresses = [
            "192.0.2.7", "192.0.2.7", "192.0.2.7", "192.0.2.8", "2001:db8::1", "2001:db8::2", "2001:db8::3",
        ]
        #expect(try await statuses(server, addresses) == [200, 200, 503, 200, 200, 200, 503])
    }

    @Test func thisMachineAndAProxyHaveNone() async throws {
        var limits = ConnectionLimits()
        limits.connectionsOfAddress = 1
        let addresses = ["127.0.0.1", "127.0.0.1", "::1", "::1"]
        let library = try await TestLibrary()
        #expect(
            try await statuses(library.app.server(on: [], limits: limits) { _, _ in }, addresses) == [
                200, 200, 200, 200,
            ])
        let behind = try await TestLibrary(behindProxy: true)
        let server = behind.app.server(on: [], limits: limits) { _, _ in }
        #expect(try await statuses(server, ["192.0.2.7", "192.0.2.7"]) == [200, 200])
    }

    @Test func aClosedConnectionFreesItsPlace() async throws {
        var limits = ConnectionLimits()
        limits.connectionsOfAddress = 1
        let library = try await TestLibrary()
        let server = library.app.server(on: [], limits: limits) { _, _ in }
        for _ in 0..<3 {
            let connection = try await TestConnection(server)
            try await connection.send(Self.live)
            #expect(try await connection.reply().status == 200)
            try await connection.close()
        }
    }
}
