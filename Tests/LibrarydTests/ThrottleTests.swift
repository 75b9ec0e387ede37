import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// Guesses of passwords are limited, but never lock users out where they have logged in before.
@Suite(.serialized) struct ThrottleTests {
    func login(
        _ password: String, from address: String?, name: String = "ada", _ library: TestLibrary
    ) async throws -> TestReply {
        try await library.send("POST", "/login", headers: [basic(name, password)], address: address)
    }

    func fail(_ times: Int, from address: String, name: String = "ada", _ library: TestLibrary) async throws {
        for _ in 0..<times {
            #expect(try await login("wrong horse", from: address, name: name, library).code == "credentials_wrong")
        }
    }

    @Test(.onSQLite("tries are counted by uptime")) func delaysBeginAfterTheFifthFailureAndDouble() async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        try await fail(6, from: "10.0.0.1", library)
        for delay in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] as [Int64] {
            library.time.pass(seconds: delay - 1)
            // The right password is refused too: otherwise the answer would show that it is right.
            let refused = try await login("correct horse", from: "10.0.0.1", library)
            #expect(refused.status == 429)
            #expect(refused.code == "rate_limited")
            #expect(refused.header("retry-after") == "1")
            #expect(refused.header("ratelimit") == #""login";r=0;t=1"#)
            #expect(refused.header("ratelimit-policy") == #""login";q=5"#)
            library.time.pass(seconds: 1)
            try await fail(1, from: "10.0.0.1", library)
        }
        library.time.pass(seconds: 900)
        #expect(try await login("correct horse", from: "10.0.0.1", library).status == 200)
        try await fail(6, from: "10.0.0.1", library)
    }

    @Test func whatIsLeftIsSaid() async throws {
        let library = try await TestLibrary()
        for left in [4, 3, 2, 1, 0] {
            let reply = try await login("wrong horse", from: "10.0.0.1", library)
            #expect(reply.status == 401)
            #expect(reply.header("ratelimit") == #""login";r=\#(left);t=86400"#)
        }
        #expect(try await login("wrong horse", from: "10.0.0.1", library).header("ratelimit") == #""login";r=0;t=1"#)
        #expect(try await login("wrong horse", from: nil, library).header("ratelimit") == nil)
    }

    @Test(.onSQLite("the server's clock is trusted")) func aClockThatIsSetChangesNothing() async throws {
        let library = try await TestLibrary()
        try await fail(6, from: "10.0.0.1", library)
        library.time.advance(seconds: 86400 * 365)
        #expect(try await login("x", from: "10.0.0.1", library).status == 429)
        library.time.advance(seconds: -86400 * 730)
        library.time.pass(seconds: 1)
        try await fail(1, from: "10.0.0.1", library)
    }

    @Test func anUnknownNameIsCountedLikeAKnownOne() async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        for name in ["ada", "nobody"] { try await fail(6, from: "10.0.0.1", name: name, library) }
        let known = try await login("wrong horse", from: "10.0.0.1", library)
        let unknown = try await login("wrong horse", from: "10.0.0.1", name: "NoBody", library)
        #expect(known.status == 429)
        #expect(
            known.text.replacing(try known.problem.requestID, with: "")
                == unknown.text.replacing(try unknown.problem.requestID, with: ""))
        #expect(known.headers.map(\.name) == unknown.headers.map(\.name))
    }

    @Test func otherAddressesAndOtherAccountsAreNotDelayed() async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        _ = try await library.login("bob")
        try await fail(6, from: "10.0.0.1", library)
        #expect(try await login("correct horse", from: "10.0.0.2", library).status == 200)
        #expect(try await login("correct horse", from: "10.0.0.1", name: "bob", library).status == 200)
        #expect(try await login("correct horse", from: nil, library).status == 200)
    }

    @Test func aHundredFailuresCloseTheAccountToStrangersOnly() async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        #expect(try await login("correct horse", from: "10.0.0.1", library).status == 200)
        for host in 0..<20 { try await fail(5, from: "10.0.1.\(host)", library) }
        let stranger = try await login("correct horse", from: "10.0.2.1", library)
        #expect(stranger.status == 429)
        #expect(stranger.header("retry-after") == "86400")
        // Where the owner has logged in before, the account is open. A login there opens it everywhere.
        #expect(try await login("correct horse", from: "10.0.0.1", library).status == 200)
        #expect(try await login("correct horse", from: "10.0.2.1", library).status == 200)
    }

    @Test(.onSQLite("tries are counted by uptime")) func aClosedAccountOpensAfterADay() async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        for host in 0..<20 { try await fail(5, from: "10.0.1.\(host)", library) }
        library.time.pass(seconds: 86399)
        #expect(try await login("correct horse", from: "10.0.2.1", library).status == 429)
        library.time.pass(seconds: 1)
        #expect(try await login("correct horse", from: "10.0.2.1", library).status == 200)
    }

    /// All endpoints that check a password share one limit.
    @Test func otherPlacesThatAskForThePasswordCountToo() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let body = PasswordChange(currentPassword: "wrong horse", newPassword: "battery staple").json
        for place in 0..<6 {
            let reply =
                place % 2 == 0
                ? try await library.send(
                    "PUT", "/me/password", headers: [bearer(token), ("Content-Type", "application/json")], body: body,
                    address: "10.0.0.1")
                : try await library.send(
                    "DELETE", "/me", headers: [basic("ada", "wrong horse")], address: "10.0.0.1")
            #expect(reply.status == (place % 2 == 0 ? 403 : 401))
        }
        #expect(try await login("correct horse", from: "10.0.0.1", library).status == 429)
        let refused = try await library.send(
            "DELETE", "/me", headers: [basic("ada", "correct horse")], address: "10.0.0.1")
        #expect(refused.status == 429)
        #expect(try await library.send("GET", "/me", headers: [bearer(token)]).status == 200)
    }

    @Test func fiveAccountsAMinuteFromOneAddress() async throws {
        let library = try await TestLibrary()
        func register(_ name: String, from address: String?) async throws -> TestReply {
            try await library.send(
                "POST", "/register", headers: [("Content-Type", "application/json")],
                body: Registration(name: name, password: "correct horse").json, address: address)
        }
        // A registration with an invalid name costs nothing and does not count.
        #expect(try await register("a b", from: "10.0.0.1").status == 422)
        for number in 0..<5 {
            let reply = try await register("u\(number)", from: "10.0.0.1")
            #expect(reply.status == 201)
            #expect(reply.header("ratelimit") == #""register";r=\#(4 - number);t=60"#)
        }
        library.time.pass(seconds: 59)
        let refused = try await register("u5", from: "10.0.0.1")
        #expect(refused.status == 429)
        #expect(refused.header("retry-after") == "1")
        #expect(refused.header("ratelimit-policy") == #""register";q=5"#)
        #expect(try await register("u5", from: "10.0.0.2").status == 201)
        #expect(try await register("u6", from: nil).status == 201)
        library.time.pass(seconds: 1)
        #expect(try await register("u7", from: "10.0.0.1").status == 201)
    }

    /// A flood of names does not make the throttle forget a guesser or fill the memory, however often each name
    /// fails.
    @Test(arguments: [1, 6])
    func aFloodOfNamesForgetsNoGuesser(failures: Int) async throws {
        let throttle = Throttle(Clock(now: Clock.system.now, uptime: { 1000 }))
        for host in 0..<100 { try await throttle.admit("ada", from: "10.0.0.\(host)") }
        for _ in 0..<6 { try await throttle.admit("bob", from: "10.0.1.1") }
        for number in 0..<20_000 {
            for _ in 0..<failures { try await throttle.admit("name\(number)", from: "10.0.1.1") }
        }
        await #expect(throws: Failure.self) { try await throttle.admit("ada", from: "10.0.2.1") }
        if failures == 1 {
            await #expect(throws: Failure.self) { try await throttle.admit("bob", from: "10.0.1.1") }
        }
        #expect(throttle.count <= 10_000)
    }

    /// A name or a password that nobody can have costs no hash and no memory.
    @Test(arguments: [String(repeating: "a", count: 65), "a b", "", "ä"])
    func aNameThatNobodyHasIsNotCounted(name: String) async throws {
        let library = try await TestLibrary()
        for _ in 0..<10 { #expect(try await login("x", from: "10.0.0.1", name: name, library).status == 401) }
        let long = String(repeating: "x", count: 1025)
        for _ in 0..<10 { #expect(try await login(long, from: "10.0.0.1", library).status == 401) }
        #expect(library.app.authenticator.throttle.count == 0)
    }

    /// Guesses at the same time get no more checks than guesses one by one.
    @Test func manyGuessesAtOnceAreNoWayAround() async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<50 {
                group.addTask { try await self.login("wrong horse", from: "10.0.0.1", library).status }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses.filter { $0 == 401 }.count <= 6)
        #expect(statuses.allSatisfy { [401, 429, 503].contains($0) })
    }

    @Test func aTryThatNobodyLookedAtIsTakenBack() async throws {
        let throttle = Throttle(Clock(now: Clock.system.now, uptime: { 1000 }))
        for _ in 0..<20 {
            try await throttle.admit("ada", from: "10.0.0.1")
            await throttle.abandoned("ada", from: "10.0.0.1")
        }
        #expect(throttle.count <= 1)
        for _ in 0..<6 { try await throttle.admit("ada", from: "10.0.0.1") }
        await #expect(throws: Failure.self) { try await throttle.admit("ada", from: "10.0.0.1") }
    }

    /// While the failures of others have closed an account, its owner can still use all of it.
    @Test func aClosedAccountIsItsOwnersStill() async throws {
        let folder = TemporaryFolder()
        var library: TestLibrary? = try await TestLibrary(folder: folder)
        _ = try await #require(library).login("ada")
        let first = try await login("correct horse", from: "10.0.0.1", #require(library))
        let token = try Login(json: first.body, unknownMembers: .ignored).token
        // After a restart the daemon still knows the addresses of the owner.
        library = nil
        let again = try await TestLibrary(folder: folder)
        for host in 0..<20 { try await fail(5, from: "10.0.1.\(host)", again) }
        #expect(try await login("correct horse", from: "10.0.2.1", again).status == 429)
        let change = PasswordChange(currentPassword: "correct horse", newPassword: "battery staple").json
        let changed = try await again.send(
            "PUT", "/me/password", headers: [bearer(token), ("Content-Type", "application/json")], body: change,
            address: "10.0.2.1")
        #expect(changed.status == 204)
        for host in 0..<20 { try await fail(5, from: "10.0.3.\(host)", again) }
        #expect(try await login("battery staple", from: "10.0.0.1", again).status == 200)
        for host in 0..<20 { try await fail(5, from: "10.0.4.\(host)", again) }
        #expect(try await login("battery staple", from: "10.0.5.1", again).status == 429)
        _ = try await again.app.perform(OperatorRequest.passwd("ADA", password: "tuba and cello"))
        #expect(try await login("tuba and cello", from: "10.0.5.1", again).status == 200)
    }
}
