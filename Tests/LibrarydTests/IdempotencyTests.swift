import Foundation
import GRDB
import Shared
import Testing

@testable import TestSupport
@testable import libraryd

/// A request whose answer was lost comes again, with the same `Idempotency-Key`.
@Suite(.serialized) struct IdempotencyTests {
    private static let draft = #"{"name":"A","book":"B","country":"C"}"#
    private static let json = ("Content-Type", "application/json")
    private static let ndjson = ("Content-Type", "application/x-ndjson")

    private func post(
        _ body: String, _ path: String = "/authors", key: String?, type: (String, String) = json, as token: String,
        _ library: TestLibrary
    ) async throws -> TestReply {
        let key = key.map { [("Idempotency-Key", $0)] } ?? []
        return try await library.send("POST", path, headers: [bearer(token), type] + key, body: Array(body.utf8))
    }

    private func count(_ table: String, _ library: TestLibrary) throws -> Int {
        try require(try library.app.store.readers.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") })
    }

    private func outcomes(_ reply: TestReply) throws -> [String] {
        #expect(reply.status == 200)
        return try BulkResult.list(ndjson: reply.body).map {
            "\($0.line) \($0.outcome) \($0.code?.rawValue ?? $0.id.map(String.init) ?? "")"
        }
    }

    private static func lines(_ range: Range<Int>) -> String {
        range.map { #"{"name":"N\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n")
    }

    private func different(_ first: TestReply, _ second: TestReply) -> [String] {
        let changing = ["x-request-id"]
        func headers(_ reply: TestReply) -> [String] {
            reply.headers.filter { !changing.contains($0.name) }.map { "\($0.name): \($0.value)" }
        }
        return (first.status == second.status ? [] : ["\(first.status) \(second.status)"])
            + Set(headers(first)).symmetricDifference(headers(second)) + (first.body == second.body ? [] : ["body"])
    }

    // MARK: One author

    /// Whatever has become of the author since, and under either path.
    @Test func theSameRequestHasTheSameAnswer() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let first = try await post(Self.draft, key: "k", as: token, library)
        #expect(first.status == 201)
        #expect(first.header("location") == "/authors/1")
        library.time.advance(seconds: 60)
        // The same author, once it is validated.
        let spelt = #"{"country":" C ","book":"B","name":"A","booker_prize":false}"#
        #expect(different(first, try await post(spelt, "/author", key: "\"k\"", as: token, library)) == [])
        _ = try await library.send(
            "PATCH", "/authors/1", headers: [bearer(token), Self.json], body: Array(#"{"name":"Z"}"#.utf8))
        #expect(different(first, try await post(Self.draft, key: "k", as: token, library)) == [])
        _ = try await library.send("DELETE", "/authors/1", headers: [bearer(token)])
        #expect(different(first, try await post(Self.draft, key: "k", as: token, library)) == [])
        #expect(try count("author", library) == 0)
        #expect(try count("author_event", library) == 3)
    }

    @Test func anotherRequestIsRefused() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        _ = try await post(Self.draft, key: "k", as: token, library)
        for other in [#"{"name":"A","book":"B2","country":"C"}"#, #"{"name":"A","book":"B","country":"D"}"#] {
            let reply = try await post(other, key: "k", as: token, library)
            #expect(reply.status == 422)
            #expect(reply.code == "idempotency_key_reused")
        }
        #expect(try await post(Self.draft, key: "K", as: token, library).status == 409)
        #expect(try await post(Self.draft, key: nil, as: token, library).status == 409)
        #expect(try count("author", library) == 1)
    }

    @Test func aKeyIsItsOwnersAlone() async throws {
        let library = try await TestLibrary()
        for name in ["ada", "bob"] {
            let reply = try await post(
                Self.draft, key: "k", as: try await library.login(name).token, library)
            #expect(reply.status == 201)
        }
        #expect(try count("author", library) == 2)
        _ = try await library.app.perform(OperatorRequest(.delete, name: "ada"))
        #expect(try count("idempotency_key", library) == 1)
    }

    /// What failed has changed nothing, and may succeed later.
    @Test func aFailureIsNotKept() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        _ = try await library.create("A", "B", as: token)
        #expect(try await post(Self.draft, key: "k", as: token, library).status == 409)
        #expect(try await post(#"{"name":"A"}"#, key: "k", as: token, library).status == 422)
        _ = try await library.send("DELETE", "/authors/1", headers: [bearer(token)])
        #expect(try await post(Self.draft, key: "k", as: token, library).header("location") == "/authors/2")
    }

    @Test func manyAtOnceAreOne() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let replies = try await withThrowingTaskGroup(of: TestReply.self) { group in
            for _ in 0..<20 { group.addTask { try await post(Self.draft, key: "k", as: token, library) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(replies.allSatisfy { $0.status == 201 && different(replies[0], $0) == [] })
        #expect(try count("author", library) == 1)
    }

    /// In either direction, so that a clock that is set back keeps nothing for longer.
    @Test(arguments: [(86399, 201), (86400, 409), (-86399, 201), (-86400, 409)])
    func anAnswerIsKeptForADay(seconds: Int64, status: Int) async throws {
        let library = try await TestLibrary()
        let before = try await library.login("ada").token
        #expect(try await post(Self.draft, key: "k", as: before, library).status == 201)
        library.time.advance(seconds: seconds)
        let token = try await library.login("ada").token
        #expect(try await post(Self.draft, key: "k", as: token, library).status == status)
    }

    @Test func whatIsTooOldGoes() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        for number in 0..<70 {
            _ = try await post(
                #"{"name":"\#(number)","book":"B","country":"C"}"#, key: "k\(number)", as: token, library)
        }
        #expect(try count("idempotency_key", library) == 70)
        library.time.advance(seconds: 86400)
        let later = try await library.login("ada").token
        _ = try await post(Self.draft, key: "new", as: later, library)
        #expect(try count("idempotency_key", library) == 7)
    }

    @Test(arguments: [
        ("k", 201), (String(repeating: "~", count: 255), 201), ("\"k\"", 201), (#""a\"b\\""#, 201), ("a\"b", 201),
        ("!", 201), ("a,b", 201), ("", 400), ("\"\"", 400), (String(repeating: "x", count: 256), 400), ("a b", 400),
        ("\"a b\"", 400), ("\"", 400), ("\"a", 400), ("\"a\\\"", 400), (#""a\b""#, 400), (#""a"b""#, 400),
        ("a\tb", 400), ("\u{7F}", 400), ("é", 400), ("\"k\";p=1", 400),
    ])
    func aKeyIsVisible(key: String, status: Int) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let reply = try await post(Self.draft, key: key, as: token, library)
        #expect(reply.status == status)
        if status == 400 { #expect(reply.code == "bad_request") }
        let headers = [bearer(token), Self.ndjson, ("Idempotency-Key", key)]
        #expect(try await library.send("POST", "/authors", headers: headers).status == (status == 400 ? 400 : 200))
    }

    @Test func twoKeysAreRefused() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let headers = [bearer(token), Self.json, ("Idempotency-Key", "k"), ("Idempotency-Key", "k")]
        let reply = try await library.send("POST", "/authors", headers: headers, body: Array(Self.draft.utf8))
        #expect(reply.status == 400)
    }

    // MARK: Files

    /// Lines that were stored are not stored again, and the file goes on behind them.
    @Test func aFileGoesOnWhereItBrokeOff() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let whole = Self.lines(0..<1300)
        // As far as a lost connection let it come: two batches.
        let part = try outcomes(try await post(Self.lines(0..<1024), key: "k", type: Self.ndjson, as: token, library))
        #expect(part.count == 1024)
        let again = try await post(whole, key: "k", type: Self.ndjson, as: token, library)
        #expect(try outcomes(again) == (1...1300).map { "\($0) created \($0)" })
        #expect(try count("author", library) == 1300)
        #expect(different(again, try await post(whole, key: "k", type: Self.ndjson, as: token, library)) == [])
        #expect(try count("author_event", library) == 1300)
        let without = try outcomes(try await post(whole, key: nil, type: Self.ndjson, as: token, library))
        #expect(without.allSatisfy { $0.hasSuffix("author_exists") })
    }

    /// What was not stored may be sent again without being kept, and what cannot be read is not kept beside what was stored.
    @Test func failuresTakeNoRoom() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let nonsense = String(repeating: "x\n", count: 1024)
        let refused = try await post(nonsense, key: "k", type: Self.ndjson, as: token, library)
        #expect(try outcomes(refused).allSatisfy { $0.hasSuffix("failed invalid_json") })
        #expect(try count("idempotency_key", library) == 0)
        let mixed =
            "x\n" + Self.lines(0..<2) + "\n{}\n" + Self.lines(1..<2) + "\n" + String(repeating: "x\n", count: 400)
        let first = try await post(mixed, key: "m", type: Self.ndjson, as: token, library)
        #expect(
            try outcomes(first).prefix(5) == [
                "1 failed invalid_json", "2 created 1", "3 created 2", "4 failed invalid_fields",
                "5 failed author_exists",
            ])
        #expect(different(first, try await post(mixed, key: "m", type: Self.ndjson, as: token, library)) == [])
        let size = try library.app.store.readers.read {
            try Int.fetchOne($0, sql: "SELECT sum(length(reply)) FROM idempotency_key")
        }
        #expect(try require(size) < 400)
    }

    @Test func anotherFileIsRefused() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        _ = try await post(Self.lines(0..<1024), key: "k", type: Self.ndjson, as: token, library)
        let files = [("", Self.lines(1..<1025)), ("", Self.lines(0..<5)), ("?on_conflict=skip", Self.lines(0..<1024))]
        for (query, other) in files {
            let reply = try await post(other, "/authors" + query, key: "k", type: Self.ndjson, as: token, library)
            #expect(reply.status == 422)
            #expect(reply.code == "idempotency_key_reused")
        }
        // What is other only later can be told only there.
        let later = try outcomes(
            try await post(
                Self.lines(0..<512) + "\n" + Self.lines(5000..<5003), key: "k", type: Self.ndjson, as: token, library))
        #expect(later.prefix(512) == (1...512).map { "\($0) created \($0)" }[...])
        #expect(later.dropFirst(512).allSatisfy { $0.hasSuffix("failed idempotency_key_reused") })
        #expect(later.count == 515)
        #expect(try count("author", library) == 1024)
    }

    @Test func allOrNothingIsOneRequest() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let path = "/authors?atomic=true"
        let bad = Self.lines(0..<600) + "\nnonsense"
        #expect(try await post(bad, path, key: "k", type: Self.ndjson, as: token, library).status == 422)
        let good = Self.lines(0..<600)
        let first = try await post(good, path, key: "k", type: Self.ndjson, as: token, library)
        #expect(try outcomes(first).count == 600)
        #expect(different(first, try await post(good, path, key: "k", type: Self.ndjson, as: token, library)) == [])
        let other = try await post(Self.lines(0..<599), path, key: "k", type: Self.ndjson, as: token, library)
        #expect(other.code == "idempotency_key_reused")
        #expect(try count("idempotency_key", library) == 1)
    }

    /// The answer is kept in parts, and comes again as it was.
    @Test func aLongAnswerIsKeptWhole() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let path = "/authors?atomic=true"
        let file = Self.lines(0..<20_000)
        let first = try await post(file, path, key: "k", type: Self.ndjson, as: token, library)
        #expect(try outcomes(first) == (1...20_000).map { "\($0) created \($0)" })
        #expect(try count("idempotency_key", library) > 2)
        #expect(different(first, try await post(file, path, key: "k", type: Self.ndjson, as: token, library)) == [])
        #expect(try count("author", library) == 20_000)
        // The same bytes as something else are another request.
        for (path, type) in [
            (path, ("Content-Type", "text/csv")), (path + "&on_conflict=skip", Self.ndjson), ("/authors", Self.ndjson),
        ] {
            let reply = try await post(file, path, key: "k", type: type, as: token, library)
            #expect(reply.code == "idempotency_key_reused", "\(path)")
        }
    }

    @Test func aDryRunKeepsNothing() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        for _ in 0..<2 {
            let reply = try await post(
                Self.lines(0..<3), "/authors?dry_run=true", key: "k", type: Self.ndjson, as: token, library)
            #expect(try outcomes(reply) == ["1 created 1", "2 created 2", "3 created 3"])
        }
        #expect(try count("idempotency_key", library) == 0)
    }

    // MARK: Accounts

    private static let registration = #"{"name":"ada","password":"correct horse"}"#

    @Test func aRegistrationComesAgain() async throws {
        let library = try await TestLibrary()
        let key = [("Idempotency-Key", "k")]
        let first = try await library.post("/register", Self.registration, headers: key)
        #expect(first.status == 201)
        #expect(different(first, try await library.post("/register", Self.registration, headers: key)) == [])
        let others = [
            (Self.registration, []), (Self.registration, [("Idempotency-Key", "K")]),
            (#"{"name":"ada","password":"battery staple"}"#, key), (#"{"name":"Ada","password":"correct horse"}"#, key),
        ]
        var refusals: Set<String> = []
        for (body, headers) in others {
            let reply = try await library.post("/register", body, headers: headers)
            #expect(reply.status == 409)
            #expect(reply.code == "name_taken")
            refusals.insert(reply.text.replacing(try reply.problem.requestID, with: "").lowercased())
        }
        // Nothing tells whether it was the key or the password.
        #expect(refusals.count == 1)
        #expect(try count("user", library) == 1)
        library.time.advance(seconds: 86400)
        #expect(try await library.post("/register", Self.registration, headers: key).status == 409)
    }

    @Test func aLoginThatComesAgainIsOneSession() async throws {
        let library = try await TestLibrary()
        _ = try await library.post("/register", Self.registration)
        func login(_ key: String) async throws -> Login {
            let reply = try await library.send(
                "POST", "/login", headers: [basic("ada", "correct horse"), ("Idempotency-Key", key)])
            return try Login(json: reply.body, unknownMembers: .ignored)
        }
        let first = try await login("k")
        library.time.advance(seconds: 60)
        let again = try await login("k")
        #expect(library.sessionCount == 1)
        #expect(again.refreshToken != first.refreshToken)
        #expect(again.refreshExpiresAt == first.refreshExpiresAt)
        for token in [first.token, again.token] {
            #expect(try await library.send("GET", "/me", headers: [bearer(token)]).status == 200)
        }
        #expect(
            try await library.post("/token/refresh", RefreshRequest(refreshToken: again.refreshToken).text).status
                == 200)
        _ = try await login("other")
        #expect(library.sessionCount == 2)
        // Who has logged out logs in anew.
        _ = try await library.send("POST", "/logout", headers: [bearer(first.token)])
        let anew = try await login("k")
        #expect(library.sessionCount == 2)
        #expect(try await library.send("GET", "/me", headers: [bearer(anew.token)]).status == 200)
        #expect(try await library.send("GET", "/me", headers: [bearer(again.token)]).status == 401)
        library.time.advance(seconds: 86400)
        _ = try await login("k")
        #expect(library.sessionCount == 3)
    }

    @Test func aLoginsKeyIsNoPassword() async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        _ = try await library.login("bob")
        let key = ("Idempotency-Key", "k")
        _ = try await library.send("POST", "/login", headers: [basic("ada", "correct horse"), key])
        #expect(try await library.send("POST", "/login", headers: [basic("ada", "wrong horse"), key]).status == 401)
        _ = try await library.send("POST", "/login", headers: [basic("bob", "correct horse"), key])
        #expect(library.sessionCount == 4)
    }

    /// Neither keys nor anything that a password could be guessed from.
    @Test func noSecretIsStored() async throws {
        let library = try await TestLibrary()
        let key = ("Idempotency-Key", "canary-key")
        let registration = #"{"name":"ada","password":"canary-password"}"#
        _ = try await library.post("/register", registration, headers: [key])
        let login = try await library.send("POST", "/login", headers: [basic("ada", "canary-password"), key])
        let token = try Login(json: login.body, unknownMembers: .ignored).token
        _ = try await post(Self.draft, key: "canary-key", as: token, library)
        let files = try ["library.db", "library.db-wal"].map {
            try Data(contentsOf: URL(fileURLWithPath: library.folder.path + "/" + $0))
        }
        #expect(files.reduce(0) { $0 + $1.count } > 50_000)
        let body = Data(Digest.sha256(Array(registration.utf8)))
        for secret in [Data("canary-".utf8), body, Data(Digest.sha256(Array("canary-password".utf8)))] {
            for file in files { #expect(file.range(of: secret) == nil) }
        }
    }
}

extension RefreshRequest {
    fileprivate var text: String { String(decoding: json, as: UTF8.self) }
}
