import GRDB
import Shared
import TestSupport
import Testing

@testable import LibraryStore

/// The order of lists and the search compare texts without regard to case and accents, by the same rules.
@Suite(.serialized) struct FoldingTests {
    @Test(arguments: [
        ("", ""), ("Zadie Smith", "zadie smith"), ("J. M. Coetzee", "j. m. coetzee"), ("ÉMILE Zola", "emile zola"),
        ("Ørsted", "orsted"), ("Łódź", "lodz"), ("Straße STRASSE", "strasse strasse"), ("Ægir œuvre", "aegir oeuvre"),
        ("Đokić", "dokic"), ("IĞDIR ığdır İğdir", "igdir igdir igdir"), ("Þórr Ðún", "thorr dun"), ("ﬁn", "fin"),
        ("Ǽ", "ae"), ("Ąžuolas", "azuolas"), ("Việt Nam", "viet nam"), ("ΣΊΣΥΦΟΣ σίσυφος", "σισυφοσ σισυφοσ"),
        ("Ёлка", "елка"), ("Йод Чайка", "йод чайка"), ("ＡＢＣ１", "abc1"), ("が か ガ", "が か ガ"),
        ("한강", "한강"), ("कमलेश", "कमलेश"), ("ไทย", "ไทย"), ("村上春樹", "村上春樹"), ("e\u{301}\u{302}", "e"),
        ("क़", "क़"), ("\u{1D5BA}", "\u{1D5BA}"), ("O’Brien", "o’brien"),
    ])
    func aKeyIsTheTextWithoutCaseAndAccents(text: String, key: String) {
        #expect(Array(Folding.key(text).unicodeScalars) == Array(key.unicodeScalars))
        #expect(Folding.key(Folding.key(text)) == Folding.key(text))
    }

    /// Where a key is not stored, SQLite makes it.
    @Test func aKeyIsStoredOrMadeBySQLite() throws {
        let queue = try DatabaseQueue()
        try queue.writeWithoutTransaction { db in
            let made = try db.makeStatement(sql: "SELECT coalesce(?2, lower(?1))")
            for value in (1...0x1FFFF as ClosedRange<UInt32>) {
                guard let scalar = Unicode.Scalar(value) else { continue }
                let text = "A\(scalar)Z"
                let key = try String.fetchOne(made, arguments: [text, Folding.keyUnlessLower(text)]) ?? ""
                if !key.utf8.elementsEqual(Folding.key(text).utf8) { Issue.record("U+\(String(value, radix: 16))") }
            }
        }
    }

    @Test func aKeyThatSQLiteWouldCutOffIsStored() {
        #expect(Folding.keyUnlessLower("A\0Z") == "a\0z")
    }

    @Test func mostKeysAreNotStored() async throws {
        let folder = TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/library.db")
        defer { store.close() }
        func now(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }
        try await store.createUser(publicID: "p", name: "ada", passwordHash: "h", by: .operator, at: now(1))
        for name in ["Zadie SMITH", "Ørsted", "村上春樹", "Åsa"] {
            let draft = AuthorDraft(name: name, book: "Émile", country: "UK", bookerPrize: false)
            _ = try await store.createAuthor(draft, owner: 1, at: now(2))
        }
        var values = AuthorValues()
        values[text: .name] = "Oersted"
        _ = try await store.updateAuthor(
            id: 2, owner: 1, AuthorPatch(values), ifVersion: { _ in true }, at: now(3))
        let rows = try store.readers.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT name_folded, name_key, book_folded, book_key, country_folded, country_key, changed_at, updated_at
                    FROM author ORDER BY id
                    """
            ).map { row in (0..<8).map { row[$0].map { "\($0)" } ?? "-" }.joined(separator: " ") }
        }
        #expect(
            rows == [
                "- zadie smith emile emile - uk - 2", "- oersted emile emile - uk 3 3", "- 村上春樹 emile emile - uk - 2",
                "asa asa emile emile - uk - 2",
            ])
    }

    /// Whatever the text, its key is a fixed point, and does not depend on the form in which the text is composed.
    @Test func aKeyIsItsOwnKey() {
        for value in (0...0x10FFFF as ClosedRange<UInt32>) {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let key = Folding.key(String(scalar))
            let again = Folding.key(key)
            if !again.utf8.elementsEqual(key.utf8) { Issue.record("U+\(String(value, radix: 16))") }
        }
    }

    @Test(arguments: [
        ("Wolf Hall", ["wolf", "hall"]), ("O’Brien's", ["o", "brien", "s"]), ("Catch-22", ["catch", "22"]),
        ("村上春樹 1Q84", ["村", "上", "春", "樹", "1q84"]), ("한강", ["한", "강"]), ("¡?& –", []), ("", []),
        ("कमलेश्वर दास", ["कमलेश्वर", "दास"]), ("a村b", ["a", "村", "b"]), ("½ x² Ⅷ", ["½", "x²", "ⅷ"]),
    ])
    func wordsAreRunsOfLetters(text: String, words: [String]) {
        #expect(Folding.words(text).map(String.init) == words)
    }

    /// Texts of ASCII take another way to the index, with the same result.
    @Test func wordsOfASCIIAreThoseOfAnyText() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let length = Int.random(in: 0...20, using: &random)
            let text = String(
                decoding: (0..<length).map { _ in UInt8.random(in: 0..<0x80, using: &random) }, as: UTF8.self)
            let words = Folding.words(text).map { "7:" + $0 }.joined(separator: " ")
            #expect(Folding.asciiWords(text, prefix: "7:") == words, "\(text.debugDescription)")
            #expect(SearchIndex.words(text, owner: 7) == words)
            #expect(Folding.asciiWords(text + "é", prefix: "7:") == nil)
        }
    }

    private func filled(_ names: [String]) async throws -> (TestLibrary, String) {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let other = try await library.login("bob").token
        for name in names {
            _ = try await library.create(name, "B", country: name, as: token)
            _ = try await library.create(name, "B", as: other)
        }
        return (library, token)
    }

    private func names(_ query: String, _ library: TestLibrary, _ token: String) async throws -> [String] {
        let items = query.split(separator: "&").map { item in
            let parts = item.split(separator: "=", maxSplits: 1)
            return parts[0] + "=" + PercentEncoding.encode(String(parts[1]))
        }
        var path: String? = "/authors?limit=3&" + items.joined(separator: "&")
        var names: [String] = []
        while let current = path {
            let reply = try await library.send("GET", current, headers: [bearer(token)])
            names += try reply.page.authors.map(\.name)
            path = reply.header("link").map { String($0.dropFirst().prefix { $0 != ">" }) }
        }
        return names
    }

    @Test func namesAreSortedAsPeopleSort() async throws {
        let names = ["Zadie Smith", "anne b", "Émile Zola", "emily", "Örjan", "Anne", "anne", "Ørsted", "orff", "ANNE"]
        let (library, token) = try await filled(names)
        let sorted = [
            "ANNE", "Anne", "anne", "anne b", "Émile Zola", "emily", "orff", "Örjan", "Ørsted", "Zadie Smith",
        ]
        for sort in ["name", "name:asc"] { #expect(try await self.names("sort=\(sort)", library, token) == sorted) }
        #expect(try await self.names("sort=name:desc", library, token) == sorted.reversed())
        // Equal countries are in the order of their ids.
        let byCountry = sorted.filter { $0.lowercased() != "anne" }
        #expect(
            try await self.names("sort=country", library, token) == ["Anne", "anne", "ANNE"] + byCountry)
        let bytes = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        #expect(try await self.names("sort=name:bytes", library, token) == bytes)
        #expect(try await self.names("sort=country:bytes:desc", library, token) == bytes.reversed())
        // A filter compares exactly.
        #expect(try await self.names("name=anne", library, token) == ["anne"])
        #expect(try await self.names("country=ANNE&sort=book", library, token) == ["ANNE"])
    }

    @Test(arguments: [
        ("orsted", "Ørsted"), ("ØRSTED", "Ørsted"), ("lodz", "Łódź"), ("strasse", "Straße"), ("STRAẞE", "Straße"),
        ("aegir", "Ægir"), ("dokic", "Đokić"), ("春樹", "村上春樹"), ("村上", "村上春樹"), ("上春", "村上春樹"),
        ("강", "한강"), ("ทย", "ไทย"), ("カミ", "ムカミ"), ("brien", "O'Brien"), ("o'bri", "O'Brien"),
        ("O’Brien", "O'Brien"), ("σισυφ", "Σίσυφος"), ("ｏｒｓｔｅｄ", "Ørsted"), ("कमल", "कमलेश"),
    ])
    func aSearchFindsThemWithoutTheirAccents(search: String, name: String) async throws {
        let (library, token) = try await filled([
            "Ørsted", "Łódź", "Straße", "Ægir", "Đokić", "村上春樹", "村田沙耶香", "한강", "ไทย", "ムカミ", "O'Brien", "Brian O",
            "Σίσυφος", "कमलेश",
        ])
        #expect(try await names("q=\(search)", library, token) == [name])
    }

    @Test(arguments: ["樹春", "春村", "rsted", "강한", "1", "o brien bob", "7:o", "1:orsted", "-", "sted"])
    func nothingElseIsFound(search: String) async throws {
        let (library, token) = try await filled(["Ørsted", "村上春樹", "한강", "O'Brien"])
        #expect(try await names("q=\(search)", library, token) == [])
    }

    /// The index knows which words an author has, and not that they follow each other in one text.
    @Test(arguments: [
        "", "sort=id:desc&", "sort=name&", "sort=name:desc&", "country=C&", "sort=name&country=C&booker_prize=false&",
    ])
    func aPhraseIsInOneText(query: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        for (name, book) in [
            ("Brian O", "Brien"), ("Brien", "O"), ("O", "Brien"), ("Brien O", "X"), ("O X Brien", "X"),
        ] {
            _ = try await library.create(name, book, country: "C", as: token)
        }
        // The other text has the words as well, in another order.
        let found = ["A O'Brien", "B o brien", "C O-Briens"]
        for name in found { _ = try await library.create(name, "Brien O", country: "C", as: token) }
        _ = try await library.create("D", "The O’Brien", country: "C", as: token)
        let expected = query.contains("desc") ? ["D"] + found.reversed() : found + ["D"]
        #expect(try await names(query + "q=o'brien", library, token) == expected)
        #expect(try await names(query + "q=o'brien 'o", library, token) == expected)
    }
}
