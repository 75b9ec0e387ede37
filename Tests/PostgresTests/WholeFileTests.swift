import LibraryStore
import Shared
import Testing

@testable import LibraryPostgres

/// Atomic files and dry runs, in both engines.
struct WholeFileTests {
    private static func line(_ number: Int, _ rest: String = #""country":"C""#) -> String {
        #"{"name":"N\#(number)","book":"B",\#(rest)}"#
    }

    private static func lines(_ numbers: Range<Int>) -> String {
        numbers.map { line($0) }.joined(separator: "\n")
    }

    @Test(arguments: [
        BulkOptions(.fail, atomic: true), BulkOptions(.skip, atomic: true), BulkOptions(.update, atomic: true),
        BulkOptions(.fail, dryRun: true), BulkOptions(.skip, dryRun: true), BulkOptions(.update, dryRun: true),
        BulkOptions(.update, atomic: true, dryRun: true), BulkOptions(.fail, atomic: true, country: "D"),
        BulkOptions(.update, atomic: true, country: "D"),
    ])
    func theOutcomeIsThatOfSQLite(options: BulkOptions) async throws {
        let mirror = try await Mirror()
        let update = #""country":"X","booker_prize":true"#
        let files = [
            Self.lines(0..<700), Self.lines(600..<1300), Self.lines(0..<3) + "\n" + Self.line(1, update),
            Self.line(2000) + "\n" + Self.line(2000, update) + "\n" + Self.line(2001, #""country":null"#),
            (3000..<3600).map { Self.line($0) + "\n" + Self.line($0 - 1, update) }.joined(separator: "\n"),
            "nonsense\n" + Self.lines(4000..<4001), "", Self.lines(5000..<5001) + "\n" + Self.line(5000),
        ]
        for (number, text) in files.enumerated() {
            let results = await mirror.both { store in
                try await store.importFile(
                    text, options, import: "i\(number)", at: Int64(number) + 10,
                    clock: { Timestamp(milliseconds: Int64(number) + 100) })
            }
            let (expected, found) = (try results.sqlite.get(), try results.postgres.get())
            #expect([found.lines, found.failed, found.changes] == [expected.lines, expected.failed, expected.changes])
            #expect(found.faults.map(\.code) == expected.faults.map(\.code))
            #expect(found.isConflict == expected.isConflict && found.isRefused == expected.isRefused)
            if found.failed == 0 || !options.atomic {
                #expect(try found.list.map(\.outcome) == expected.list.map(\.outcome), "file \(number)")
                #expect(try found.list.map(\.line) == expected.list.map(\.line))
            }
            try mirror.check("\(options), file \(number)")
        }
    }

    @Test func aFileThatCannotBeReadChangesNothing() async throws {
        let mirror = try await Mirror()
        for text in ["", "name,book\nA,B\n"] {
            for store in [mirror.sqlite, mirror.postgres] as [any Store] {
                await #expect(throws: AuthorLines.Fault.self) {
                    _ = try await store.importFile(text, BulkOptions(.fail, atomic: true), .csv, at: 1)
                }
            }
        }
        try mirror.check("no header")
    }

    @Test func aHopelessFileEndsEarly() async throws {
        let mirror = try await Mirror()
        let text = String(repeating: "x\n", count: 5000)
        let reports = await mirror.both { try await $0.importFile(text, BulkOptions(.fail, atomic: true), at: 1) }
        #expect(try reports.postgres.get().faults == reports.sqlite.get().faults)
        #expect(try reports.postgres.get().faults.count == 100 && reports.postgres.get().lines == 100)
    }

    /// Not all of its events are kept.
    @Test(arguments: ["", line(0, #""country":"X""#), line(5, #""country":"X""#)])
    func aFileMayBeLargerThanTheHistory(end: String) async throws {
        let mirror = try await Mirror(history: HistoryLimit(events: 3))
        _ = await mirror.both { try await $0.importFile(Self.lines(0..<2), BulkOptions(.fail, atomic: true), at: 1) }
        for (number, text) in [Self.lines(0..<6) + "\n" + end, Self.lines(5..<9000)].enumerated() {
            _ = await mirror.both { store in
                _ = try await store.importFile(text, BulkOptions(.update, atomic: true), import: "i\(number)", at: 2)
                try await store.pruneHistory(onlyChanged: true, at: Timestamp(milliseconds: 2))
            }
            #expect(
                try mirror.library.rows(.authorEvent, ["sequence"]) == mirror.sqlite.rows(.authorEvent, ["sequence"]))
            #expect(try mirror.library.rows(.author, Mirror.author) == mirror.sqlite.rows(.author, Mirror.author))
        }
        try await mirror.postgres.pruneHistory(onlyChanged: true, at: Timestamp(milliseconds: 3))
        try await mirror.sqlite.pruneHistory(onlyChanged: true, at: Timestamp(milliseconds: 3))
        try mirror.check("pruned", isSameID: true)
    }

    @Test func theSameFileIsStoredOnce() async throws {
        let library = try await TestStore()
        try library.addUser(1)
        // Its results are kept in several parts.
        let text = Self.lines(0..<10_000)
        let options = BulkOptions(.fail, atomic: true)
        let first = try await library.store.importFile(text, options, key: "k", at: 1).list
        #expect(first.count == 10_000)
        #expect(try library.rows(.idempotencyKey, ["owner"]).count > 1)
        #expect(try await library.store.importFile(text, options, key: "k", at: 2).list == first)
        #expect(try library.rows(.author, ["id"]).count == 10_000)
        await #expect(throws: StoreError.keyReused) {
            _ = try await library.store.importFile(Self.line(1), options, key: "k", at: 3)
        }
        try library.checkRows("repeated file")
    }

    /// Another owner's writes go on, and the owner's own wait.
    @Test func onlyTheOwnerWaits() async throws {
        let library = try await TestStore()
        for user in 1...2 as ClosedRange<Int64> { try library.addUser(user) }
        let store = library.store
        let holder = try library.connect()
        try holder.run(.begin)
        try holder.run("SELECT FROM event_counter WHERE owner = 1 FOR UPDATE")
        async let report = store.importFile(Self.lines(0..<600), BulkOptions(.fail, atomic: true), at: 1)
        _ = try await store.create(AuthorDraft(name: "A", book: "B", country: "C", bookerPrize: false), owner: 2, at: 1)
        try holder.run(.commit)
        _ = try await store.create(AuthorDraft(name: "A", book: "B", country: "C", bookerPrize: false), at: 1)
        #expect(try await report.failed == 0)
        #expect(try library.rows(.author, ["id"]).count == 602)
        try library.checkRows("two owners")
    }

    @Test func aFileThatIsCancelledChangesNothing() async throws {
        let library = try await TestStore()
        try library.addUser(1)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await library.store.importFile(Self.lines(0..<1000), BulkOptions(.fail, atomic: true), at: 1)
        }
        await #expect(throws: StoreError.busy) { try await task.value }
        #expect(try library.rows(.author, ["id"]) == [] && library.rows(.authorEvent, ["id"]) == [])
    }
}
