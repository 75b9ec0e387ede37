import Shared
import Testing

@testable import TestSupport
@testable import libraryd

/// Files of authors, in and out.
@Suite(.serialized) struct BulkTests {
    private func send(
        _ text: String, _ query: String = "", type: String = "application/x-ndjson", as token: String,
        _ library: TestLibrary
    ) async throws -> TestReply {
        try await library.send(
            "POST", "/authors" + query, headers: [bearer(token), ("Content-Type", type)], body: Array(text.utf8))
    }

    private func results(_ reply: TestReply) throws -> [String] {
        #expect(reply.status == 200)
        #expect(reply.header("content-type") == "application/x-ndjson")
        return try reply.body.split(separator: UInt8(ascii: "\n")).map {
            let result = try BulkResult(json: Array($0), unknownMembers: .rejected)
            return "\(result.line) \(result.outcome) \(result.code?.rawValue ?? result.id.map(String.init) ?? "")"
        }
    }

    private func list(_ token: String, _ library: TestLibrary) async throws -> [String] {
        try await library.send("GET", "/authors?limit=1000", headers: [bearer(token)]).page.authors.map {
            "\($0.name) \($0.book) \($0.country) \($0.bookerPrize) \($0.version)"
        }
    }

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
            try results(try await send(text, as: token, library)) == [
                "1 created 1", "3 created 2", "4 failed author_exists", "5 failed invalid_fields",
                "6 failed invalid_fields", "7 failed invalid_json", "8 failed invalid_fields", "9 created 3",
            ])
        #expect(try await list(token, library) == ["A B C false 1", "A B2 C true 1", "N B C false 1"])
        let found = try await library.send("GET", "/authors?q=b2", headers: [bearer(token)]).page.authors
        #expect(found.map(\.book) == ["B2"])
    }

    @Test func aTableIsReadByItsHeader() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let text =
            "\u{FEFF}Country,name,BOOK,booker_prize\r\nUK,\"Doe, \"\"Jo\"\"\",B,yes\nUK,\"two\nlines\",B,\nUK,N,B\nUK,N,\"B\n"
        #expect(
            try results(try await send(text, type: "text/csv; charset=utf-8", as: token, library)) == [
                "2 created 1", "3 failed invalid_fields", "5 failed invalid_json", "6 failed invalid_json",
            ])
        #expect(try await list(token, library) == [#"Doe, "Jo" B UK true 1"#])
    }

    @Test(arguments: [
        "", "name,book\nA,B\n", "name,book,country,name\nA,B,C,D\n", "name,book,country,shelf\nA,B,C,D\n",
    ])
    func aTableWithoutItsColumnsIsRefused(text: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let reply = try await send(text, type: "text/csv", as: token, library)
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
        #expect(try results(try await send(text, query, as: token, library)) == expected)
        #expect(try await list(token, library) == after)
        #expect(try library.app.store.readers.read { try Inspection($0) }.faults == [])
    }

    @Test(arguments: [
        ("nonsense", 422, "invalid_fields"), (line, 409, "author_exists"), (#"{"name":1}"#, 422, "invalid_fields"),
    ])
    func allOrNothing(bad: String, status: Int, code: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let good = (0..<2000).map { #"{"name":"N\#($0)","book":"B","country":"C"}"# }
        _ = try await library.create("A", "B", as: token)
        let reply = try await send((good + [bad] + good).joined(separator: "\n"), "?atomic=true", as: token, library)
        #expect(reply.status == status)
        #expect(reply.code == code)
        #expect(try reply.problem.errors.first?.field == "line 2001")
        #expect(try await list(token, library).count == 1)
        let right = try await send(good.joined(separator: "\n"), "?atomic=true", as: token, library)
        #expect(try results(right).count == 2000)
    }

    /// More than is kept in memory, in and out.
    @Test(arguments: ["?atomic=true", "?dry_run=true"])
    func aLongFileIsOneTransaction(query: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let (before, _) = (try library.files, try await send(Self.line, as: token, library))
        let lines = (1...20_000).map { #"{"name":"N\#($0)","book":"B","country":"C"}"# }
        let reply = try await send(lines.joined(separator: "\n"), query, as: token, library)
        #expect(try results(reply) == (1...20_000).map { "\($0) created \($0 + 1)" })
        #expect(reply.body.count > 2 * Spool.largestPiece)
        #expect(reply.header("content-length") == String(reply.body.count))
        #expect(
            try await library.app.store.users().map(\.authors) == [query.contains("dry") ? 1 : 20_001])
        #expect(try library.app.store.readers.read { try Inspection($0) }.faults == [])
        #expect(try library.files == before)
    }

    /// A hundred faults are told of, and the rest of a hopeless file is not looked at.
    @Test func aHopelessFileEndsEarly() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let problem = try await send(
            Self.line + "\n" + String(repeating: "x\n", count: 5000), "?atomic=true", as: token, library
        ).problem
        #expect(problem.errors.count == 100)
        #expect(problem.errors.last?.field == "line 101")
        #expect(problem.detail == "100 lines or more cannot be stored, so none was.")
        #expect(try await list(token, library) == [])
        // A trial is told of each.
        let trial = try await send(String(repeating: "x\n", count: 5000), "?dry_run=true", as: token, library)
        #expect(try results(trial).count == 5000)
    }

    /// Two bytes of a file make a hundred of its answer.
    @Test func anAnswerHasAnEnd() throws {
        let library = TemporaryFolder()
        var report = BulkReport(Spool(folder: library.path), isAtomic: false, longest: 1 << 20)
        let failure = #expect(throws: Failure.self) {
            while true { try report.add(BulkResult(line: 1, failed: .invalidJSON, "not JSON")) }
        }
        #expect(failure?.code == .bodyTooLarge)
        #expect(report.results.count <= 1 << 20 + 100)
    }

    /// Where the library has no room for it, or no folder any more.
    @Test func aFileThatCannotBeGatheredChangesNothing() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let text = (1...20_000).map { #"{"name":"N\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n")
        try library.hideFolder(true)
        let reply = try await send(text, "?atomic=true", as: token, library)
        try library.hideFolder(false)
        #expect(reply.status == 503)
        #expect(reply.code == "storage_unavailable")
        #expect(reply.header("retry-after") == "1")
        #expect(try results(try await send(text, "?atomic=true", as: token, library)).count == 20_000)
    }

    @Test(arguments: [
        "?atomic=yes", "?atomic=true&atomic=true", "?on_conflict=", "?dryrun=true", "?limit=5", "?atomic=%zz",
    ])
    func otherQueriesAreRefused(query: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let reply = try await send(Self.line, query, as: token, library)
        #expect(reply.status == 400)
        #expect(reply.code == "invalid_query")
        #expect(try await list(token, library) == [])
    }

    /// What is too large is stored as far as it came, and told of in the last line.
    @Test func aFileThatIsTooLargeEnds() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let filler = String(repeating: " ", count: 500_000)
        let text = Self.line + "\n" + String(repeating: filler + "\n", count: 140)
        let reply = try results(
            try await library.send(
                "POST", "/authors", headers: [bearer(token), ("Content-Type", "application/x-ndjson")],
                body: Array(text.utf8)
            ) {})
        #expect(reply.first == "1 created 1")
        #expect(reply.last?.hasSuffix("failed body_too_large") == true)
        #expect(try await send(text, "?atomic=true", as: token, library).status == 413)
    }

    @Test func aLineWithoutAnEndIsOneFault() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let text = String(repeating: "x", count: 3 << 20) + "\n" + Self.line
        #expect(try results(try await send(text, as: token, library)) == ["1 failed invalid_json", "2 created 1"])
    }

    @Test func whoIsLoggedOutMeanwhileStoresNothing() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let text = (0..<2000).map { #"{"name":"N\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n")
        let reply = try await library.send(
            "POST", "/authors", headers: [bearer(token), ("Content-Type", "application/x-ndjson")],
            body: Array(text.utf8)
        ) {
            _ = try await library.app.perform(OperatorRequest(.disable, name: "ada"))
        }
        let lines = try results(reply)
        #expect(lines.count == 2000)
        #expect(lines.last == "2000 failed token_revoked")
        #expect(try await library.app.store.users().first?.authors ?? 0 < 2000)
    }

    // MARK: Out

    @Test(arguments: [
        ("application/x-ndjson", true), ("text/csv", true), ("text/csv;q=0.9, */*", true),
        ("application/json, text/csv", false), ("*/*", false), ("text/html", false),
    ])
    func aListIsAFileForWhoWantsOne(accept: String, isFile: Bool) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let reply = try await library.send("GET", "/authors", headers: [bearer(token), ("Accept", accept)])
        #expect(reply.status == 200)
        #expect((reply.header("content-type") != "application/json") == isFile)
    }

    /// What goes out comes in again, whatever is in it.
    @Test(arguments: ["application/x-ndjson", "text/csv"])
    func whatGoesOutComesInAgain(type: String) async throws {
        let library = try await TestLibrary()
        let (ada, bob) = (try await library.login("ada").token, try await library.login("bob").token)
        for name in ["Doe, \"Jo\"", "$(touch x)", "'", "\\", "é\u{202E}", "  x", "=1+1", "\u{1F4DA}"] {
            _ = try await library.create(name, "B", prize: true, as: ada)
        }
        let many = (0..<2500).map { #"{"name":"N\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n")
        _ = try await send(many, as: ada, library)
        let file = try await library.send("GET", "/authors?sort=name", headers: [bearer(ada), ("Accept", type)])
        #expect(file.header("cache-control") == "no-store")
        let stored = try await library.send(
            "POST", "/authors", headers: [bearer(bob), ("Content-Type", type)], body: file.body)
        #expect(try results(stored).filter { !$0.contains(" created ") } == [])
        #expect(try await list(bob, library).sorted().prefix(1000) == list(bob, library).sorted().prefix(1000))
        let again = try await library.send("GET", "/authors?sort=name", headers: [bearer(bob), ("Accept", type)])
        func fields(_ reply: TestReply) throws -> [[UInt8]] {
            var lines = AuthorLines(type == "text/csv" ? .csv : .ndjson, unknownMembers: .rejected)
            lines.append(reply.body)
            var all: [[UInt8]] = []
            while let line = try lines.next(atEnd: true) { all.append(try line.draft.get().json) }
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
