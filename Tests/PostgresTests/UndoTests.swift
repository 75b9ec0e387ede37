import LibraryStore
import Shared
import Testing

@testable import LibraryPostgres

/// Taking changes back, in both engines.
struct UndoTests {
    private static func draft(_ name: String, _ country: String = "UK") -> AuthorDraft {
        AuthorDraft(name: name, book: "B", country: country, bookerPrize: false)
    }

    private static func patch(_ name: String? = nil, country: String? = nil) -> AuthorPatch {
        var values = AuthorValues()
        (values[text: .name], values[text: .country]) = (name, country)
        return AuthorPatch(values)
    }

    private func update(_ store: any Store, _ id: Int64, _ patch: AuthorPatch, at now: Int64) async throws {
        _ = try await store.updateAuthor(
            id: id, owner: 1, from: nil, patch, ifVersion: { _ in true }, at: Timestamp(milliseconds: now))
    }

    private func delete(_ store: any Store, _ id: Int64, at now: Int64) async throws {
        _ = try await store.deleteAuthor(
            id: id, owner: 1, from: nil, ifVersion: { _ in true }, at: Timestamp(milliseconds: now))
    }

    /// A report without the epoch.
    private static func shown(_ report: UndoReport) -> String {
        var report = report
        report.eventID = String(report.eventID.dropFirst(16))
        return String(decoding: report.json, as: UTF8.self)
    }

    /// Undoes the same in both, first as a dry run.
    /// - Returns: the report of a dry run and of what is done, or the errors, which are the same for both.
    private func undo(_ mirror: Mirror, _ request: UndoRequest, at now: Int64) async throws -> [String] {
        var reports: [String] = []
        for isTrial in [true, false] {
            let results = await mirror.both { store in
                var request = request
                request.dryRun = isTrial
                request.event = try request.event.map { try "\(mirror.epoch(store))-\($0)" }
                return Self.shown(try await store.undo(request, at: now))
            }
            #expect(results.sqlite == results.postgres)
            switch results.postgres {
            case .success(let report): reports.append(report)
            case .failure(let error): reports.append("\(error)")
            }
        }
        try mirror.check("\(request)")
        return reports
    }

    @Test func eachKindOfChangeIsTakenBack() async throws {
        let mirror = try await Mirror()
        for store in [mirror.sqlite, mirror.postgres] as [any Store] {
            _ = try await store.create(Self.draft("A"), at: 1)
            try await update(store, 1, Self.patch(country: "Eire"), at: 2)
            try await delete(store, 1, at: 3)
        }
        let trial = try await undo(mirror, UndoRequest(last: 1), at: 4)
        #expect(trial[0].contains("nothing was changed") && trial[1].contains("changes undone"))
        let refused = try await undo(mirror, UndoRequest(event: "2"), at: 5)
        #expect(refused[1].contains("has changed since"))
        for (last, time) in [(3, 6), (5, 7), (1, 8), (9, 9)] {
            _ = try await undo(mirror, UndoRequest(last: Int64(last)), at: Int64(time))
        }
        for request in [UndoRequest(event: "0"), UndoRequest(event: "70"), UndoRequest(importID: "other")] {
            #expect(try await undo(mirror, request, at: 10)[1].contains("ound"))
        }
        var request = UndoRequest(last: 1)
        request.expectedEvent = "0123456789abcdef-1"
        #expect(try await undo(mirror, request, at: 11)[1].contains("libraryChanged"))
    }

    @Test func aWholeImportIsTakenBackOrNone() async throws {
        let mirror = try await Mirror()
        let lines = (0..<1500).map { #"{"name":"N\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n")
        for store in [mirror.sqlite, mirror.postgres] as [any Store] {
            _ = try await store.create(Self.draft("N1", "Old"), at: 1)
            _ = try await store.importFile(lines, BulkOptions(.update, atomic: true), import: "i", at: 2)
            try await update(store, 2, Self.patch(country: "Mine"), at: 3)
        }
        #expect(try await undo(mirror, UndoRequest(importID: "i"), at: 4)[1].contains("has changed since"))
        var request = UndoRequest(importID: "i")
        request.force = true
        #expect(try await undo(mirror, request, at: 5)[1].contains(#""deleted":1498"#))
        #expect(try await undo(mirror, UndoRequest(last: 1499), at: 6)[1].contains(#""created":1498"#))
    }

    /// Authors that swap their names, and a name that another author has by now.
    @Test func namesAreFreedBeforeTheyAreTaken() async throws {
        let mirror = try await Mirror()
        for store in [mirror.sqlite, mirror.postgres] as [any Store] {
            for name in ["X", "Y"] { _ = try await store.create(Self.draft(name), at: 1) }
            for (id, name) in [(1, "T"), (2, "X"), (1, "Y")] as [(Int64, String)] {
                try await update(store, id, Self.patch(name), at: 2)
            }
        }
        #expect(try await undo(mirror, UndoRequest(last: 3), at: 3)[1].contains(#""updated":2"#))
        for store in [mirror.sqlite, mirror.postgres] as [any Store] {
            try await delete(store, 1, at: 4)
            try await update(store, 2, Self.patch("X"), at: 5)
        }
        #expect(try await undo(mirror, UndoRequest(event: "8"), at: 6)[1].contains("that author 2 has"))
        #expect(try await undo(mirror, UndoRequest(last: 2), at: 7)[1].contains(#""created":1"#))
    }

    @Test func whatIsNoLongerKeptIsNotUndone() async throws {
        let mirror = try await Mirror(history: HistoryLimit(events: 3))
        let lines = (0..<4).map { #"{"name":"N\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n")
        for store in [mirror.sqlite, mirror.postgres] as [any Store] {
            _ = try await store.importLines(lines, import: "i", at: 2)
            try await store.pruneHistory(onlyChanged: false, at: Timestamp(milliseconds: 3))
        }
        for request in [UndoRequest(importID: "i"), UndoRequest(last: 4), UndoRequest(event: "1")] {
            #expect(try await undo(mirror, request, at: 4)[1].contains("historyGone"))
        }
        #expect(try await undo(mirror, UndoRequest(last: 3), at: 5)[1].contains(#""deleted":3"#))
        #expect(try await undo(mirror, UndoRequest(last: 100), at: 5)[1].contains("fewerChanges(7)"))
    }

    @Test func theSameRequestIsPerformedOnce() async throws {
        let library = try await TestStore()
        try library.addUser(1)
        for name in ["A", "B", "C"] { _ = try await library.store.create(Self.draft(name), at: 1) }
        let first = try await library.store.undo(UndoRequest(last: 1), key: "k", at: 2)
        #expect(try await library.store.undo(UndoRequest(last: 1), key: "k", at: 3) == first)
        #expect(try library.rows(.author, ["name"]) == [["A"], ["B"]])
        await #expect(throws: StoreError.keyReused) {
            _ = try await library.store.undo(UndoRequest(last: 2), key: "k", at: 4)
        }
    }

    /// Two daemons take the same changes back at once.
    @Test func twoDaemonsUndoOneAfterTheOther() async throws {
        let library = try await TestStore()
        try library.addUser(1)
        let other = try await PostgresStore(try DatabaseURL(library.url), folder: "/tmp", secret: TestStore.secret)
        defer { other.close() }
        for number in 0..<300 { _ = try await library.store.create(Self.draft("N\(number)"), at: 1) }
        for _ in 0..<10 {
            // The second one takes back what the first one did.
            async let first = library.store.undo(UndoRequest(last: 300), at: 2)
            async let second = other.undo(UndoRequest(last: 300), at: 3)
            #expect(try await [first, second].map(\.undone) == [300, 300])
            try library.checkRows("undo")
        }
        #expect(try library.rows(.author, ["id"]).count == 300)
    }
}

extension Mirror {
    func epoch(_ store: any Store) throws -> String {
        guard store is SQLiteStore else {
            let connection = try library.connect()
            defer { connection.close() }
            return try connection.text("SELECT epoch FROM library") ?? ""
        }
        return try sqlite.rows(.library, ["epoch"])[0][0]
    }
}
