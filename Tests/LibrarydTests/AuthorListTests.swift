import Shared
import TestSupport
import Testing

@Suite(.serialized) struct AuthorListTests {
    /// Authors in the order of their ids.
    private static let library: [(name: String, book: String, country: String, prize: Bool)] = [
        ("Hilary Mantel", "Wolf Hall", "UK", true), ("Hilary Mantel", "Bring Up the Bodies", "UK", true),
        ("Émile Zola", "Germinal", "France", false), ("Anna Burns", "Milkman", "Ireland", true),
        ("J. M. Coetzee", "Life & Times of Michael K", "South Africa", true), ("Zadie Smith", "On Beauty", "UK", false),
        ("Anna Burns", "No Bones", "Ireland", false),
    ]

    private func filled() async throws -> (TestLibrary, String) {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        // Authors of another user lie between these.
        let other = try await library.login("bob").token
        for author in Self.library {
            _ = try await library.create(
                author.name, author.book, country: author.country, prize: author.prize, as: token)
            _ = try await library.create(author.name, author.book + " (bob)", as: other)
            library.time.advance(seconds: 1)
        }
        return (library, token)
    }

    private func books(_ query: String, _ library: TestLibrary, _ token: String) async throws -> [String] {
        let reply = try await library.send("GET", "/authors" + query, headers: [bearer(token)])
        #expect(reply.status == 200, "\(reply.text)")
        return try reply.page.authors.map(\.book)
    }

    @Test func isEmptyAtFirst() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let reply = try await library.send("GET", "/authors", headers: [bearer(token)])
        #expect(reply.text == #"{"list_of_authors":[],"next":null}"#)
        #expect(reply.header("link") == nil)
    }

    @Test func theRowsAreTheAuthorsByteForByte() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let author = try await library.create("\"A\\ é \u{1F4DA}\u{2028}x", "B/<b>", as: token)
        let reply = try await library.send("GET", "/authors", headers: [bearer(token)])
        #expect(reply.body == AuthorPage(authors: [author], next: nil).json)
    }

    @Test(arguments: [
        ("", [0, 1, 2, 3, 4, 5, 6]), ("?sort=id:desc", [6, 5, 4, 3, 2, 1, 0]),
        ("?sort=name", [3, 6, 2, 1, 0, 4, 5]), ("?sort=name:desc", [5, 4, 0, 1, 2, 6, 3]),
        ("?sort=book", [1, 2, 4, 3, 6, 5, 0]), ("?sort=country", [2, 3, 6, 4, 0, 1, 5]),
        ("?sort=created_at:desc", [6, 5, 4, 3, 2, 1, 0]), ("?sort=updated_at", [0, 1, 2, 3, 4, 5, 6]),
        ("?name=Hilary%20Mantel", [0, 1]), ("?name=Hilary+Mantel&book=Wolf+Hall", [0]), ("?country=Ireland", [3, 6]),
        ("?booker_prize=false", [2, 5, 6]), ("?booker_prize=true&country=UK", [0, 1]), ("?name=hilary%20mantel", []),
        ("?q=hilary", [0, 1]), ("?q=HIL%20wolf", [0]), ("?q=emile", [2]), ("?q=%C3%89MILE%20germ", [2]),
        ("?q=bob", []), ("?q=1", []), ("?q=%26", []), ("?q=life%20%26%20times", [4]), ("?q=&", []), ("?q=%22", []),
        ("?q=name:hilary", []), ("?q=hilary%20OR%20zola", []), ("?q=bones*", [6]), ("?q=o&sort=name", [4, 5]),
        ("?q=hilary&book=Wolf+Hall&country=UK&booker_prize=true", [0]), ("?q=%27;DROP%20TABLE%20author", []),
    ])
    func theQueryDecides(query: String, expected: [Int]) async throws {
        let (library, token) = try await filled()
        #expect(try await books(query, library, token) == expected.map { Self.library[$0].book })
    }

    @Test(arguments: AuthorField.sortable, [false, true])
    func pagesJoinToTheWholeList(field: AuthorField, descending: Bool) async throws {
        let (library, token) = try await filled()
        let sort = AuthorSort(field, descending: descending).description
        let whole = try await books("?sort=\(sort)", library, token)
        for limit in 1...3 {
            var path: String? = "/authors?sort=\(sort)&limit=\(limit)"
            var joined: [String] = []
            while let current = path {
                let reply = try await library.send("GET", current, headers: [bearer(token)])
                let page = try reply.page
                joined += page.authors.map(\.book)
                // The `Link` header has `next` in a URL.
                path = reply.header("link").map { String($0.dropFirst().prefix { $0 != ">" }) }
                #expect((path == nil) == (page.next == nil))
                #expect(joined.count <= whole.count)
                if joined.count > whole.count { return }
            }
            #expect(joined == whole)
        }
    }

    @Test func aPageGoesOnWhereItEndedWhateverIsDeletedMeanwhile() async throws {
        let (library, token) = try await filled()
        let next = try #require(try await library.send("GET", "/authors?limit=2", headers: [bearer(token)]).page.next)
        _ = try await library.send("DELETE", "/authors/1", headers: [bearer(token)])
        _ = try await library.send("DELETE", "/authors/3", headers: [bearer(token)])
        #expect(try await books("?limit=2&after=\(next)", library, token) == ["Germinal", "Milkman"])
    }

    @Test func aCursorLeadsNobodyIntoAnothersLibrary() async throws {
        let (library, token) = try await filled()
        let next = try #require(try await library.send("GET", "/authors?limit=1", headers: [bearer(token)]).page.next)
        let stranger = try await library.login("eve").token
        #expect(try await books("?after=\(next)", library, stranger).isEmpty)
    }

    @Test(arguments: [
        ("?limit=0", "limit"), ("?limit=1001", "limit"), ("?limit=-1", "limit"), ("?limit=+1", "limit"),
        ("?limit=x", "limit"), ("?limit=9223372036854775808", "limit"), ("?limit=1&limit=2", "limit"),
        ("?sort=password", "sort"), ("?sort=name:down", "sort"), ("?sort=", "sort"), ("?sort=name:asc:desc", "sort"),
        ("?after=x", "after"), ("?q=x&after=x", "after"), ("?name=x&after=x", "after"),
        ("?sort=created_at&after=x", "after"), ("?after=", "after"), ("?after=WyJpZCIsImEiXQ", "after"),
        ("?booker_prize=1", "booker_prize"),
        ("?nme=x", "nme"), ("?count=exact", "count"),
        ("?q=" + String(repeating: "a+", count: 101), "q"),
    ])
    func aQueryThatIsNotRightIsRefused(query: String, field: String) async throws {
        let (library, token) = try await filled()
        let reply = try await library.send("GET", "/authors" + query, headers: [bearer(token)])
        #expect(reply.status == 400)
        #expect(reply.code == "invalid_query")
        #expect(try reply.problem.errors.map(\.field) == [field])
    }

    @Test func aCursorOfAnotherOrderIsRefused() async throws {
        let (library, token) = try await filled()
        let next = try #require(
            try await library.send("GET", "/authors?limit=1&sort=name", headers: [bearer(token)]).page.next)
        for query in ["?after=\(next)", "?sort=book&after=\(next)", "?sort=name:desc&after=\(next)"] {
            #expect(try await library.send("GET", "/authors" + query, headers: [bearer(token)]).status == 400)
        }
    }

    @Test(arguments: ["?q=%FF", "?name=%C3", "?q=%zz", "?q=%"])
    func brokenEscapesAreRefused(query: String) async throws {
        let (library, token) = try await filled()
        let reply = try await library.send("GET", "/authors" + query, headers: [bearer(token)])
        #expect(reply.status == 400)
        #expect(reply.code == "invalid_query")
    }

    @Test func aSearchMayHaveAHundredWords() async throws {
        let (library, token) = try await filled()
        let words = String(repeating: "w+", count: 99) + "h"
        #expect(try await books("?q=" + words, library, token) == ["Wolf Hall"])
    }

    @Test func theIndexFollowsChangesAndDeletions() async throws {
        let (library, token) = try await filled()
        _ = try await library.patch(1, #"{"book":"Beyond Black"}"#, as: token)
        #expect(try await books("?q=wolf", library, token).isEmpty)
        #expect(try await books("?q=beyond", library, token) == ["Beyond Black"])
        _ = try await library.send("DELETE", "/authors/1", headers: [bearer(token)])
        #expect(try await books("?q=beyond", library, token).isEmpty)
        #expect(try await books("?q=hilary", library, token) == ["Bring Up the Bodies"])
    }
}
