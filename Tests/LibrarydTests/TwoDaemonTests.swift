import Foundation
import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// Two daemons on one PostgreSQL database.
struct TwoDaemonTests {
    private let folder = TemporaryFolder()
    private let time = TestTime()

    private func daemons() async throws -> (a: TestLibrary, b: TestLibrary) {
        let database = try await TestDatabase.url(of: folder.path)
        return (
            try await TestLibrary(database: database, time: time), try await TestLibrary(database: database, time: time)
        )
    }

    private func status(_ library: TestLibrary, _ token: String) async throws -> Int {
        try await library.send("GET", "/me", headers: [bearer(token)]).status
    }

    /// What one daemon ends, the other one refuses with the next request.
    enum End: CaseIterable {
        case logout, disabling, deletion, password

        func perform(_ library: TestLibrary, _ token: String) async throws {
            switch self {
            case .logout: _ = try await library.send("POST", "/logout", headers: [bearer(token)])
            case .disabling: _ = try await library.app.perform(OperatorRequest.disable("ada"))
            case .deletion: _ = try await library.app.perform(OperatorRequest.delete("ada"))
            case .password: _ = try await library.app.perform(OperatorRequest.passwd("ada", password: "battery staple"))
            }
        }
    }

    @Test(arguments: End.allCases) func whatEndsAtOneEndsAtTheOther(end: End) async throws {
        let (a, b) = try await daemons()
        let token = try await a.login("ada").token
        #expect(try await status(b, token) == 200)
        try await end.perform(a, token)
        #expect(try await status(b, token) == 401)
    }

    @Test func aRoleChangesAtBothAtOnce() async throws {
        let (a, b) = try await daemons()
        let (ada, _) = (try await a.login("ada").token, try await a.login("eve"))
        func users(_ library: TestLibrary) async throws -> Int {
            try await library.send("GET", "/users", headers: [bearer(ada)]).status
        }
        for name in ["ada", "eve"] { try await a.setAdmin(true, name) }
        #expect(try await users(b) == 200)
        try await a.setAdmin(false, "ada")
        #expect(try await users(b) == 403)
    }

    @Test func anAPIKeyIsGoodAtBothUntilItIsRevoked() async throws {
        let (a, b) = try await daemons()
        let login = try await a.login("ada").token
        let made = try await a.send(
            "POST", "/keys", headers: [bearer(login), ("Content-Type", "application/json")],
            body: Array(#"{"name":"k","scope":"read"}"#.utf8))
        let key = try CreatedAPIKey(json: made.body, unknownMembers: .ignored)
        #expect(try await b.send("GET", "/authors", headers: [bearer(key.secret)]).status == 200)
        _ = try await a.send("DELETE", "/keys/\(key.key.id)", headers: [bearer(login)])
        #expect(try await b.send("GET", "/authors", headers: [bearer(key.secret)]).status == 401)
    }

    /// A list that one daemon has cached is not answered after the other one has changed the library.
    @Test func noListIsOlderThanAnAcknowledgedWrite() async throws {
        let (a, b) = try await daemons()
        let token = try await a.login("ada").token
        for number in 1...5 {
            _ = try await a.create("A\(number)", "B", as: token)
            for _ in 0..<3 {
                let reply = try await b.send("GET", "/authors", headers: [bearer(token)])
                #expect(try reply.page.authors.count == number)
                let same = try await a.send(
                    "GET", "/authors", headers: [bearer(token), ("If-None-Match", reply.header("etag") ?? "")])
                #expect(same.status == 304, "the tag is not that of the other daemon")
            }
        }
    }

    @Test func aRotationIsFollowedByBoth() async throws {
        let (a, b) = try await daemons()
        let first = try await a.login("ada").token
        try await a.rotateKey()
        // The old key is retired, and the other daemon has not seen the new one yet.
        let second = try await a.send("POST", "/login", headers: [basic("ada", "correct horse")])
        let token = try Login(json: second.body, unknownMembers: .ignored).token
        #expect(try await status(b, token) == 200)
        #expect(try await status(b, first) == 200)
        try await b.rotateKey()
        // Two rotations: the first key signs nothing that is good, at either.
        #expect(try await status(a, first) == 401)
        #expect(try await status(b, first) == 401)
        #expect(try await status(a, token) == 200)
    }

    @Test func aStreamTellsWhatHappensAtTheOther() async throws {
        let (a, b) = try await daemons()
        let token = try await a.login("ada").token
        let stream = try await b.open("/authors/events", headers: [bearer(token)])
        _ = try #require(await stream.next())
        let author = try await a.create("A", "B", as: token)
        let lines = try #require(await stream.next())
        #expect(lines.contains("event: created") && lines.contains { $0.contains(#""id":\#(author.id)"#) })
        _ = try await a.send("POST", "/logout", headers: [bearer(token)])
        #expect(await stream.next() == nil)
    }

    /// A request that comes twice at once, to both, happens once.
    @Test func oneKeyMakesOneAuthor() async throws {
        let (a, b) = try await daemons()
        let token = try await a.login("ada").token
        for round in 0..<200 {
            let draft = #"{"name":"N\#(round)","book":"B","country":"C","booker_prize":false}"#
            let headers = [bearer(token), ("Content-Type", "application/json"), ("Idempotency-Key", "k\(round)")]
            async let one = a.send("POST", "/authors", headers: headers, body: Array(draft.utf8))
            async let other = b.send("POST", "/authors", headers: headers, body: Array(draft.utf8))
            let replies = (try await one, try await other)
            #expect(replies.0.status == 201 && replies.1.status == 201)
            #expect(replies.0.body == replies.1.body)
        }
        #expect(try await b.store.lastEvent(owner: 1).sequence == 200)
    }

    /// Writers at both: the numbers of the events have no gap, and ids are committed in their order.
    @Test func eventsOfBothAreNumberedWithoutGaps() async throws {
        let (a, b) = try await daemons()
        let token = try await a.login("ada").token
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    for number in 0..<10 {
                        _ = try await (writer.isMultiple(of: 2) ? a : b).create("W\(writer)-\(number)", "B", as: token)
                    }
                }
            }
            // A pager by id misses none.
            group.addTask {
                var last: Int64 = 0
                var seen = 0
                while seen < 80 {
                    let ids = try await b.store.authors(AuthorQuery(), owner: 1) { rows in
                        var ids: [Int64] = []
                        _ = try rows.forEach { ids.append($0.integer(.id)) }
                        return ids
                    }
                    #expect(ids.filter { $0 <= last }.count == seen, "an id came behind a later one")
                    (last, seen) = (ids.last ?? 0, ids.count)
                }
            }
            try await group.waitForAll()
        }
        let changes = try await a.store.lastEvent(owner: 1)
        #expect(changes.sequence == 80)
    }

    @Test func wrongPasswordsCountTogether() async throws {
        let (a, b) = try await daemons()
        _ = try await a.login("ada")
        var statuses: [Int] = []
        for number in 0..<8 {
            let library = number.isMultiple(of: 2) ? a : b
            statuses.append(
                try await library.send(
                    "POST", "/login", headers: [basic("ada", "wrong horse")], address: "10.0.0.1"
                ).status)
        }
        #expect(statuses == [401, 401, 401, 401, 401, 401, 429, 429])
    }

    /// Daemons whose machines disagree about the time: a refresh that is repeated because its answer was lost, at the
    /// other daemon, is within the 10 s of grace, and no session has ended early.
    @Test func clocksThatDifferEndNoSession() async throws {
        let database = try await TestDatabase.url(of: folder.path)
        func library(ahead seconds: Int64) async throws -> TestLibrary {
            let system = Clock.system
            return try await TestLibrary(
                database: database,
                machineTime: Clock(now: { system.now().adding(seconds: seconds) }, uptime: system.uptime))
        }
        let (a, b) = (try await library(ahead: -10), try await library(ahead: 10))
        #expect(a.store.clockDifference > 5000 && b.store.clockDifference < -5000)
        // On a slow machine, the grace may be over before the last exchange; then the next login is tried.
        var isInTime = false
        while !isInTime {
            let start = ContinuousClock.now
            let login = try await a.login("ada")
            var statuses: [Int] = []
            for library in [b, a, b] {
                let reply = try await library.send(
                    "POST", "/token/refresh", headers: [("Content-Type", "application/json")],
                    body: Array(#"{"refresh_token":"\#(login.refreshToken)"}"#.utf8))
                statuses.append(reply.status)
                guard let token = try? Login(json: reply.body, unknownMembers: .ignored).token else { continue }
                for library in [a, b] { statuses.append(try await status(library, token)) }
            }
            isInTime = ContinuousClock.now - start < .seconds(8)
            if isInTime { #expect(statuses == Array(repeating: 200, count: 9)) }
        }
    }

    /// A refresh token is exchanged once, at whichever daemon; a copy that is used later ends the session at both.
    @Test func aReplayedRefreshTokenEndsTheSessionAtBoth() async throws {
        let (a, b) = try await daemons()
        let login = try await a.login("ada")
        func refresh(_ library: TestLibrary) async throws -> TestReply {
            try await library.send(
                "POST", "/token/refresh", headers: [("Content-Type", "application/json")],
                body: Array(#"{"refresh_token":"\#(login.refreshToken)"}"#.utf8))
        }
        let first = try await refresh(a)
        #expect(first.status == 200)
        time.advance(seconds: 60)
        #expect(try await refresh(b).status == 401)
        let token = try Login(json: first.body, unknownMembers: .ignored).token
        #expect(try await status(a, token) == 401)
        #expect(try await status(b, token) == 401)
    }
}
