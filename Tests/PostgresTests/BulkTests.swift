import LibraryStore
import Shared
import Testing

@testable import LibraryPostgres

/// Batches of lines, in both engines.
struct BulkTests {
    private static func line(_ name: String, _ book: String = "B", _ rest: String = #""country":"C""#) -> String {
        #"{"name":"\#(name)","book":"\#(book)",\#(rest)}"#
    }

    private static let lines = [
        line("A"), line("B"), line("A"), "nonsense", line("C", "", #""country":"C""#),
        line("A", "B", #""country":"X""#),
        line("D", "B", #""booker_prize":true"#), line("D", "B", #""country":"Y""#), line("D", "B", #""country":"Z""#),
        line("A", "B", #""booker_prize":true"#), line("Ørsted's \\\\ 'book'", "村上"), line("a"),
        line("A\u{301}"), line("\u{C1}"), line("A", "B", #""country":"X""#),
    ].joined(separator: "\n")

    @Test(arguments: [
        BulkOptions(.fail), BulkOptions(.skip), BulkOptions(.update), BulkOptions(.fail, country: "Default"),
        BulkOptions(.skip, country: "Default"), BulkOptions(.update, country: "Default"),
    ])
    func eachLineHasItsResult(options: BulkOptions) async throws {
        let mirror = try await Mirror()
        for (time, text) in [(10, Self.line("B", "B", #""country":"Old""#)), (20, Self.lines), (30, Self.lines)] {
            let results = await mirror.both { try await $0.importLines(text, options, import: "i", at: Int64(time)) }
            let (expected, found) = (try results.sqlite.get(), try results.postgres.get())
            #expect(found.map(\.shown) == expected.map(\.shown))
            #expect(found == expected)
        }
        try mirror.check("\(options)", isSameID: true)
    }

    /// The same author in each line, more often than lines go to the server at once.
    @Test func oneAuthorAgainAndAgain() async throws {
        let mirror = try await Mirror()
        let text = (0..<1500).map { Self.line("A", "B", #""country":"C\#($0 / 2)""#) }.joined(separator: "\n")
        let results = await mirror.both { try await $0.importLines(text, BulkOptions(.update), at: 5) }
        #expect(try results.postgres.get() == results.sqlite.get())
        try mirror.check("updates", isSameID: true)
    }

    @Test func theSameRequestIsPerformedOnce() async throws {
        let library = try await TestStore()
        try library.addUser(1)
        let text = [Self.line("A"), "nonsense", Self.line("B")].joined(separator: "\n")
        let first = try await library.store.importLines(text, key: "k", at: 1)
        #expect(try await library.store.importLines(text, key: "k", at: 2) == first)
        #expect(first.map(\.outcome) == ["created", "failed", "created"])
        #expect(try library.rows(.author, ["name"]) == [["A"], ["B"]])
        await #expect(throws: StoreError.keyReused) {
            _ = try await library.store.importLines(Self.line("C"), key: "k", at: 3)
        }
        // What changed nothing is not kept.
        _ = try await library.store.importLines("nonsense", key: "n", at: 4)
        #expect(try library.rows(.idempotencyKey, ["owner"]).count == 1)
    }

    /// Two daemons store the same lines, in another order each.
    @Test func twoDaemonsStoreEachAuthorOnce() async throws {
        let library = try await TestStore()
        try library.addUser(1)
        let other = try await PostgresStore(try DatabaseURL(library.url), folder: "/tmp", secret: TestStore.secret)
        defer { other.close() }
        for round in 0..<5 {
            let lines = (0..<300).map { Self.line("N\($0)", "B\(round)") }
            let texts = [lines, lines.reversed()].map { $0.joined(separator: "\n") }
            let options = BulkOptions(round.isMultiple(of: 2) ? .skip : .fail)
            async let first = library.store.importLines(texts[0], options, import: "i", at: 1)
            async let second = other.importLines(texts[1], options, import: "i", at: 1)
            let created = try await (first + second).filter { $0.outcome == "created" }
            #expect(Set(created.map(\.id)).count == 300 && created.count == 300)
        }
        #expect(try library.rows(.author, ["id"]).count == 1500)
        #expect(try library.rows(.origin, ["import"]) == [["i"]])
        try library.checkRows("two daemons")
    }

    @Test func whoWasDeletedStoresNothing() async throws {
        let library = try await TestStore()
        await #expect(throws: StoreError.ownerDeleted) {
            _ = try await library.store.importLines(Self.line("A"), at: 1)
        }
    }

    /// The server has made its plans and its statistics before the owner had an author, and while there were few.
    @Test func aNewUserSendsALargeFile() async throws {
        let library = try await TestStore()
        for user in 1...2 as ClosedRange<Int64> { try library.addUser(user) }
        let connection = try library.connect()
        for round in 0..<12 {
            _ = try await library.store.importLines(
                Self.line("A", "B", #""country":"\#(round)""#), BulkOptions(.update), owner: 2, at: 1)
            if round != 6 { continue }
            for table in ["author", "author_event"] {
                try connection.run(Statement("VACUUM ANALYZE \(table)"))
                try connection.run(Statement("ALTER TABLE \(table) SET (autovacuum_enabled = false)"))
            }
        }
        // With a plan that reads all of the owner's rows for each line, a batch ends at the server's limit of a
        // statement.
        for country in ["C", "X"] {
            for batch in 0..<30 {
                let lines = (0..<512).map { Self.line("N\(batch)-\($0)", "B", #""country":"\#(country)""#) }
                _ = try await library.store.importLines(lines.joined(separator: "\n"), BulkOptions(.update), at: 1)
            }
        }
        try library.checkRows("a large file")
    }
}
