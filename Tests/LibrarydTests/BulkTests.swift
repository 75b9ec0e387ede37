import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// Import and export of files of authors.
@Suite(.serialized) struct BulkTests {
    private static let line = #"{"name":"A","book":"B","country":"C"}"#

    @Test func eachLineHasItsResult() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let text = """
            \(Self.line)

            {"name":"A","book":"B2","country":"C","booker_prize":true}\r
            \(Self.line)
            {"name":"","book":"B","country":"C"}
            {"name":"A","book":"B","country":"C","contry":"x"}
            nonsense
            [1]
            {"id":7,"name":"N","book":"B","country":"C","booker_prize":false,"created_at":"x","updated_at":"y","version":9}
            """
        #expect(
            try await library.sendFile(text, as: token).results == [
                "1 created 1", "3 created 2", "4 failed author_exists", "5 failed invalid_fields",
                "6 failed invalid_fields", "7 failed invalid_json", "8 failed invalid_fields", "9 created 3",
            ])
        #expect(try await library.list(as: token) == ["A B C false 1", "A B2 C true 1", "N B C false 1"])
        let found = try await library.send("GET", "/authors?q=b2", headers: [bearer(token)]).page.authors
        #expect(found.map(\.book) == ["B2"])
    }

    @Test func aTableIsReadByItsHeader() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let text =
            "\u{FEFF}Country,name,BOOK,booker_prize\r\nUK,\"Doe, \"\"Jo\"\"\",B,yes\nUK,\"two\nlines\",B,\nUK,N,B\nUK,N,\"B\n"
        #expect(
            try await library.sendFile(text, type: "text/csv; charset=utf-8", as: token).results == [
                "2 created 1", "3 failed invalid_fields", "5 created 2", "6 failed invalid_csv",
            ])
        #expect(try await library.list(as: token) == [#"Doe, "Jo" B UK true 1"#, "N B UK false 1"])
    }

    @Test(arguments: [
        "", "name,book\nA,B\n", "name,book,country,name\nA,B,C,D\n", "name,book,country,shelf\nA,B,C,D\n",
    ])
    func aTableWithoutItsColumnsIsRefused(text: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let reply = try await library.sendFile(text, type: "text/csv", as: token)
        #expect(reply.status == 422)
        #expect(reply.code == "invalid_fields")
    }

    @Test(arguments: [
        ("", ["1 failed author_exists", "2 created 2"], ["A B C false 1", "A B2 C false 1"]),
        ("?on_conflict=skip", ["1 skipped 1", "2 created 2"], ["A B C false 1", "A B2 C false 1"]),
        ("?on_conflict=update", ["1 updated 1", "2 created 2"], ["A B X true 2", "A B2 C false 1"]),
        ("?dry_run=true&on_conflict=update", ["1 updated 1", "2 created 2"], ["A B C false 1"]),
        ("?dry_run=true", ["1 failed author_exists", "2 created 2"], ["A B C false 1"]),
        ("?atomic=true&on_conflict=skip", ["1 skipped 1", "2 created 2"], ["A B C false 1", "A B2 C false 1"]),
    ])
    func whatIsThereAlready(query: String, expected: [String], after: [String]) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        _ = try await library.create("A", "B", country: "C", as: token)
        let text =
            #"{"name":"A","book":"B","country":"X","booker_prize":true}"# + "\n"
            + #"{"name":"A","book":"B2","country":"C"}"#
        #expect(try await library.sendFile(text, query, as: token).results == expected)
        #expect(try await library.list(as: token) == after)
        #expect(try library.sqlite.readers.read { try Inspection($0, searchIndex: true) }.faults == [])
    }

    @Test(arguments: [
        "?atomic=yes", "?atomic=true&atomic=true", "?on_conflict=", "?dryrun=true", "?limit=5", "?atomic=%zz",
    ])
    func otherQueriesAreRefused(query: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let reply = try await library.sendFile(Self.line, query, as: token)
        #expect(reply.status == 400)
        #expect(reply.code == "invalid_query")
        #expect(try await library.list(as: token) == [])
    }

    /// The lines before the limit are stored, and the last result says that the file is too large.
    @Test func aFileThatIsTooLargeEnds() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let filler = String(repeating: " ", count: 500_000)
        let text = Self.line + "\n" + String(repeating: filler + "\n", count: 140)
        let reply = try await library.send(
            "POST", "/authors", headers: [bearer(token), ("Content-Type", "application/x-ndjson")],
            body: Array(text.utf8)
        ) {}.results
        #expect(reply.first == "1 created 1")
        #expect(reply.last?.hasSuffix("failed body_too_large") == true)
        #expect(try await library.sendFile(text, "?atomic=true", as: token).status == 413)
    }

    @Test func aLineWithoutAnEndIsOneFault() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let text = String(repeating: "x", count: 3 << 20) + "\n" + Self.line
        #expect(try await library.sendFile(text, as: token).results == ["1 failed invalid_json", "2 created 1"])
    }

    @Test func whoIsLoggedOutMeanwhileStoresNothing() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let text = (0..<2000).map { #"{"name":"N\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n")
        let reply = try await library.send(
            "POST", "/authors", headers: [bearer(token), ("Content-Type", "application/x-ndjson")],
            body: Array(text.utf8)
        ) {
            _ = try await library.app.perform(OperatorRequest.disable("ada"))
        }
        let lines = try reply.results
        #expect(lines.count == 2000)
        #expect(lines.last == "2000 failed token_revoked")
        #expect(try await library.store.users().first?.authors ?? 0 < 2000)
    }

    // MARK: Out

    @Test(arguments: [
        ("application/x-ndjson", true), ("text/csv", true), ("text/csv;q=0.9, */*", false),
        ("application/json, text/csv", false), ("*/*", false), ("text/html", false),
        ("text/csv;q=0.5, application/json;q=0.9", false), ("application/json;q=0.1, text/csv", true),
        ("text/csv;q=0, */*", false), ("application/json;q=0, */*", true), ("text/*", true), ("application/*", false),
        ("text/csv;q=0.9, application/x-ndjson;q=0.8, */*;q=0.1", true), ("text/csv, */*", true),
        ("TEXT/CSV ; q=1.000", true), ("", false),
        ("text/html, application/xhtml+xml, application/xml;q=0.9, image/avif, */*;q=0.8", false),
        ("application/json;q=0.999, text/csv", true), ("*/*, text/csv", true), ("text/csv, application/json", true),
        ("text/csv;q=2, application/json;q=x", true), ("application/json;version=1, text/csv;q=0.9", false),
    ])
    func aListIsAFileForWhoWantsOne(accept: String, isFile: Bool) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let reply = try await library.send("GET", "/authors", headers: [bearer(token), ("Accept", accept)])
        #expect(reply.status == 200)
        #expect((reply.header("content-type") != "application/json") == isFile)
        #expect(reply.header("vary") == "Accept")
    }

    /// What a client refuses is not sent.
    @Test(arguments: ["application/json;q=0", "*/*;q=0", "application/json;q=0.000, application/x-ndjson;q=0"])
    func aListHasNoOtherForms(accept: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let reply = try await library.send("GET", "/authors", headers: [bearer(token), ("Accept", accept)])
        #expect(reply.code == "not_acceptable")
        #expect(reply.status == 406)
        #expect(reply.header("vary") == "Accept")
    }

    /// Also of a reply that is not sent again.
    @Test func aListSaysWhatItDependsOn() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let list = try await library.send("GET", "/authors", headers: [bearer(token)])
        let tag = try #require(list.header("etag"))
        let again = try await library.send("GET", "/authors", headers: [bearer(token), ("If-None-Match", tag)])
        #expect(again.status == 304)
        #expect(again.header("vary") == "Accept")
    }

    /// An exported file can be imported, whatever characters its fields have.
    @Test(arguments: ["application/x-ndjson", "text/csv"])
    func whatGoesOutComesInAgain(type: String) async throws {
        let library = try await TestLibrary()
        let (ada, bob) = (try await library.login("ada").token, try await library.login("bob").token)
        for name in ["Doe, \"Jo\"", "$(touch x)", "'", "\\", "é\u{202E}", "  x", "=1+1", "\u{1F4DA}"] {
            _ = try await library.create(name, "B", prize: true, as: ada)
        }
        let many = (0..<2500).map { #"{"name":"N\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n")
        _ = try await library.sendFile(many, as: ada)
        let file = try await library.send("GET", "/authors?sort=name", headers: [bearer(ada), ("Accept", type)])
        #expect(file.header("cache-control") == "no-store")
        let stored = try await library.send(
            "POST", "/authors", headers: [bearer(bob), ("Content-Type", type)], body: file.body)
        #expect(try stored.results.filter { !$0.contains(" created ") } == [])
        let again = try await library.send("GET", "/authors?sort=name", headers: [bearer(bob), ("Accept", type)])
        func fields(_ reply: TestReply) throws -> [[UInt8]] {
            var lines = AuthorLines(type == "text/csv" ? .csv : .ndjson, unknownMembers: .rejected)
            lines.append(reply.body)
            var all: [[UInt8]] = []
            while let line = try lines.next(atEnd: true) { all.append(try line.entry.get().json) }
            return all
        }
        #expect(try fields(file).count == 2508)
        #expect(try fields(again) == fields(file))
    }

    @Test(arguments: ["?limit=5", "?after=x", "?sort=shelf"])
    func aFileHasTheWholeList(query: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let reply = try await library.send("GET", "/authors" + query, headers: [bearer(token), ("Accept", "text/csv")])
        #expect(reply.status == 400)
        #expect(reply.code == "invalid_query")
    }
}
