import GRDB
import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport

/// What changed, by whom, and the library as it was, over HTTP.
@Suite(.serialized) struct HistoryTests {
    private func changes(_ library: TestLibrary, _ path: String, as token: String) async throws -> ChangePage {
        let reply = try await library.send("GET", path, headers: [bearer(token)])
        #expect(reply.status == 200, "\(reply.text)")
        return try ChangePage(json: reply.body, unknownMembers: .rejected)
    }

    private func summary(_ changes: [AuthorEvent]) -> [String] {
        changes.map { change in
            let old = change.old.map { " " + String(decoding: $0.json, as: UTF8.self) } ?? ""
            return "\(change.event) \(change.author.id) \(change.author.name) v\(change.author.version)\(old)"
        }
    }

    private func names(_ library: TestLibrary, _ query: String, as token: String) async throws -> [String] {
        let reply = try await library.send("GET", "/authors?" + query, headers: [bearer(token)])
        #expect(reply.status == 200, "\(query): \(reply.text)")
        return try reply.page.authors.map(\.name)
    }

    /// Ada has changed two authors and deleted one of them; bob has one.
    private func example(
        keptEvents: Int64 = 100_000, keptFor age: Int64? = nil
    ) async throws -> (library: TestLibrary, ada: String, bob: String, epoch: String) {
        let library = try await TestLibrary(keptEvents: keptEvents, keptFor: age)
        let (ada, bob) = (try await library.login("ada").token, try await library.login("bob").token)
        _ = try await library.create("Bob's", "B", as: bob)
        _ = try await library.create("One", "B", as: ada)
        library.time.advance(seconds: 60)
        _ = try await library.create("Two", "B", country: "Eire", as: ada)
        library.time.advance(seconds: 60)
        _ = try await library.patch(2, #"{"name":"Uno","booker_prize":true}"#, as: ada)
        library.time.advance(seconds: 60)
        _ = try await library.send("DELETE", "/authors/3", headers: [bearer(ada)])
        let epoch = try await library.store.lastEvent(owner: 1).epoch
        return (library, ada, bob, epoch)
    }

    @Test func eachChangeIsToldWithWhatItChanged() async throws {
        let (library, ada, bob, epoch) = try await example()
        let all = try await changes(library, "/authors/changes", as: ada)
        #expect(
            summary(all.changes) == [
                "deleted 3 Two v1", #"updated 2 Uno v2 {"name":"One","booker_prize":false}"#, "created 3 Two v1",
                "created 2 One v1",
            ])
        #expect(all.changes.map(\.id) == [4, 3, 2, 1].map { "\(epoch)-\($0)" })
        #expect(all.next == nil)
        let session = try await library.store.sessions(user: 1, current: "", at: library.time.now)[0]
        #expect(all.changes.allSatisfy { $0.origin.session == session.id && $0.origin.client == session.client })
        #expect(all.changes.allSatisfy { $0.origin.importID == nil })
        #expect(summary(try await changes(library, "/authors/changes", as: bob).changes) == ["created 1 Bob's v1"])
        #expect(
            summary(try await changes(library, "/authors/2/history", as: ada).changes) == [
                #"updated 2 Uno v2 {"name":"One","booker_prize":false}"#, "created 2 One v1",
            ])
        #expect(
            summary(try await changes(library, "/authors/3/history", as: ada).changes) == [
                "deleted 3 Two v1", "created 3 Two v1",
            ])
        for (path, token) in [("/authors/2/history", bob), ("/authors/1/history", ada), ("/authors/99/history", ada)] {
            #expect(try await library.send("GET", path, headers: [bearer(token)]).code == "author_not_found")
        }
    }

    @Test func changesComeInPages() async throws {
        let (library, ada, _, epoch) = try await example()
        var seen: [String] = []
        for path in ["/authors/changes?limit=1", "/authors/2/history?limit=1"] {
            var next: String?
            repeat {
                let page = try await changes(library, path + (next.map { "&after=\($0)" } ?? ""), as: ada)
                #expect(page.changes.count == 1)
                seen += page.changes.map(\.id)
                next = page.next
            } while next != nil
        }
        #expect(seen == [4, 3, 2, 1, 3, 1].map { "\(epoch)-\($0)" })
        let since = "/authors/changes?since="
        #expect(
            try await changes(library, since + "\(epoch)-2", as: ada).changes.map(\.id) == ["\(epoch)-4", "\(epoch)-3"])
        // The first change is from 17:44:02.123, and each is a minute later.
        let time = try await changes(library, since + "2026-11-23T17:45:02.123Z", as: ada)
        #expect(time.changes.map(\.id) == ["\(epoch)-4", "\(epoch)-3"])
        #expect(try await changes(library, since + "2026-11-23T17:44", as: ada).changes.count == 4)
        #expect(try await changes(library, "/authors/2/history?since=\(epoch)-1", as: ada).changes.count == 1)
        for (query, code) in [
            ("after=\(epoch)-9", "event_not_found"), ("after=0123456789abcdef-1", "event_not_found"),
            ("since=\(epoch)-5", "event_not_found"), ("after=1", "invalid_query"), ("since=yesterday", "invalid_query"),
            ("limit=0", "invalid_query"), ("limit=1001", "invalid_query"), ("at=\(epoch)-1", "invalid_query"),
        ] {
            let reply = try await library.send("GET", "/authors/changes?" + query, headers: [bearer(ada)])
            #expect(reply.code == code, "\(query)")
        }
        let foreign = try await library.send("GET", "/authors/2/history?after=\(epoch)-2", headers: [bearer(ada)])
        #expect(foreign.code == "event_not_found")
    }

    @Test func theLibraryIsShownAsItWas() async throws {
        let (library, ada, bob, epoch) = try await example()
        for (point, names) in [
            ("\(epoch)-0", []), ("\(epoch)-1", ["One"]), ("\(epoch)-2", ["One", "Two"]),
            ("\(epoch)-3", ["Uno", "Two"]),
            ("\(epoch)-4", ["Uno"]), ("2026-11-23", []), ("2026-11-23T17:44:02.123", ["One"]),
            ("2026-11-23T17:46:02.122Z", ["One", "Two"]), ("2026-11-23T17:46:02.123Z", ["Uno", "Two"]),
            ("2999-01-01", ["Uno"]),
        ] {
            #expect(try await self.names(library, "at=\(point)", as: ada) == names, "\(point)")
        }
        let at = "at=\(epoch)-2"
        #expect(try await names(library, at + "&sort=name:desc", as: ada) == ["Two", "One"])
        #expect(try await names(library, at + "&country=Eire", as: ada) == ["Two"])
        #expect(try await names(library, at + "&name=One&booker_prize=false", as: ada) == ["One"])
        #expect(try await names(library, at + "&booker_prize=true", as: ada) == [])
        #expect(try await names(library, at + "&q=tw", as: ada) == ["Two"])
        #expect(try await names(library, at + "&q=b%20on", as: ada) == ["One"])
        #expect(try await names(library, at + "&q=uno", as: ada) == [])
        // Bob's events have the same epoch, and other numbers.
        #expect(try await names(library, "at=\(epoch)-1", as: bob) == ["Bob's"])
        for point in ["\(epoch)-2", "0123456789abcdef-1"] {
            let reply = try await library.send("GET", "/authors?at=\(point)", headers: [bearer(bob)])
            #expect(reply.code == "event_not_found")
        }
        let file = try await library.send(
            "GET", "/authors?" + at, headers: [bearer(ada), ("Accept", "text/csv")])
        #expect(file.text.split(separator: "\r\n").dropFirst().map { $0.split(separator: ",")[1] } == ["One", "Two"])
        let lost = try await library.send(
            "GET", "/authors?at=\(epoch)-9", headers: [bearer(ada), ("Accept", "text/csv")])
        #expect(lost.code == "event_not_found")
    }

    /// All pages are of one state, though a later change was made at the same time.
    @Test func pagesOfThePastStayTheSame() async throws {
        let (library, ada, _, _) = try await example()
        let time = library.time.now
        let first = try await library.send("GET", "/authors?limit=1&at=\(time)", headers: [bearer(ada)]).page
        #expect(first.authors.map(\.name) == ["Uno"] && first.next == nil)
        _ = try await library.create("Three", "B", as: ada)
        let page = try await library.send("GET", "/authors?limit=1&at=\(time)", headers: [bearer(ada)])
        let next = try #require(try page.page.next)
        #expect(
            page.header("link")?.contains("at=\(time.description.replacing(":", with: "%3A"))") == true,
            "\(page.headers)")
        _ = try await library.create("Four", "B", as: ada)
        let second = try await library.send(
            "GET", "/authors?limit=1&at=\(time)&after=\(next)", headers: [bearer(ada)]
        ).page
        #expect(second.authors.map(\.name) == ["Three"] && second.next == nil)
        // The cursor belongs to a list of the past.
        let now = try await library.send("GET", "/authors?after=\(next)", headers: [bearer(ada)])
        #expect(now.code == "invalid_query")
    }

    @Test func importsAndKeysAreNamed() async throws {
        let library = try await TestLibrary()
        let ada = try await library.login("ada").token
        let key = try await library.key(APIKeyRequest(name: "nightly", scope: .write), as: ada)
        let sent = try await library.sendFile(TestLibrary.lines(0..<2), as: ada)
        _ = try await library.sendFile(TestLibrary.lines(2..<3), "?import=mine", as: key.secret)
        _ = try await library.sendFile(
            TestLibrary.lines(0..<4), "?import=mine&on_conflict=skip&atomic=true", as: key.secret)
        let page = try await changes(library, "/authors/changes", as: ada)
        #expect(
            page.changes.map { "\($0.author.name) \($0.origin.importID ?? "-") \($0.origin.client ?? "-")" } == [
                "N3 mine nightly", "N2 mine nightly", "N1 \(sent.header("x-request-id") ?? "") ",
                "N0 \(sent.header("x-request-id") ?? "") ",
            ])
        #expect(page.changes[0].origin.session == key.key.id)
        for id in ["", "a%20b", String(repeating: "x", count: 65), "%C3%A9"] {
            #expect(try await library.sendFile("", "?import=\(id)", as: ada).code == "invalid_query")
        }
        // The login has ended, and what it did still names it.
        _ = try await library.send("POST", "/logout", headers: [bearer(ada)])
        let again = try await library.send("POST", "/login", headers: [basic("ada", "correct horse")])
        let token = try Login(json: again.body, unknownMembers: .ignored).token
        #expect(try await changes(library, "/authors/changes", as: token).changes == page.changes)
    }

    @Test func meSaysHowFarBack() async throws {
        let (library, ada, _, _) = try await example()
        let reply = try await library.send("GET", "/me", headers: [bearer(ada)])
        #expect(
            reply.text.hasSuffix(#""history":{"events":100000,"since":"2026-11-23T17:44:02.123Z"}}"#), "\(reply.text)")
        let carol = try await library.login("carol").token
        let empty = try await library.send("GET", "/me", headers: [bearer(carol)])
        #expect(empty.text.hasSuffix(#""history":{"events":100000,"since":null}}"#), "\(empty.text)")
    }

    /// Events that are too many or too old are deleted, and what they say cannot be shown any more.
    @Test(arguments: [(2, nil), (100_000, 90)] as [(Int64, Int64?)])
    func onlySomeOfThePastIsKept(events: Int64, age: Int64?) async throws {
        let (library, ada, bob, epoch) = try await example(keptEvents: events, keptFor: age)
        // The trusted time follows the clock.
        library.time.pass(seconds: 3600)
        try await library.store.pruneHistory(at: library.time.now)
        #expect(
            summary(try await changes(library, "/authors/changes", as: ada).changes) == [
                "deleted 3 Two v1", #"updated 2 Uno v2 {"name":"One","booker_prize":false}"#,
            ])
        #expect(summary(try await changes(library, "/authors/2/history", as: ada).changes).count == 1)
        #expect(try await names(library, "at=\(epoch)-2", as: ada) == ["One", "Two"])
        #expect(try await names(library, "at=\(epoch)-3", as: ada) == ["Uno", "Two"])
        for point in ["\(epoch)-1", "\(epoch)-0", "2026-11-23T17:44:30"] {
            let reply = try await library.send("GET", "/authors?at=\(point)", headers: [bearer(ada)])
            #expect(reply.status == 410 && reply.code == "history_gone")
            #expect(try reply.problem.detail == "the changes before 2026-11-23T17:46:02.123Z are no longer kept")
        }
        // The last event stays however old it is: it has the number from which the next one is counted.
        #expect(try await changes(library, "/authors/changes", as: bob).changes.count == 1)
        _ = try await library.create("Three", "B", as: ada)
        #expect(try await changes(library, "/authors/changes?limit=1", as: ada).changes[0].id == "\(epoch)-5")
        #expect(try library.sqlite.readers.read { try Inspection($0, searchIndex: true) }.faults == [])
    }

    @Test(.onSQLite("the server's clock is trusted")) func aWrongClockDeletesNothing() async throws {
        let (library, ada, _, _) = try await example(keptFor: 86400)
        try await library.store.pruneHistory(at: library.time.now.adding(seconds: 10 * 365 * 86400))
        #expect(try await changes(library, "/authors/changes", as: ada).changes.count == 4)
    }

    @Test func streamsBeginInThePast() async throws {
        let (library, ada, _, epoch) = try await example()
        for (since, first) in [("2026-11-23T17:45:02.123Z", 3), ("\(epoch)-1", 2), ("2026-11-22", 1)] {
            let stream = try await library.open("/authors/events?since=\(since)", headers: [bearer(ada)])
            #expect(await stream.next() == ["retry: 1000"])
            let event = try #require(await stream.next())
            #expect(event[0] == "id: \(epoch)-\(first)")
            try await stream.close()
        }
        let lost = try await library.send("GET", "/authors/events?since=\(epoch)-9", headers: [bearer(ada)])
        #expect(lost.code == "event_not_found")
    }

    /// 10,000 logins leave the origins of live logins and of the newest others.
    @Test func originsDoNotGrowForever() async throws {
        let library = try await TestLibrary()
        let ada = try await library.login("ada").token
        _ = try await library.create("A", "B", as: ada)
        try await library.sqlite.writer.write { db in
            for number in 0..<10_050 {
                _ = try SQLiteStore.addOrigin(db, user: 1, session: "s\(number)", client: "c")
            }
        }
        #expect(try library.count("origin") == 10_001)
        #expect(try await changes(library, "/authors/changes", as: ada).changes[0].origin.client != nil)
    }
}
