import Shared
import TestSupport
import Testing

/// Paths, methods, and the headers of every reply.
@Suite(.serialized) struct ProblemTests {
    @Test(arguments: [
        ("PUT", "/authors/1", "GET, PATCH, DELETE, HEAD"), ("POST", "/authors/1", "GET, PATCH, DELETE, HEAD"),
        ("DELETE", "/authors", "GET, POST, HEAD"), ("GET", "/register", "POST"), ("GET", "/author", "POST"),
        ("DELETE", "/login", "GET, POST, HEAD"), ("POST", "/livez", "GET, HEAD"),
        ("TRACE", "/me", "GET, DELETE, HEAD"), ("NONSENSE", "/users", "GET, HEAD"), ("GET", "/logout", "POST"),
    ])
    func aWrongMethodNamesTheRightOnes(method: String, path: String, allow: String) async throws {
        let library = try await TestLibrary()
        let reply = try await library.send(method, path)
        #expect(reply.status == 405)
        #expect(reply.code == "method_not_allowed")
        #expect(reply.header("allow") == allow + ", OPTIONS")
    }

    @Test func aPathTellsItsMethods() async throws {
        let library = try await TestLibrary()
        let reply = try await library.send("OPTIONS", "/authors")
        #expect(reply.status == 204 && reply.text == "")
        #expect(reply.header("allow") == "GET, POST, HEAD, OPTIONS")
        #expect(try await library.send("OPTIONS", "/nowhere").code == "not_found")
    }

    @Test(arguments: [
        "/", "/nowhere", "//users", "/users/", "/authors/1/", "/authors/1/x", "/Authors", "/authors//1", "/.", "/..",
        "/%2e%2e/etc/passwd", "/token", "/users%2f", "/\u{1F4DA}",
    ])
    func whatIsNotThereIsNotFound(path: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.adminToken()
        let reply = try await library.send("GET", path, headers: [bearer(token)])
        #expect(reply.status == 404)
        #expect(reply.code == "not_found")
    }

    @Test(arguments: ["/livez", "/nowhere", "/me", "/authors/1"])
    func everyReplyHasItsHeaders(path: String) async throws {
        let library = try await TestLibrary()
        let reply = try await library.send("GET", path)
        #expect(reply.header("x-content-type-options") == "nosniff")
        #expect(reply.header("cache-control") == "no-store")
        let id = try #require(reply.header("x-request-id"))
        #expect(id.utf8.count == 16)
        #expect(reply.header("server") == nil)
        #expect(reply.header("access-control-allow-origin") == nil)
        if reply.status >= 400 { #expect(try reply.problem.requestID == id) }
        #expect(try await library.send("GET", path).header("x-request-id") != id)
    }

    @Test func aProblemIsCompleteAndNothingMore() async throws {
        let library = try await TestLibrary()
        let reply = try await library.send("GET", "/me")
        #expect(
            reply.text == """
                {"type":"about:blank","title":"Unauthorized","status":401,\
                "detail":"Send a token: Authorization: Bearer TOKEN.","code":"token_missing",\
                "message":"a valid token is missing","request_id":"\(try #require(reply.header("x-request-id")))"}
                """)
    }

    @Test func usersAreListedWithoutTheirHashes() async throws {
        let library = try await TestLibrary()
        let admin = try await library.adminToken()
        let token = try await library.login("ada").token
        _ = try await library.create("A", "1", as: token)
        let reply = try await library.send("GET", "/users", headers: [bearer(admin)])
        let users = try UserList(json: reply.body, unknownMembers: .rejected).users
        #expect(users.map(\.name) == ["admin", "ada"])
        #expect(users.map(\.admin) == [true, false])
        #expect(users.map(\.authors) == [0, 1])
        #expect(!reply.text.contains("scrypt"))
        #expect(!reply.text.contains("hash"))
    }

    @Test func demotionActsOnTheNextRequest() async throws {
        let library = try await TestLibrary()
        let admin = try await library.adminToken()
        _ = try await library.login("second")
        try await library.setAdmin(true, "second")
        #expect(try await library.send("GET", "/users", headers: [bearer(admin)]).status == 200)
        try await library.setAdmin(false, "admin")
        #expect(try await library.send("GET", "/users", headers: [bearer(admin)]).status == 403)
    }

    @Test func meIsTheCaller() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let reply = try await library.send("GET", "/me", headers: [bearer(token)])
        let me = try User(json: reply.body, unknownMembers: .rejected)
        #expect(me.name == "ada")
        #expect(me.admin == false)
        #expect(me.createdAt == library.time.now)
    }
}
