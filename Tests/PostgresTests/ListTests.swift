import Shared
import TestSupport
import Testing

@testable import LibraryPostgres
@testable import LibraryStore

/// Lists are those of SQLite: rows, order and cursors.
@Suite(.serialized) struct ListTests {
    private static let names = [
        "Ada", "ada", "ADA", "Ádá", "a\u{308}da", "Ørsted", "orsted", "Émile", "村上", "Zoë", "zoe", "Ada Z",
        "Ada\u{2019}s",
    ]

    /// Many have equal keys, and some equal times. Another owner's lie between them.
    private func filled(_ random: inout SeededGenerator, count: Int = 240) async throws -> Twins {
        let twins = try await Twins()
        var known: Set<[UInt8]> = []
        for index in 0..<count {
            let owner: Int64 = random.chance(75) ? 1 : 2
            let name = random.chance(70) ? random.pick(Self.names) : random.text()
            let book = random.chance(40) ? random.pick(["B", "b", "Book", "bÓok"]) : random.text()
            let draft = AuthorDraft(
                StoredText.normalized(name), StoredText.normalized(book),
                random.pick(["UK", "uk", "Éire", "Eire", "日本"]),
                prize: random.chance(50))
            guard known.insert(Array("\(owner)\0\(draft.name)\0\(draft.book)".utf8)).inserted else { continue }
            let author = try await twins.create(draft, owner: owner, at: Int64(1000 + index / 5))
            guard random.chance(30) else { continue }
            var values = AuthorValues()
            values[text: .country] = "France"
            try await twins.update(author.id, values, owner: owner, at: Int64(1000 + index / 3))
        }
        return twins
    }

    @Test func eachOrderIsThatOfSQLite() async throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        let twins = try await filled(&random)
        for sort in AuthorSort.every {
            let all = try await twins.list(AuthorQuery(sort), "seed \(seed)")
            #expect(all.count > 100)
            for limit in [1, 7, all.count - 1, all.count, all.count + 1] {
                #expect(try await twins.list(AuthorQuery(sort, limit: limit), "seed \(seed)") == all)
            }
            #expect(try await twins.list(AuthorQuery(sort, limit: 10), owner: 2).count > 20)
            #expect(try await twins.list(AuthorQuery(sort), owner: 3).isEmpty)
        }
    }

    @Test func filtersAndSearchesAreThoseOfSQLite() async throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        let twins = try await filled(&random)
        var found = 0
        for _ in 0..<250 {
            var query = AuthorQuery(random.pick(AuthorSort.every), limit: random.pick([1, 3, 10, 1000]))
            if random.chance(40) { query.values[text: .name] = random.pick(Self.names) }
            if random.chance(30) { query.values[text: .book] = random.pick(["B", "b", "Book", "nothing"]) }
            if random.chance(30) { query.values[text: .country] = random.pick(["UK", "uk", "Eire", "France", ""]) }
            if random.chance(30) { query.values[flag: .bookerPrize] = random.chance(50) }
            if random.chance(30) { query.search = random.pick(["ad", "b", "ada b", "村", "zo ", "&", "", "1"]) }
            found += try await twins.list(query, owner: random.pick([1, 2]), "seed \(seed)").count
        }
        #expect(found > 500)
    }

    /// A cursor says where to go on, whether there is such an author or not.
    @Test func aCursorMayNameAnyPlace() async throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        let twins = try await filled(&random, count: 60)
        for _ in 0..<150 {
            let sort = random.pick(AuthorSort.every)
            let values = sort.fields.map { field -> ColumnValue in
                field.kind == .text
                    ? .text(random.pick([random.text(), random.pick(Self.names), "", "\u{1}'\"\\;--"]))
                    : .integer(random.pick([0, -1, 1005, .min, .max]))
            }
            let cursor = Cursor(sort: sort, id: random.pick([0, 1, 30, -5, .max, .min]), values: values)
            try await twins.list(AuthorQuery(sort, limit: 50, after: cursor.text), "seed \(seed)")
        }
    }

    @Test func aCursorOfAnotherListIsRefused() async throws {
        let twins = try await Twins()
        try await twins.create(AuthorDraft("A", "B"), at: 1)
        let name = Cursor(sort: AuthorSort(.name), id: 1, values: [.text("A"), .text("B")]).text
        for text in ["x", "", "WyJpZCIsImEiXQ", name] {
            for query in [
                AuthorQuery(after: text), AuthorQuery(AuthorSort(.name, bytewise: true), after: text),
                AuthorQuery(AuthorSort(.name, descending: true), after: text), AuthorQuery(after: text, search: "a"),
                AuthorQuery(after: text, at: .time(Twins.time(5))),
            ] {
                #expect(
                    await twins.both {
                        try await $0.requireList(query, owner: 1); return true
                    } _: {
                        try await $0.requireList(query, owner: 1); return true
                    }.failure?.contains("is not a cursor of this list") == true)
                try await twins.list(query)
            }
        }
    }

    @Test func aPageGoesOnWhereItEndedWhateverIsDeletedMeanwhile() async throws {
        let twins = try await Twins()
        for index in 1...6 { try await twins.create(AuthorDraft("A\(index)", "B"), at: Int64(index)) }
        let page = try await twins.postgres.authors(AuthorQuery(limit: 2), owner: 1, Dump.page)
        for id in [1, 2, 3] as [Int64] { try await twins.delete(id, at: 9) }
        #expect(try await twins.list(AuthorQuery(limit: 2, after: page.next)).map(\.id) == [4, 5, 6])
    }

    /// The longest texts, which the server cannot compress, and the longest keys.
    @Test func theLongestTextsHaveTheirIndexes() async throws {
        var random = SeededGenerator(seed: 5)
        let twins = try await Twins()
        func long() -> String {
            var scalars = String.UnicodeScalarView()
            while scalars.count < 200 {
                if let scalar = Unicode.Scalar(UInt32.random(in: 0x20000...0x2A6DF, using: &random)) {
                    scalars.append(scalar)
                }
            }
            return String(scalars)
        }
        for index in 0..<20 {
            try await twins.create(AuthorDraft(long(), long(), long()), at: Int64(index))
        }
        for scalar in ["ΐ", "\u{1E9E}", "\u{1D165}", "ﬃ", "İ", "ŉ", "각", "か゚"] as [String] {
            let text = StoredText.normalized(String(repeating: scalar, count: 100))
            try await twins.create(AuthorDraft(text, text, text), at: 30)
        }
        for sort in AuthorSort.every { #expect(try await twins.list(AuthorQuery(sort, limit: 3)).count == 28) }
        #expect(try await twins.list(AuthorQuery(search: "각각")).count == 1)
    }

    @Test func whatTheReaderThrowsComesOut() async throws {
        struct Enough: Error {}
        let twins = try await Twins()
        try await twins.create(AuthorDraft("A", "B"), at: 1)
        for query in [AuthorQuery(), AuthorQuery(search: "a"), AuthorQuery(at: .time(Twins.time(1)))] {
            await #expect(throws: Enough.self) {
                try await twins.postgres.authors(query, owner: 1) { _ in throw Enough() }
            }
            #expect(try await twins.postgres.authors(query, owner: 1, Dump.page).rows.count == 1)
        }
    }

    @Test func nothingIsAnsweredAtOnce() async throws {
        let library = try await TestStore()
        #expect(library.store.authorsAtOnce(AuthorQuery(), owner: 1) { _ in 1 } == nil)
    }
}
