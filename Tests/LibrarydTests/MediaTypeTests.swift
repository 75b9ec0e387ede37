import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// The `Content-Type` and `Content-Encoding` of a body.
@Suite(.serialized) struct MediaTypeTests {
    private static let withBody = AccessTests.cases.filter { !$0.body.isEmpty }
    private static let withoutBody = AccessTests.cases.filter { $0.body.isEmpty }

    private static let refused: [[(String, String)]] = [
        [], [("Content-Type", "")], [("Content-Type", "application/json; charset=latin1")],
        [("Content-Type", "application/json;charset=\"iso-8859-1\"")], [("Content-Type", "application/json; charset=")],
        [("Content-Type", "application/json; charset")],
        [("Content-Type", "application/json; charset=utf-8; charset=utf-16")],
        [("Content-Type", "application/json; x=\"\\\";\"; Charset = UTF-16")],
        [("Content-Type", "application/json"), ("Content-Type", "application/json")],
        [("Content-Type", "application/json"), ("Content-Type", "text/csv")],
        [("Content-Type", "application/json, text/csv")], [("Content-Type", "application/jsonx")],
    ]

    /// Every endpoint that takes a body names the encoding that it does not take, and the one that it does (RFC 9110,
    /// section 15.5.16).
    @Test(arguments: withBody, ["gzip", "br", "gzip, identity"])
    func anEncodedBodyIsRefused(_ test: AccessTests.Case, encoding: String) async throws {
        let library = try await TestLibrary()
        let admin = try await library.adminToken()
        let reply = try await library.send(
            test.method.rawValue, test.path,
            headers: [bearer(admin), ("Content-Type", "application/json"), ("Content-Encoding", encoding)],
            body: Array(test.body.utf8))
        #expect(reply.status == 415)
        #expect(
            try reply.problem.detail == "the body has the Content-Encoding '\(encoding)'; send it without one")
        #expect(reply.header("accept-encoding") == "identity")
        #expect(try await library.list(as: admin) == [])
    }

    @Test func identityIsNoEncoding() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let reply = try await library.post(
            "/authors", AccessTests.draft, headers: [bearer(token), ("Content-Encoding", "Identity")])
        #expect(reply.status == 201)
    }

    /// Every endpoint that takes a body refuses other types, and nothing changes.
    @Test(arguments: withBody) func anotherBodyIsRefused(_ test: AccessTests.Case) async throws {
        let library = try await TestLibrary()
        let admin = try await library.adminToken()
        _ = try await library.create("Hilary Mantel", "Wolf Hall", as: admin)
        let users = try await library.store.users()
        let target = try #require(users.first?.publicID)
        let takesFiles = ["/authors", "/author"].contains(test.path)
        let types = takesFiles ? ", application/x-ndjson or text/csv" : ""
        for headers in Self.refused {
            let reply = try await library.send(
                test.method.rawValue, test.path.replacing("{public_id}", with: target),
                headers: headers + [bearer(admin)], body: Array(test.body.utf8))
            #expect(reply.status == 415, "\(headers): \(reply.text)")
            #expect(reply.code == "unsupported_media_type")
            #expect(
                try reply.problem.detail
                    == "send application/json\(types) in UTF-8, and name the type in one Content-Type"
            )
        }
        #expect(try await library.store.users() == users)
        #expect(try await library.list(as: admin) == ["Hilary Mantel Wolf Hall UK false 1"])
    }

    @Test(
        arguments: AuthorLines.Format.allCases, ["charset=iso-8859-1", "charset=\"utf-16\"", "charset=utf-8, text/csv"])
    func anotherFileIsRefused(format: AuthorLines.Format, parameter: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let text = format == .csv ? "name,book,country\nA,B,C\n" : AccessTests.draft
        for query in ["", "?atomic=true", "?dry_run=true"] {
            let type = "\(format.mediaType); \(parameter)"
            #expect(try await library.sendFile(text, query, type: type, as: token).status == 415)
        }
        #expect(try await library.list(as: token) == [])
    }

    @Test(arguments: [
        "; charset=utf-8", ";charset=UTF-8", "; Charset=\"Utf-8\"", " ; charset = utf8 ", "; version=1", ";",
        "; profile=\"a;charset=latin1\"", "; profile=\"\\\";charset=latin1\"",
    ])
    func utf8IsTakenHoweverItIsSpelt(parameters: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        for (type, text) in [
            ("Application/JSON", #"{"name":"A","book":"1","country":"C"}"#), ("TEXT/csv", "name,book,country\nA,2,C\n"),
            ("application/X-ndjson", #"{"name":"A","book":"3","country":"C"}"#),
        ] {
            let reply = try await library.sendFile(text, type: type + parameters, as: token)
            #expect(reply.status < 300, "\(type): \(reply.text)")
        }
        #expect(try await library.list(as: token) == ["A 1 C false 1", "A 2 C false 1", "A 3 C false 1"])
    }

    /// A request without a body needs no `Content-Type`, and an endpoint that takes no body ignores it.
    @Test(arguments: withoutBody, [[], [("Content-Length", "0")], [("Content-Type", "text/plain")]])
    func noBodyNeedsNoType(_ test: AccessTests.Case, headers: [(String, String)]) async throws {
        let library = try await TestLibrary()
        let admin = try await library.adminToken()
        let reply = try await library.send(test.method.rawValue, test.path, headers: headers + [bearer(admin)])
        #expect(reply.status != 415)
        let isLogin = test.path == "/login" || test.path == "/me" && test.method == .delete
        guard isLogin else { return }
        let known = try await library.send(
            test.method.rawValue, test.path, headers: headers + [basic("admin", "correct horse")])
        #expect(known.status == (test.path == "/login" ? 200 : 409), "\(known.text)")
    }
}
