import Foundation
import GRDB
import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// Files of authors that are sent again, with the same `Idempotency-Key`.
@Suite(.serialized) struct RepeatedFileTests {
    /// Lines that were stored are not stored again, and the import goes on after them.
    @Test func aFileGoesOnWhereItBrokeOff() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let whole = TestLibrary.lines(0..<1300)
        // The part that came before the connection was lost: two batches.
        let part = try await library.sendFile(TestLibrary.lines(0..<1024), key: "k", as: token).results
        #expect(part.count == 1024)
        let again = try await library.sendFile(whole, key: "k", as: token)
        #expect(try again.results == (1...1300).map { "\($0) created \($0)" })
        #expect(try library.count("author") == 1300)
        #expect(try await library.sendFile(whole, key: "k", as: token).differences(from: again) == [])
        #expect(try library.count("author_event") == 1300)
        let without = try await library.sendFile(whole, key: nil, as: token).results
        #expect(without.allSatisfy { $0.hasSuffix("author_exists") })
    }

    /// The lines of a batch that has not come whole are stored with the rest of it, when the file comes again: whoever
    /// lost the connection never has the answer for a part of a batch.
    @Test(arguments: [(700, 654), (1500, 800), (1500, 1400), (300, 200)])
    func aFileGoesOnInTheMiddleOfABatch(count: Int, cut: Int) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let (whole, came) = (TestLibrary.lines(0..<count), TestLibrary.lines(0..<cut))
        let connection = try await TestConnection(library)
        try await connection.send(
            """
            POST /authors HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\nIdempotency-Key: k\r
            Content-Type: application/x-ndjson\r\nContent-Length: \(whole.utf8.count)\r\n\r\n\(came)\n
            """)
        let stored = cut - cut % 512
        try await wait(until: "the whole batches of the file") { try library.count("author") == stored }
        try await connection.close()
        let again = try await library.sendFile(whole, key: "k", as: token)
        #expect(try again.results == (1...count).map { "\($0) created \($0)" })
        #expect(try library.count("author") == count)
        #expect(try await library.sendFile(whole, key: "k", as: token).differences(from: again) == [])
    }

    /// An older daemon made its digest from lines with all fields.
    @Test(arguments: ["", "?on_conflict=skip"])
    func aFileThatCameBeforeAnUpgradeIsNotRefused(query: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let items = query.isEmpty ? "" : query
        let request = IdempotentRequest(
            "k", "authors",
            content: Array(
                (items + "\n1 " + #"{"name":"A","book":"B","country":"C","booker_prize":false}"#).utf8))
        let reply = Array(#"{"line":1,"outcome":"created","id":7}"#.utf8) + [0x0A]
        let now = library.time.now
        try await library.sqlite.writer.write { db in
            try SQLiteStore.keep(db, reply: reply, to: request, owner: 1, at: now)
        }
        let again = try await library.sendFile(
            #"{"name":"A","book":"B","country":"C"}"#, query, key: "k", as: token)
        #expect(try again.results == ["1 created 7"])
        #expect(try library.count("author") == 0)
    }

    /// A batch of which nothing was stored leaves no answer behind, and lines that cannot be read take no room in the
    /// answer to the others.
    @Test func failuresTakeNoRoom() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let nonsense = String(repeating: "x\n", count: 1024)
        let refused = try await library.sendFile(nonsense, key: "k", as: token)
        #expect(try refused.results.allSatisfy { $0.hasSuffix("failed invalid_json") })
        #expect(try library.count("idempotency_key") == 0)
        let mixed =
            "x\n" + TestLibrary.lines(0..<2) + "\n{}\n" + TestLibrary.lines(1..<2) + "\n"
            + String(repeating: "x\n", count: 400)
        let first = try await library.sendFile(mixed, key: "m", as: token)
        #expect(
            try first.results.prefix(5) == [
                "1 failed invalid_json", "2 created 1", "3 created 2", "4 failed invalid_fields",
                "5 failed author_exists",
            ])
        #expect(try await library.sendFile(mixed, key: "m", as: token).differences(from: first) == [])
        let size = try library.sqlite.readers.read {
            try Int.fetchOne($0, sql: "SELECT sum(length(reply)) FROM idempotency_key")
        }
        #expect(try #require(size) < 400)
    }

    @Test func anotherFileIsRefused() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        _ = try await library.sendFile(TestLibrary.lines(0..<1024), key: "k", as: token)
        let files = [
            ("", TestLibrary.lines(1..<1025)), ("", TestLibrary.lines(0..<5)),
            ("?on_conflict=skip", TestLibrary.lines(0..<1024)),
        ]
        for (query, other) in files {
            let reply = try await library.sendFile(other, query, key: "k", as: token)
            #expect(reply.status == 422)
            #expect(reply.code == "idempotency_key_reused")
        }
        // A difference in a later batch can be reported only there.
        let later = try await library.sendFile(
            TestLibrary.lines(0..<512) + "\n" + TestLibrary.lines(5000..<5003), key: "k", as: token
        ).results
        #expect(later.prefix(512) == (1...512).map { "\($0) created \($0)" }[...])
        #expect(later.dropFirst(512).allSatisfy { $0.hasSuffix("failed idempotency_key_reused") })
        #expect(later.count == 515)
        #expect(try library.count("author") == 1024)
    }

    @Test func allOrNothingIsOneRequest() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let path = "?atomic=true"
        let bad = TestLibrary.lines(0..<600) + "\nnonsense"
        #expect(try await library.sendFile(bad, path, key: "k", as: token).status == 422)
        let good = TestLibrary.lines(0..<600)
        let first = try await library.sendFile(good, path, key: "k", as: token)
        #expect(try first.results.count == 600)
        #expect(try await library.sendFile(good, path, key: "k", as: token).differences(from: first) == [])
        let other = try await library.sendFile(TestLibrary.lines(0..<599), path, key: "k", as: token)
        #expect(other.code == "idempotency_key_reused")
        #expect(try library.count("idempotency_key") == 1)
    }

    /// A long answer is stored in parts, and the repeat gets the same answer.
    @Test func aLongAnswerIsKeptWhole() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let path = "?atomic=true"
        let file = TestLibrary.lines(0..<20_000)
        let first = try await library.sendFile(file, path, key: "k", as: token)
        #expect(try first.results == (1...20_000).map { "\($0) created \($0)" })
        #expect(try library.count("idempotency_key") > 2)
        #expect(try await library.sendFile(file, path, key: "k", as: token).differences(from: first) == [])
        #expect(try library.count("author") == 20_000)
        // The same bytes with another type or other parameters are another request.
        for (path, type) in [
            (path, "text/csv"), (path + "&on_conflict=skip", "application/x-ndjson"), ("", "application/x-ndjson"),
        ] {
            let reply = try await library.sendFile(file, path, type: type, key: "k", as: token)
            #expect(reply.code == "idempotency_key_reused", "\(path)")
        }
    }

    @Test(.onSQLite("ids have no gaps")) func aDryRunKeepsNothing() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        for _ in 0..<2 {
            let reply = try await library.sendFile(TestLibrary.lines(0..<3), "?dry_run=true", key: "k", as: token)
            #expect(try reply.results == ["1 created 1", "2 created 2", "3 created 3"])
        }
        #expect(try library.count("idempotency_key") == 0)
    }
}
