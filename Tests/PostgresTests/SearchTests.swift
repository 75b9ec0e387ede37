import Shared
import TestSupport
import Testing

@testable import LibraryPostgres
@testable import LibraryStore

/// A search finds what it finds in SQLite.
@Suite(.serialized) struct SearchTests {
    private func twins(_ authors: [(String, String)]) async throws -> Twins {
        let twins = try await Twins()
        for (index, author) in authors.enumerated() {
            try await twins.create(AuthorDraft(author.0, author.1), owner: 1, at: Int64(index))
            try await twins.create(AuthorDraft(author.1, author.0), owner: 2, at: Int64(index))
        }
        return twins
    }

    @Test func bothFindTheSame() async throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        var authors: [(String, String)] = []
        var known: Set<[UInt8]> = []
        while authors.count < 150 {
            let author = (random.text(atMost: 20), random.text(atMost: 20))
            if known.insert(Array((author.0 + "\0" + author.1).utf8)).inserted,
                known.insert(Array((author.1 + "\0" + author.0).utf8)).inserted
            {
                authors.append(author)
            }
        }
        let twins = try await twins(authors)
        let texts = authors.flatMap { [$0.0, $0.1] }
        var (found, nothing) = (0, 0)
        for _ in 0..<1200 {
            let parts = (0..<random.pick([1, 1, 1, 2, 3])).map { _ in random.query(from: texts) }
            let query = AuthorQuery(search: parts.joined(separator: random.pick([" ", "", "\u{3000}", "\t", "\0"])))
            let rows = try await twins.list(query, owner: random.pick([1, 2]), "seed \(seed), q=\(parts)")
            found += rows.count
            if rows.isEmpty { nothing += 1 }
        }
        #expect(found > 1000 && nothing > 100)
    }

    @Test func signsAreNoOperators() async throws {
        let twins = try await Twins()
        let names = [
            "O'Brien", "a", "b", "a b", "a & b", "a | b", "!a", "(a) b", "a:b", "x\\y", "\\'", "AT&T", "c++", "c#",
            "'quoted'", "\"b\"", "<->", "a<->b", "or", "near", "name a", "²", "字字", "🙂", "1/a", "1:a",
        ]
        for (index, name) in names.enumerated() {
            for owner in [1, 2] as [Int64] {
                try await twins.create(AuthorDraft(name, "Book \(index) it's"), owner: owner, at: Int64(index))
            }
        }
        let searches = [
            "'", "\\", "\"", "''", "\\'", "' | 'x", "a' | 'b", "a & b", "a|b", "!a", "(a", "a)", "a:*", "*", "a:B",
            ":", "1:a", "1/a", "a <-> b", "<2>", "-", "a\\", "NEAR(a b)", "a OR b", "name:a", "$1", "%", "", " ", "²",
            "\u{345}", "\u{301}", "\u{200D}", "🙂", "a\u{345}", "字\u{301}字", "O'Brien", "obrien", "o brien", "AT&T",
            "c++", "c#", "x\\y", "it's \"b\"",
        ]
        for search in searches {
            for sort in [AuthorSort(), AuthorSort(.name, descending: true)] {
                for owner in [1, 2] as [Int64] { try await twins.list(AuthorQuery(sort, search: search), owner: owner) }
            }
        }
    }

    /// `tsvector` keeps 256 positions of a word.
    @Test func aCharacterMayBeRepeatedTwoHundredTimes() async throws {
        let many = String(repeating: "字", count: 200)
        let most = String(repeating: "字", count: 199)
        let letters = Array(repeating: "a", count: 99).joined(separator: " ")
        let twins = try await twins([
            (many, most + "甲"), (most + "乙", many), (most + "丙", most + "丁"), ("甲字", "字甲字"),
            (letters + " b", letters + " c"),
            (letters, "b c"), ("甲", String(repeating: "字甲", count: 100)),
        ])
        let searches = [
            "字甲", "字乙", "字丙", "字丁", "甲字", "乙字", "字", many, most + "甲", most + "丁", many + "丁", "字字丁", "甲字甲字", "丙 丁",
            "a-b", "a-c", "a-a-b", letters.replacing(" ", with: "-") + "-b", "b-c", "c-b", "a", letters, letters + " c",
            String(repeating: "字甲", count: 100), String(repeating: "甲字", count: 100),
        ]
        for search in searches {
            for owner in [1, 2] as [Int64] { try await twins.list(AuthorQuery(search: search), owner: owner) }
        }
        #expect(try await twins.list(AuthorQuery(search: "字甲")).count == 3)
        #expect(try await twins.list(AuthorQuery(search: most + "丁")).count == 1)
        #expect(try await twins.list(AuthorQuery(search: letters.replacing(" ", with: "-") + "-c")).count == 1)
    }

    @Test func aPhraseEndsWithItsText() async throws {
        let twins = try await twins([("Anna Burns", "Milkman"), ("Milkman Anna", "Burns")])
        #expect(try await twins.list(AuthorQuery(search: "burns-milk")).isEmpty)
        #expect(try await twins.list(AuthorQuery(search: "anna-burn")).count == 1)
        #expect(try await twins.list(AuthorQuery(search: "burn milk ann")).count == 2)
    }

    @Test func aSearchFollowsChanges() async throws {
        let twins = try await twins([("Hilary Mantel", "Wolf Hall"), ("Hilary", "Bodies")])
        var values = AuthorValues()
        values[text: .book] = "Beyond Black"
        try await twins.update(1, values, at: 5)
        for (search, count) in [("wolf", 0), ("beyond", 1), ("hilary", 2)] {
            #expect(try await twins.list(AuthorQuery(search: search)).count == count)
        }
        try await twins.delete(1, at: 6)
        #expect(try await twins.list(AuthorQuery(search: "hilary")).count == 1)
    }

    /// The longest queries.
    @Test func aSearchMayHaveAHundredWords() async throws {
        let twins = try await twins([("Wolf", "Hall"), ("W", "H")])
        for search in [
            String(repeating: "w ", count: 99) + "h", String(repeating: "字", count: 200),
            (0..<66).map { String(Unicode.Scalar(UInt8(0x30 + $0))) + "w" }.joined(separator: " "),
        ] {
            try await twins.list(AuthorQuery(search: search))
        }
        #expect(try await twins.list(AuthorQuery(search: String(repeating: "w ", count: 99) + "h")).count == 2)
    }

    @Test func aPhraseIsAskedForOnce() {
        let query = Words.query(Search.phrases("a b-c a B-C ä"), owner: 7)
        #expect(query == "('7/a':* | '7:a':*) & ('7/b' <-> '7/c':* | '7:b' <-> '7:c':*)")
        #expect(Words.query(Search.phrases("& '"), owner: 7) == nil)
        #expect(Words.vector(name: "O'Brien", book: "字 a", owner: 7) == "'7/o':1 '7/brien':2 '7:字':1 '7:a':2")
    }
}
