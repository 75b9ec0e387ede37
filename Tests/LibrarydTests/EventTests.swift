import Foundation
import GRDB
import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// The stream of changes to the authors of a caller.
@Suite(.serialized) struct EventTests {
    /// One event of a stream.
    struct Told: Equatable {
        let id: String
        let event: String
        let data: String

        init(_ lines: [Substring]) throws {
            func value(_ name: String) -> String? {
                lines.first { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
            }
            id = try #require(value("id"))
            event = value("event") ?? ""
            data = value("data") ?? ""
        }

        var author: AuthorEvent {
            get throws {
                let event = try AuthorEvent(json: Array(data.utf8), unknownMembers: .rejected)
                #expect(event.id == id)
                #expect(event.event == self.event)
                return event
            }
        }

        /// The event, and the id, name and version of its author: `created 1 A v1`.
        var summary: String {
            get throws {
                let event = try author
                return "\(event.event) \(event.author.id) \(event.author.name) v\(event.author.version)"
            }
        }
    }

    static let json = ("Content-Type", "application/json")

    func open(_ library: TestLibrary, _ token: String, after id: String? = nil) async throws -> TestStream {
        let stream = try await library.open(
            "/authors/events", headers: [bearer(token)] + (id.map { [("Last-Event-ID", $0)] } ?? []))
        #expect(stream.reply.status == 200)
        #expect(stream.reply.header("content-type") == "text/event-stream")
        // nginx would hold the events back.
        #expect(stream.reply.header("x-accel-buffering") == "no")
        #expect(stream.reply.header("cache-control") == "no-store")
        return stream
    }

    func next(_ stream: TestStream) async throws -> Told { try Told(try #require(await stream.next())) }

    /// Opens a stream of the changes from now on. Returns the stream and its position.
    func begin(_ library: TestLibrary, _ token: String) async throws -> (stream: TestStream, position: String) {
        let stream = try await open(library, token)
        let lines = try #require(await stream.next())
        #expect(lines.map { $0.split(separator: ":")[0] } == ["retry", "id"])
        return (stream, try Told(lines).id)
    }

    @Test func eachKindOfChangeIsTold() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let (stream, position) = try await begin(library, token)
        #expect(position.hasSuffix("-0"))
        let author = try await library.create("A", "B", country: "C", prize: true, as: token)
        let session = try await library.store.sessions(user: 1, current: "", at: library.time.now)[0]
        let created = try await next(stream)
        #expect(try created.author.author == author)
        #expect(try created.author.at == library.time.now)
        #expect(created.id == position.dropLast() + "1")
        #expect(
            created.data == #"{"event_id":"\#(created.id)","event":"created","at":"2026-11-23T17:44:02.123Z","#
                + String(decoding: author.json, as: UTF8.self).dropFirst().dropLast()
                + #","session":"\#(session.id)","client":""}"#)

        library.time.advance(seconds: 60)
        let patched = try await library.send(
            "PATCH", "/authors/1", headers: [bearer(token), Self.json], body: Array(#"{"name":"A2"}"#.utf8))
        let updated = try await next(stream)
        #expect(try updated.summary == "updated 1 A2 v2")
        #expect(updated.data.contains(#""version":2,"old":{"name":"A"},"session":"#))
        #expect(try updated.author.author == AuthorReply(json: patched.body, unknownMembers: .rejected).author)

        let lines = #"{"name":"X","book":"Y","country":"Z"}"# + "\n" + #"{"name":"A2","book":"B","country":"D"}"#
        _ = try await library.send(
            "POST", "/authors?on_conflict=update", headers: [bearer(token), ("Content-Type", "application/x-ndjson")],
            body: Array(lines.utf8))
        #expect(try await next(stream).summary == "created 2 X v1")
        let replaced = try await next(stream)
        #expect(try replaced.summary == "updated 1 A2 v3")
        #expect(try replaced.author.author.country == "D")

        library.time.advance(seconds: 60)
        _ = try await library.send("DELETE", "/authors/1", headers: [bearer(token)])
        let deleted = try await next(stream)
        #expect(try deleted.summary == "deleted 1 A2 v3")
        #expect(try deleted.author.at == library.time.now)
        #expect(deleted.id == position.dropLast() + "5")
    }

    /// A change that fails, a dry run and a change by another user send no event: the next event is that of a later
    /// change.
    @Test func onlyTheOwnersChangesAreTold() async throws {
        let library = try await TestLibrary()
        let (ada, bob) = (try await library.login("ada").token, try await library.login("bob").token)
        _ = try await library.create("A", "B", as: ada)
        let (stream, _) = try await begin(library, ada)
        _ = try await library.create("A", "B", as: bob)
        let again = Array(#"{"name":"A","book":"B","country":"C"}"#.utf8)
        #expect(
            try await library.send("POST", "/authors", headers: [bearer(ada), Self.json], body: again).status == 409)
        let stale = [bearer(ada), Self.json, ("If-Match", "\"1-9\"")]
        #expect(try await library.send("PATCH", "/authors/1", headers: stale, body: again).status == 412)
        #expect(try await library.send("DELETE", "/authors/1", headers: stale).status == 412)
        for query in ["?dry_run=true", "?atomic=true"] {
            let lines = Array((#"{"name":"N","book":"B","country":"C"}"# + "\nnonsense").utf8)
            _ = try await library.send(
                "POST", "/authors" + query, headers: [bearer(ada), ("Content-Type", "application/x-ndjson")],
                body: lines)
        }
        _ = try await library.create("Mine", "B", as: ada)
        while true {
            let lines = try #require(await stream.next())
            // A wake without a new event sends a comment.
            if lines == [": "] { continue }
            #expect(try Told(lines).summary.hasPrefix("created") && Told(lines).author.author.name == "Mine")
            #expect(try Told(lines).id.hasSuffix("-2"))
            break
        }
    }

    @Test func aStreamGoesOnWhereItLeftOff() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let (first, position) = try await begin(library, token)
        try await first.close()
        let lines = (1...1300).map { #"{"name":"N\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n")
        _ = try await library.send(
            "POST", "/authors", headers: [bearer(token), ("Content-Type", "application/x-ndjson")],
            body: Array(lines.utf8))
        let epoch = position.dropLast(2)
        for start in [0, 1, 500, 1299] {
            let stream = try await open(library, token, after: "\(epoch)-\(start)")
            #expect(await stream.next() == ["retry: 1000"])
            for number in start + 1...1300 {
                let told = try await next(stream)
                #expect(told.id == "\(epoch)-\(number)")
                #expect(try told.author.author.name == "N\(number)")
            }
        }
        let stream = try await open(library, token, after: "\(epoch)-1300")
        #expect(await stream.next() == ["retry: 1000"])
        _ = try await library.create("Live", "B", as: token)
        #expect(try await next(stream).id == "\(epoch)-1301")
    }

    @Test(arguments: ["0123456789abcdef-1", "EPOCH-2", "EPOCH-9223372036854775807"])
    func whatCannotBeFollowedIsReset(id: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        _ = try await library.create("A", "B", as: token)
        let position = try await begin(library, token).position
        let stream = try await open(library, token, after: id.replacing("EPOCH", with: position.dropLast(2)))
        let reset = try Told(try #require(await stream.next()))
        #expect([reset.event, reset.id, reset.data] == ["reset", position, "{}"])
        _ = try await library.create("A", "B2", as: token)
        #expect(try await next(stream).summary == "created 2 A v1")
    }

    @Test(arguments: [
        "", "1", "-1", "0123456789abcdef", "0123456789abcdef-", "0123456789abcdef--1", "0123456789abcdef-01",
        "0123456789ABCDEF-1", "0123456789abcdef-1-1", "0123456789abcdef-9223372036854775808", "0123456789abcde-1",
        "é-1",
    ])
    func whatIsNoIdIsRefused(id: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let reply = try await library.send("GET", "/authors/events", headers: [bearer(token), ("Last-Event-ID", id)])
        #expect(reply.status == 400)
        #expect(reply.code == "bad_request")
    }

    /// The oldest events are deleted, never the newest. A client whose next event was deleted gets a reset.
    @Test func onlyTheNewestAreKept() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let position = try await begin(library, token).position
        let epoch = position.dropLast(2)
        try await library.sqlite.writer.write { db in
            try db.execute(
                sql: """
                    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 102399)
                    INSERT INTO author_event
                        SELECT 1, i, 1, 0, 1, NULL, i - 1, NULL, 'A', 'B', 'C', 0, 0, 0, 1 FROM n
                    """)
        }
        func kept() throws -> [Int64] {
            try library.sqlite.readers.read { db in
                try Int64.fetchAll(db, sql: "SELECT min(sequence) FROM author_event")
                    + Int64.fetchAll(db, sql: "SELECT count(*) FROM author_event")
            }
        }
        #expect(try kept() == [1, 102_399])
        _ = try await library.create("A", "B", as: token)
        #expect(try kept() == [1, 102_400])
        try await library.store.pruneHistory(at: library.time.now)
        #expect(try kept() == [2401, 100_000])
        let behind = try await open(library, token, after: "\(epoch)-2399")
        #expect(await behind.next() == ["retry: 1000"])
        #expect(try await next(behind).event == "reset")
        let following = try await open(library, token, after: "\(epoch)-2400")
        #expect(await following.next() == ["retry: 1000"])
        #expect(try await next(following).id == "\(epoch)-2401")
    }

    @Test func aDeletedUsersEventsGo() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        _ = try await library.create("A", "B", as: token)
        _ = try await library.app.perform(OperatorRequest.delete("ada"))
        let left = try library.sqlite.readers.read {
            try Int64.fetchOne($0, sql: "SELECT count(*) FROM author_event")
        }
        #expect(left == 0)
    }

    @Test func itsPathIsItsOwn() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        for method in ["POST", "PATCH", "DELETE", "PUT"] {
            let reply = try await library.send(method, "/authors/events", headers: [bearer(token)])
            #expect(reply.status == 405)
            #expect(reply.header("allow") == "GET, HEAD, OPTIONS")
        }
        let reply = try await library.send("GET", "/authors/events?limit=5", headers: [bearer(token)])
        #expect(reply.code == "invalid_query")
        #expect(try await library.send("GET", "/authors/events").code == "token_missing")
    }
}
