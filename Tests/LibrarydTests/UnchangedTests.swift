import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// A change to the same values changes neither version nor time, and makes no event.
@Suite(.serialized) struct UnchangedTests {
    private func begun() async throws -> (library: TestLibrary, token: String, author: Author) {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let author = try await library.create("Ren\u{E9}", "B", country: "C", prize: true, as: token)
        library.time.advance(seconds: 60)
        return (library, token, author)
    }

    @Test(arguments: [
        #"{"country":"C"}"#, #"{"booker_prize":true}"#, #"{"name":" Rene\u0301 ","book":"B"}"#,
        #"{"name":"Ren\u00e9","book":"B","country":"C","booker_prize":true}"#,
    ])
    func aPatchToTheSame(body: String) async throws {
        let (library, token, author) = try await begun()
        let list = try await library.send("GET", "/authors", headers: [bearer(token)])
        let reply = try await library.patch(1, body, as: token)
        #expect(reply.status == 200)
        #expect(reply.header("etag") == "\"1-1\"")
        #expect(
            try AuthorReply(json: reply.body, unknownMembers: .rejected) == AuthorReply("author unchanged", author))
        #expect(try library.count("author_event") == 1)
        let after = try await library.send("GET", "/authors", headers: [bearer(token)])
        #expect(after.differences(from: list) == [])
    }

    /// The version is checked before the values are compared.
    @Test func ifMatchIsHonoured() async throws {
        let (library, token, _) = try await begun()
        for (tag, status) in [("\"1-2\"", 412), ("W/\"1-1\"", 412), ("\"1-1\"", 200), ("*", 200)] {
            let reply = try await library.patch(1, #"{"country":"C"}"#, headers: [("If-Match", tag)], as: token)
            #expect(reply.status == status)
        }
        #expect(try library.count("author_event") == 1)
    }

    @Test(arguments: ["?on_conflict=update", "?on_conflict=update&atomic=true", "?on_conflict=update&dry_run=true"])
    func aLineToTheSame(query: String) async throws {
        let (library, token, author) = try await begun()
        let text = [
            #"{"name":"Ren\u00e9","book":"B","country":"C","booker_prize":true}"#, #"{"name":"Ren\u00e9","book":"B"}"#,
            #"{"name":"N","book":"B","country":"C"}"#, #"{"name":"N","book":"B","country":"C"}"#,
            #"{"name":"N","book":"B","country":"D"}"#,
        ].joined(separator: "\n")
        #expect(
            try await library.sendFile(text, query, key: "k", as: token).results == [
                "1 unchanged 1", "2 unchanged 1", "3 created 2", "4 unchanged 2", "5 updated 2",
            ])
        let after = try await library.send("GET", "/authors/1", headers: [bearer(token)])
        #expect(after.body == author.json)
        #expect(try library.count("author_event") == (query.contains("dry_run") ? 1 : 3))
        #expect(try library.sqlite.readers.read { try Inspection($0, searchIndex: true) }.faults == [])
    }

    /// The answer to a file that changed nothing is not stored.
    @Test func aFileThatChangesNothingTakesNoRoom() async throws {
        let (library, token, _) = try await begun()
        for _ in 0..<2 {
            let reply = try await library.sendFile(
                #"{"name":"Ren\u00e9","book":"B"}"#, "?on_conflict=update", key: "k", as: token)
            #expect(try reply.results == ["1 unchanged 1"])
        }
        #expect(try library.count("idempotency_key") == 0)
    }
}
