import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// Atomic imports and dry runs.
@Suite(.serialized) struct WholeFileTests {
    private static let line = #"{"name":"A","book":"B","country":"C"}"#

    @Test(arguments: [
        ("nonsense", 422, "invalid_fields"), (line, 409, "author_exists"), (#"{"name":1}"#, 422, "invalid_fields"),
    ])
    func allOrNothing(bad: String, status: Int, code: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let good = TestLibrary.lines(0..<2000)
        _ = try await library.create("A", "B", as: token)
        let reply = try await library.sendFile([good, bad, good].joined(separator: "\n"), "?atomic=true", as: token)
        #expect(reply.status == status)
        #expect(reply.code == code)
        #expect(try reply.problem.errors.first?.field == "line 2001")
        #expect(try await library.list(as: token).count == 1)
        let right = try await library.sendFile(good, "?atomic=true", as: token)
        #expect(try right.results.count == 2000)
    }

    /// The file and its results are longer than what is held in memory.
    @Test(arguments: ["?atomic=true", "?dry_run=true"])
    func aLongFileIsOneTransaction(query: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let (before, _) = (try library.files, try await library.sendFile(Self.line, as: token))
        let reply = try await library.sendFile(TestLibrary.lines(0..<20_000), query, as: token)
        #expect(try reply.results == (1...20_000).map { "\($0) created \($0 + 1)" })
        #expect(reply.body.count > 2 * SpooledFile.largestPiece)
        #expect(reply.header("content-length") == String(reply.body.count))
        #expect(
            try await library.store.users().map(\.authors) == [query.contains("dry") ? 1 : 20_001])
        #expect(try library.sqlite.readers.read { try Inspection($0, searchIndex: true) }.faults == [])
        #expect(try library.files == before)
    }

    /// An atomic import reports a hundred faults, and does not read the rest of the file.
    @Test func aHopelessFileEndsEarly() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let problem = try await library.sendFile(
            Self.line + "\n" + String(repeating: "x\n", count: 5000), "?atomic=true", as: token
        ).problem
        #expect(problem.errors.count == 100)
        #expect(problem.errors.last?.field == "line 101")
        #expect(problem.detail == "100 lines or more cannot be stored, so none was")
        #expect(try await library.list(as: token) == [])
        // A dry run reports each fault.
        let trial = try await library.sendFile(String(repeating: "x\n", count: 5000), "?dry_run=true", as: token)
        #expect(try trial.results.count == 5000)
    }

    /// A file that comes slowly does not extend the access that its token gave.
    @Test(arguments: ["", "?atomic=true"], [20, 40])
    func aTokenEndsWhileAFileComes(query: String, late: Int) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let reply = try await library.send(
            "POST", "/authors" + query, headers: [bearer(token), ("Content-Type", "application/x-ndjson")],
            body: Array((Self.line + "\n").utf8)
        ) { library.time.advance(seconds: 1800 + Int64(late)) }
        let isTaken = late < 30
        #expect(try library.count("author") == (isTaken ? 1 : 0))
        if query.isEmpty {
            #expect(try reply.results == [isTaken ? "1 created 1" : "1 failed token_expired"])
        } else {
            #expect(reply.status == (isTaken ? 200 : 401))
        }
    }

    /// Each import in batches has lines in memory, for as long as its client likes.
    @Test func thereAreOnlySoManyImports() async throws {
        let library = try await TestLibrary()
        let (ada, bob) = (try await library.login("ada").token, try await library.login("bob").token)
        @Sendable func status(_ token: String, others: Int) async throws -> Int {
            try await library.send(
                "POST", "/authors", headers: [bearer(token), ("Content-Type", "application/x-ndjson")],
                body: Array((Self.line + "\n").utf8)
            ) {
                if others < 0 { return }
                let next = try await status(ada, others: others - 1)
                #expect(next == (others > 0 ? 200 : 503))
                if others == 0 {
                    let another = try await status(bob, others: -1)
                    #expect(another == 200)
                }
            }.status
        }
        #expect(try await status(ada, others: 15) == 200)
    }

    /// Each such file takes room on the disk, and seconds of the writer, so a user may send only two at once.
    @Test func thereAreOnlySoManyFiles() async throws {
        let library = try await TestLibrary()
        let (ada, bob) = (try await library.login("ada").token, try await library.login("bob").token)
        @Sendable func send(_ token: String, _ meanwhile: @escaping @Sendable () async throws -> Void) async throws
            -> TestReply
        {
            try await library.send(
                "POST", "/authors?dry_run=true", headers: [bearer(token), ("Content-Type", "application/x-ndjson")],
                body: Array((Self.line + "\n").utf8), meanwhile: meanwhile)
        }
        let outer = try await send(ada) {
            let inner = try await send(ada) {
                let third = try await send(ada) {}
                #expect(third.status == 503)
                #expect(third.code == "busy")
                #expect(third.header("retry-after") == "1")
                #expect(try await send(bob) {}.status == 200)
            }
            #expect(inner.status == 200)
            #expect(try await send(ada) {}.status == 200)
        }
        #expect(outer.status == 200)
        // A file that was refused does not count any more either.
        for _ in 0..<5 {
            #expect(try await library.sendFile("x", "?atomic=true", as: ada).status == 422)
        }
    }

    /// A daemon that stops cancels a long transaction.
    @Test func aFileThatIsCancelledChangesNothing() async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        let store = try library.sqlite
        let contents = SpooledFile(folder: library.folder.path)
        try contents.append(Array(TestLibrary.lines(0..<1000).utf8))
        let now = library.time.now
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            var options = BulkOptions()
            options.atomic = true
            return try await store.createAuthors(of: contents, .ndjson, owner: 1, options: options, at: now)
        }
        let failure = await #expect(throws: StoreError.self) { try await task.value }
        #expect(failure == .busy)
        #expect(try library.count("author") == 0)
        #expect(try library.count("author_event") == 0)
    }

    /// Two bytes of a file can make a hundred bytes of results, so the results have a limit.
    @Test func anAnswerHasAnEnd() throws {
        let library = TemporaryFolder()
        var report = BulkReport(SpooledFile(folder: library.path), isAtomic: false, longest: 1 << 20)
        let failure = #expect(throws: StoreError.self) {
            while true { try report.add(BulkResult(line: 1, failed: .invalidJSON, "not JSON")) }
        }
        #expect(failure?.code == .bodyTooLarge)
        #expect(report.results.count <= 1 << 20 + 100)
    }

    /// The folder of the library, where the file is gathered, is missing.
    @Test func aFileThatCannotBeGatheredChangesNothing() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let text = TestLibrary.lines(0..<20_000)
        try library.hideFolder(true)
        let reply = try await library.sendFile(text, "?atomic=true", as: token)
        try library.hideFolder(false)
        #expect(reply.status == 503)
        #expect(reply.code == "storage_unavailable")
        #expect(reply.header("retry-after") == "1")
        #expect(try await library.sendFile(text, "?atomic=true", as: token).results.count == 20_000)
    }
}
