import Foundation
import GRDB
import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// Requests that are sent again, with the same `Idempotency-Key`, because their answer was lost.
@Suite(.serialized) struct IdempotencyTests {
    private static let draft = #"{"name":"A","book":"B","country":"C"}"#
    private static let json = ("Content-Type", "application/json")
    private static let ndjson = ("Content-Type", "application/x-ndjson")

    private func post(
        _ body: String, _ path: String = "/authors", key: String?, as token: String, _ library: TestLibrary
    ) async throws -> TestReply {
        let key = key.map { [("Idempotency-Key", $0)] } ?? []
        return try await library.send("POST", path, headers: [bearer(token), Self.json] + key, body: Array(body.utf8))
    }

    /// The answer stays the same after the author was changed or deleted, and on either path.
    @Test func theSameRequestHasTheSameAnswer() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let first = try await post(Self.draft, key: "k", as: token, library)
        #expect(first.status == 201)
        #expect(first.header("location") == "/authors/1")
        library.time.advance(seconds: 60)
        // Validation makes this the same author.
        let spelt = #"{"country":" C ","book":"B","name":"A","booker_prize":false}"#
        #expect(try await post(spelt, "/author", key: "\"k\"", as: token, library).differences(from: first) == [])
        _ = try await library.send(
            "PATCH", "/authors/1", headers: [bearer(token), Self.json], body: Array(#"{"name":"Z"}"#.utf8))
        #expect(try await post(Self.draft, key: "k", as: token, library).differences(from: first) == [])
        _ = try await library.send("DELETE", "/authors/1", headers: [bearer(token)])
        #expect(try await post(Self.draft, key: "k", as: token, library).differences(from: first) == [])
        #expect(try library.count("author") == 0)
        #expect(try library.count("author_event") == 3)
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
        #expect(try library.count("author") == 1)
    }

    @Test func aKeyIsItsOwnersAlone() async throws {
        let library = try await TestLibrary()
        for name in ["ada", "bob"] {
            let reply = try await post(
                Self.draft, key: "k", as: try await library.login(name).token, library)
            #expect(reply.status == 201)
        }
        #expect(try library.count("author") == 2)
        _ = try await library.app.perform(OperatorRequest.delete("ada"))
        #expect(try library.count("idempotency_key") == 1)
    }

    /// A failed request has changed nothing, so its repeat is tried anew and may succeed.
    @Test(.onSQLite("ids have no gaps")) func aFailureIsNotKept() async throws {
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
        #expect(replies.allSatisfy { $0.status == 201 && $0.differences(from: replies[0]) == [] })
        #expect(try library.count("author") == 1)
    }

    /// A day before its time, too, the answer expires: a clock that is set back does not preserve it for longer.
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
        #expect(try library.count("idempotency_key") == 70)
        library.time.advance(seconds: 86400)
        library.time.pass(seconds: 86400)
        let later = try await library.login("ada").token
        _ = try await post(Self.draft, key: "new", as: later, library)
        #expect(try library.count("idempotency_key") == 7)
    }

    /// A clock that is a year ahead for a while deletes no stored answer.
    @Test(.onSQLite("the server's clock is trusted")) func aWrongClockTakesNoAnswerAway() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        #expect(try await post(Self.draft, key: "k", as: token, library).status == 201)
        library.time.advance(seconds: 365 * 86400)
        let later = try await library.login("ada").token
        _ = try await post(#"{"name":"N","book":"B","country":"C"}"#, key: "new", as: later, library)
        library.time.advance(seconds: -365 * 86400)
        #expect(try await post(Self.draft, key: "k", as: token, library).status == 201)
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
}
