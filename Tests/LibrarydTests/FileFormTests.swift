import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// Bodies of `POST /authors` as other programs write them.
@Suite(.serialized) struct FileFormTests {
    @Test(
        arguments: [
            ("text/csv", "\u{FEFF}\"name\",\"book\",\"country\"\r\n\"A\",\"B\",\"C\"\r\n", ["A B C false 1"]),
            ("text/csv", "sep=;\r\nname;book;country;Booker Prize\r\nA;\"B\" ;C;t;\r\n;;;\r\n", ["A B C true 1"]),
            ("text/csv", "name,book,country\rA,B,C\r\u{1A}", ["A B C false 1"]),
            (
                "application/x-ndjson",
                "{\"name\":\"A\",\n\"book\":1984,\n\"country\":\"C\",\"booker_prize\":\"yes\"}\n", ["A 1984 C true 1"]
            ),
            ("application/ndjson", "[{\"name\":\"A\",\"book\":\"B\",\"country\":\"C\"}]", ["A B C false 1"]),
            ("application/jsonl", "{\"name\":\"A\u{A0}A\",\"book\":\"B\",\"country\":\"C\"}", ["A A B C false 1"]),
            (
                "Application/JSONLines; charset=utf-8",
                "{\"name\":\"A\",\"book\":\"B\",\"country\":\"C\",\"booker_prize\":0}", ["A B C false 1"]
            ),
        ] as [(String, String, [String])])
    func whatIsMeantIsRead(type: String, text: String, expected: [String]) async throws {
        for query in ["", "?atomic=true"] {
            let library = try await TestLibrary()
            let token = try await library.login("ada").token
            let reply = try await library.sendFile(text, query, type: type, as: token)
            #expect(reply.status == 200, "\(reply.text)")
            #expect(try await library.list(as: token) == expected, "\(reply.text)")
        }
    }

    /// Each kind of bad line has a code of its own.
    @Test func badLinesHaveTheirCodes() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        func results(_ type: String, _ body: [UInt8]) async throws -> [String] {
            try await library.send(
                "POST", "/authors?dry_run=true", headers: [bearer(token), ("Content-Type", type)], body: body
            ).results
        }
        let csv = Array("name,book,country\n\"A\"x,B,C\nA,".utf8) + [0xE9] + Array(",C\nA,B,C,D\n,B,C\n".utf8)
        #expect(
            try await results("text/csv", csv) == [
                "2 failed invalid_csv", "3 failed invalid_encoding", "4 failed invalid_csv", "5 failed invalid_fields",
            ])
        let json = Array("{\"name\":\"".utf8) + [0xE9] + Array("\"}\n{nonsense}\n{}\n".utf8)
        #expect(
            try await results("application/x-ndjson", json) == [
                "1 failed invalid_encoding", "2 failed invalid_json", "3 failed invalid_fields",
            ])
    }

    /// A header that is no text in UTF-8 is told of as such, not as a missing column.
    @Test(
        arguments: [[0xE9, 0x2C, 0x62, 0x0A], [0x6E, 0, 0x2C, 0, 0x0A, 0], [0x50, 0x4B, 3, 4, 0xFF, 0x0A]] as [[UInt8]])
    func aHeaderThatIsNoTextIsTold(body: [UInt8]) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let reply = try await library.send(
            "POST", "/authors", headers: [bearer(token), ("Content-Type", "text/csv")], body: body)
        #expect(reply.status == 400)
        #expect(reply.code == "invalid_encoding")
    }

    /// One author as JSON is read strictly: no text stands for a boolean, and no number for a text.
    @Test(arguments: [
        #"{"name":"A","book":"B","country":"C","booker_prize":"true"}"#, #"{"name":"A","book":1984,"country":"C"}"#,
        #"{"Name":"A","book":"B","country":"C"}"#,
    ])
    func oneAuthorIsReadStrictly(body: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let reply = try await library.send(
            "POST", "/authors", headers: [bearer(token), ("Content-Type", "application/json")], body: Array(body.utf8))
        #expect(reply.status == 422)
    }

    /// Spaces of other kinds are spaces wherever an author is written or looked for.
    @Test func spacesOfOtherKindsAreSpaces() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let first = try await library.create("Ann\u{A0}Able", "B", as: token)
        #expect(first.name == "Ann Able")
        let reply = try await library.sendFile(
            "name,book,country\nAnn\u{2007}Able,B,C\n", type: "text/csv", as: token)
        #expect(try reply.results == ["2 failed author_exists"])
        let found = try await library.send("GET", "/authors?name=Ann%C2%A0Able", headers: [bearer(token)]).page.authors
        #expect(found.map(\.id) == [first.id])
    }

    @Test(arguments: ["application/ndjson", "application/jsonl", "application/jsonlines", "application/x-jsonlines"])
    func aListIsGivenUnderEveryName(accept: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let reply = try await library.send("GET", "/authors", headers: [bearer(token), ("Accept", accept)])
        #expect(reply.status == 200)
        #expect(reply.header("content-type") == "application/x-ndjson")
    }
}
