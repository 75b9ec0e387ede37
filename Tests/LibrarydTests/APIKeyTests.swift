import Foundation
import GRDB
import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// API keys: what they are good for, and what ends them.
@Suite(.serialized) struct APIKeyTests {
    private static let draft = #"{"name":"Hilary Mantel","book":"Wolf Hall","country":"UK"}"#
    static let read = APIKeyRequest(name: "cron", scope: .read)

    func keys(_ token: String, _ library: TestLibrary) async throws -> [APIKey] {
        let reply = try await library.send("GET", "/keys", headers: [bearer(token)])
        return try APIKeyList(json: reply.body, unknownMembers: .rejected).keys
    }

    func answer(_ secret: String, _ library: TestLibrary) async throws -> String {
        let reply = try await library.send("GET", "/authors", headers: [bearer(secret)])
        return reply.status == 200 ? "200" : "\(reply.status) \(try reply.problem.code)"
    }

    @Test func aKeyIsShownOnceAndItsDigestIsStored() async throws {
        let library = try await TestLibrary()
        let ada = try await library.login("ada").token
        let made = try await library.key(
            APIKeyRequest(name: "nightly", scope: .write, expiresIn: 60), as: ada)
        #expect(made.secret.hasPrefix("libkey_") && made.secret.utf8.count == 50)
        #expect(made.key.expiresAt == library.time.now.adding(seconds: 60) && made.key.scope == "write")
        let list = try await library.send("GET", "/keys", headers: [bearer(ada)])
        #expect(!list.text.contains(made.secret) && list.text.contains(#""last_used_at":null"#))
        #expect(try await keys(ada, library) == [made.key])
        try await library.sqlite.writer.write { _ in }
        for file in ["library.db", "library.db-wal"] {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: library.folder.path + "/" + file))
            #expect(bytes.range(of: Data(made.secret.utf8.dropFirst(7))) == nil, "\(file)")
        }
        #expect(!library.log.entries.contains { "\($0)".contains(made.secret) })
    }

    @Test func aReadKeyReads() async throws {
        let library = try await TestLibrary()
        let ada = try await library.login("ada").token
        _ = try await library.create("A", "1", as: ada)
        let key = try await library.key(Self.read, as: ada).secret
        for path in ["/authors", "/authors/1", "/authors?sort=name", "/authors?q=a", "/me"] {
            #expect(try await library.send("GET", path, headers: [bearer(key)]).status == 200)
            #expect(try await library.send("GET", path, headers: [("x-access-tokens", key)]).status == 200)
            #expect(try await library.send("HEAD", path, headers: [bearer(key)]).status == 200)
        }
        let file = try await library.send("GET", "/authors", headers: [bearer(key), ("Accept", "text/csv")])
        #expect(file.status == 200)
        let refused = [
            try await library.post("/authors", Self.draft, headers: [bearer(key)]),
            try await library.post("/author", Self.draft, headers: [bearer(key)]),
            try await library.patch(1, #"{"country":"x"}"#, as: key),
            try await library.send("DELETE", "/authors/1", headers: [bearer(key)]),
            try await library.sendFile(TestLibrary.lines(0..<2), as: key),
        ]
        #expect(refused.map(\.code) == Array(repeating: "insufficient_scope", count: 5))
        // The lane that answers without the router.
        let connection = try await TestConnection(library)
        try await connection.send(
            """
            POST /authors HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(key)\r\nContent-Type: application/json\r
            Content-Length: \(Self.draft.utf8.count)\r\n\r\n\(Self.draft)
            """)
        #expect(try await connection.reply().code == "insufficient_scope")
        try await connection.close()
        #expect(try library.count("author") == 1)
    }

    @Test func aWriteKeyWrites() async throws {
        let library = try await TestLibrary()
        let ada = try await library.login("ada").token
        let key = try await library.key(APIKeyRequest(name: "import", scope: .write), as: ada).secret
        #expect(try await library.post("/authors", Self.draft, headers: [bearer(key)]).status == 201)
        #expect(try await library.patch(1, #"{"country":"x"}"#, as: key).status == 200)
        #expect(try await library.sendFile(TestLibrary.lines(0..<2), as: key).status == 200)
        #expect(try await library.send("DELETE", "/authors/1", headers: [bearer(key)]).status == 200)
        #expect(try await keys(ada, library).first?.usedAt == library.time.now)
    }

    /// No endpoint of accounts takes a key, whoever's it is.
    @Test(arguments: Endpoints.all.filter { [.login, .admin].contains($0.access) }.map { ($0.method, $0.path) })
    func accountsNeedALogin(method: Shared.Method, path: String) async throws {
        let library = try await TestLibrary()
        let admin = try await library.adminToken()
        let key = try await library.key(APIKeyRequest(name: "all", scope: .write), as: admin).secret
        let target = path.replacing(/\{.*\}/, with: "5d1e6f7a-8b9c-4d0e-a1f2-b3c4d5e6f708")
        let reply = try await library.send(method.rawValue, target, headers: [bearer(key)])
        #expect(reply.status == 403 && reply.code == "login_required")
        #expect(try await answer(key, library) == "200")
    }

    @Test func metricsAreForKeysOfAdmins() async throws {
        let library = try await TestLibrary()
        let (admin, bob) = (try await library.adminToken(), try await library.login("bob").token)
        func status(_ token: String) async throws -> Int {
            let key = try await library.key(APIKeyRequest(name: "prometheus", scope: .read), as: token).secret
            return try await library.send("GET", "/metrics", headers: [bearer(key)], address: "192.0.2.1").status
        }
        #expect(try await status(admin) == 200)
        #expect(try await status(bob) == 403)
    }

    @Test(arguments: [
        ("libkey_", "401 token_malformed"), ("libkey_x", "401 token_malformed"),
        ("libkey_" + String(repeating: "A", count: 43), "401 token_revoked"),
        ("libkey_" + String(repeating: "A", count: 44), "401 token_malformed"),
        ("LIBKEY_" + String(repeating: "A", count: 43), "401 token_malformed"),
        ("libkey_" + String(repeating: "é", count: 21) + "A", "401 token_revoked"),
    ])
    func otherTextsAreRefused(text: String, expected: String) async throws {
        #expect(try await answer(text, TestLibrary()) == expected)
    }

    /// Each bit of a secret counts, and its spelling.
    @Test func onlyTheSecretItselfIsAccepted() async throws {
        let library = try await TestLibrary()
        let secret = Array(try await library.key(Self.read, as: library.login("ada").token).secret.utf8)
        for place in secret.indices {
            var other = secret
            other[place] ^= 1
            let text = String(decoding: other, as: UTF8.self)
            guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { continue }
            #expect(try await answer(text, library) != "200", "\(place)")
        }
        #expect(try await answer(String(decoding: secret, as: UTF8.self), library) == "200")
    }

    @Test func aKeyIsNoRefreshToken() async throws {
        let library = try await TestLibrary()
        let secret = try await library.key(Self.read, as: library.login("ada").token).secret
        for text in [secret, String(secret.dropFirst(7))] {
            let reply = try await library.post("/token/refresh", #"{"refresh_token":"\#(text)"}"#)
            #expect(reply.code == "refresh_token_invalid")
        }
        #expect(try await answer(secret, library) == "200")
    }

    @Test func anothersKeyLooksLikeAMissingOne() async throws {
        let library = try await TestLibrary()
        let (ada, bob) = (try await library.login("ada").token, try await library.login("bob").token)
        let key = try await library.key(Self.read, as: ada)
        #expect(try await keys(bob, library) == [])
        let others = try await library.send("DELETE", "/keys/\(key.key.id)", headers: [bearer(bob)])
        let missing = try await library.send("DELETE", "/keys/none", headers: [bearer(bob)])
        #expect(others.status == 404)
        #expect(
            others.text.replacing(try others.problem.requestID, with: "")
                == missing.text.replacing(try missing.problem.requestID, with: ""))
        // Names are of one user each.
        _ = try await library.key(Self.read, as: bob)
        #expect(try await answer(key.secret, library) == "200")
    }

    @Test(arguments: [
        #"{"name":"","scope":"read"}"#, #"{"name":"a b","scope":"read"}"#, #"{"name":"a","scope":"admin"}"#,
        #"{"name":"a"}"#, #"{"name":"a","scope":"read","expires_in":0}"#,
        #"{"name":"a","scope":"read","expires_in":9223372036854775807}"#, #"{"name":"a","scope":"read","id":"x"}"#,
        #"{"name":"a","scope":"read","expires_in":-1}"#, #"{"name":"a","scope":"READ"}"#,
    ])
    func aWrongRequestIsRefused(body: String) async throws {
        let library = try await TestLibrary()
        let reply = try await library.post("/keys", body, headers: [bearer(library.login("ada").token)])
        #expect(reply.status == 422 && reply.code == "invalid_fields")
        #expect(try library.count("api_key") == 0)
    }

    @Test(arguments: [("60", 201), ("60.0", 201), ("6e1", 201), ("60.5", 422), ("1e300", 422), ("\"60\"", 422)])
    func aTimeIsAWholeNumber(text: String, status: Int) async throws {
        let library = try await TestLibrary()
        let reply = try await library.post(
            "/keys", #"{"name":"a","scope":"read","expires_in":\#(text)}"#,
            headers: [bearer(library.login("ada").token)])
        #expect(reply.status == status)
    }

    @Test func aKeyOfADisabledUserIsNotMade() async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        _ = try await library.app.perform(.disable("ada"))
        let error = await #expect(throws: CommandError.self) {
            try await library.app.perform(.addKey(Self.read, of: "ADA"))
        }
        #expect(error?.reason == "ada is disabled" && error?.hint == "libraryd user enable ada")
    }
}
