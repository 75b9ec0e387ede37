import Shared
import TestSupport
import Testing

@Suite(.serialized) struct ConditionalRequestTests {
    // MARK: Conditional requests

    private func list(
        _ library: TestLibrary, _ target: String, as token: String, ifNoneMatch tag: String? = nil
    ) async throws -> TestReply {
        let condition = tag.map { [("If-None-Match", $0)] } ?? []
        return try await library.send("GET", target, headers: [bearer(token)] + condition)
    }

    @Test(arguments: ["/authors", "/authors?limit=1", "/authors?q=a", "/authors?country=none", "/authors/1"])
    func whatHasNotChangedIsNotSentAgain(target: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        _ = try await library.create("A", "1", as: token)
        _ = try await library.create("A", "2", as: token)
        let first = try await list(library, target, as: token)
        let tag = try #require(first.header("ETag"))
        #expect(first.header("Cache-Control") == "private, no-cache")
        for condition in [tag, "W/" + tag, "\"x\", " + tag, "*"] {
            let again = try await list(library, target, as: token, ifNoneMatch: condition)
            #expect(again.status == 304)
            #expect(again.body == [])
            #expect(again.header("ETag") == tag)
            #expect(again.header("Content-Type") == nil)
        }
        for condition in ["\"x\"", String(tag.dropLast()), ""] {
            let again = try await list(library, target, as: token, ifNoneMatch: condition)
            #expect(again.status == 200)
            #expect(again.body == first.body)
        }
    }

    /// Each kind of change shows in the very next list, though its condition names the list before the change.
    @Test(arguments: [
        ("POST", "/authors", #"{"name":"Z","book":"1","country":"C"}"#), ("PATCH", "/authors/1", #"{"country":"D"}"#),
        ("DELETE", "/authors/1", ""),
    ])
    func aChangeMakesAnotherList(method: String, target: String, body: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        _ = try await library.create("A", "1", as: token)
        let before = try await list(library, "/authors", as: token)
        #expect(try await list(library, "/authors", as: token).body == before.body)
        let change = try await library.send(
            method, target, headers: [bearer(token), ("Content-Type", "application/json")], body: Array(body.utf8))
        #expect(change.status < 300)
        let after = try await list(library, "/authors", as: token, ifNoneMatch: before.header("ETag"))
        #expect(after.status == 200)
        #expect(after.body != before.body)
        #expect(after.header("ETag") != before.header("ETag"))
    }

    @Test func listsOfSeveralUsersAreNeverTakenForEachOther() async throws {
        let library = try await TestLibrary()
        let (ada, bob) = (try await library.login("ada").token, try await library.login("bob").token)
        _ = try await library.create("A", "1", as: ada)
        _ = try await library.create("B", "1", as: bob)
        let mine = try await list(library, "/authors", as: ada)
        let other = try await list(library, "/authors", as: bob, ifNoneMatch: mine.header("ETag"))
        #expect(other.status == 200)
        #expect(other.body != mine.body)
        #expect(other.header("ETag") != mine.header("ETag"))
        // A change by one user leaves the list of the other unchanged.
        _ = try await library.create("B", "2", as: bob)
        #expect(try await list(library, "/authors", as: ada, ifNoneMatch: mine.header("ETag")).status == 304)
    }

    @Test(.onSQLite("tags outlive the daemon")) func anotherRunOfTheDaemonHasOtherTags() async throws {
        let folder = TemporaryFolder()
        var library: TestLibrary? = try await TestLibrary(folder: folder)
        let token = try await #require(library).login("ada").token
        let before = try await list(#require(library), "/authors", as: token)
        library = nil
        let again = try await TestLibrary(folder: folder)
        #expect(try await list(again, "/authors", as: token, ifNoneMatch: before.header("ETag")).status == 200)
    }

    @Test func aConditionDoesNotHideAFault() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        #expect(try await list(library, "/authors?limit=0", as: token, ifNoneMatch: "*").status == 400)
        #expect(try await list(library, "/authors/1", as: token, ifNoneMatch: "*").status == 404)
    }

    /// A change is not made if `If-None-Match` names the author as it is (RFC 9110, section 13.1.2).
    @Test(arguments: ["PATCH", "DELETE"], ["*", "\"1-1\"", "W/\"1-1\"", "\"x\" ,\"1-1\""])
    func aChangeOfWhatTheClientHasIsRefused(method: String, condition: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        _ = try await library.create("A", "1", as: token)
        func change(_ id: Int, _ condition: String) async throws -> TestReply {
            try await library.send(
                method, "/authors/\(id)",
                headers: [bearer(token), ("Content-Type", "application/json"), ("If-None-Match", condition)],
                body: method == "PATCH" ? Array(#"{"country":"D"}"#.utf8) : [])
        }
        #expect(try await change(1, condition).code == "precondition_failed")
        #expect(try await library.list(as: token) == ["A 1 UK false 1"])
        #expect(try await change(2, condition).code == "author_not_found")
        #expect(try await change(1, "\"1-2\", \"2-1\"").status == 200)
        #expect(try await library.list(as: token) == (method == "PATCH" ? ["A 1 D false 2"] : []))
    }

    /// More lists than the cache of replies holds.
    @Test func manyListsAreAllRight() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let text = String(repeating: "x", count: 190)
        for number in 0..<40 { _ = try await library.create("\(number)\(text)", text, as: token) }
        for round in 0..<2 {
            for limit in 1...500 {
                let page = try AuthorPage(
                    json: try await list(library, "/authors?limit=\(limit)", as: token).body, unknownMembers: .rejected)
                #expect(page.authors.count == min(limit, 40), "round \(round)")
            }
        }
    }
}
