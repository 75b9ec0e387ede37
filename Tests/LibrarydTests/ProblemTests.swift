import Shared
import Testing

@testable import LibraryServer
@testable import TestSupport

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
        "/nowhere", "//users", "/users/", "/authors/1/", "/authors/1/x", "/Authors", "/authors//1", "/.", "/..",
        "/%2e%2e/etc/passwd", "/token", "/users%2f", "/\u{1F4DA}", "/%", "/%2", "/%zz", "/%6", "/authors%2F1",
        "/%75sers/",
    ])
    func whatIsNotThereIsNotFound(path: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.adminToken()
        let reply = try await library.send("GET", path, headers: [bearer(token)])
        #expect(reply.status == 404)
        #expect(reply.code == "not_found")
    }

    /// A character that need not be encoded is the same when it is (RFC 3986, section 6.2.2.2).
    @Test(arguments: [
        ("/authors/%31", "/authors/1"), ("/%61uthors/1", "/authors/1"), ("/authors%3flimit=1", "/authors%3flimit=1"),
        ("/%6Cive%7a?%31=%31", "/livez?%31=%31"), ("/authors/%2531", "/authors/%2531"), ("/authors/%", "/authors/%"),
        ("/authors/%3", "/authors/%3"), ("/authors/1%2", "/authors/1%2"), ("/authors/%C3%A9", "/authors/%C3%A9"),
        ("/%7E%2d%5f%2e", "/~-_."), ("?%31", "?%31"), ("/authors/%3?%31", "/authors/%3?%31"),
    ])
    func aPathIsTheSameHoweverItIsEncoded(target: String, same: String) async throws {
        #expect(PathResponder.normalized(target) == same)
    }

    @Test func anEncodedPathIsAnswered() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        _ = try await library.create("A", "1", as: token)
        let plain = try await library.send("GET", "/authors/1", headers: [bearer(token)])
        for path in ["/authors/%31", "/%61%75thors/1"] {
            let encoded = try await library.send("GET", path, headers: [bearer(token)])
            #expect(encoded.status == 200)
            #expect(encoded.body == plain.body)
        }
        #expect(try await library.send("DELETE", "/authors/%31", headers: [bearer(token)]).status == 200)
    }

    /// Whoever sends what this API does not take is told what it takes instead.
    @Test(arguments: [
        ("GET", "/register", "this path takes POST, not GET"),
        ("GET", "/author", "this path takes POST, not GET; did you mean GET /authors?"),
        ("DELETE", "/authors", "this path takes GET or POST, not DELETE; did you mean DELETE /authors/{id}?"),
        ("POST", "/authors/1", "this path takes GET or PATCH or DELETE, not POST; did you mean POST /authors?"),
        ("DELETE", "/sam", "there is nothing at this path; did you mean DELETE /authors/{id}?"),
        ("GET", "/autors", "there is nothing at this path; did you mean GET /authors?"),
        ("GET", "/authors/", "there is nothing at this path; did you mean GET /authors?"),
        ("GET", "/nowhere/at/all", "there is nothing at this path"),
    ])
    func aRequestThatMissesIsToldOfTheRightOne(method: String, path: String, detail: String) async throws {
        let library = try await TestLibrary()
        #expect(try await library.send(method, path).problem.detail == detail)
    }

    /// The messages of all failures are phrases: lower case, but for names, and without a full stop.
    @Test(arguments: ErrorCode.allCases) func aFailureHasOneVoice(code: ErrorCode) throws {
        let first = try #require(code.text.unicodeScalars.first)
        let names = ["Authorization ", "Accept "]
        #expect(first.properties.isLowercase || names.contains { code.text.hasPrefix($0) })
        #expect(code.text.last != "." && !code.text.contains(". "))
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
                "detail":"send a token: Authorization: Bearer TOKEN","code":"token_missing",\
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
