import GRDB
import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

@Suite(.serialized) struct RefreshTests {
    func refresh(_ token: String, _ library: TestLibrary) async throws -> TestReply {
        try await library.post("/token/refresh", #"{"refresh_token":"\#(token)"}"#)
    }

    /// A refresh that reaches the writer after its client has given up must not use the token: the client would never
    /// get the answer, and its next refresh would look like a replay.
    @Test func aTradeThatIsLateIsNone() async throws {
        let library = try await TestLibrary()
        let login = try await library.login("ada")
        let failure = await #expect(throws: StoreError.self) {
            try await library.store.rotateRefreshToken(
                from: Digest.sha256(Array(login.refreshToken.utf8)), to: Array(repeating: 0, count: 32),
                at: library.time.now, grace: 10, idle: 1000, isLate: { true }, by: .operator)
        }
        #expect(failure?.code == .busy)
        library.time.advance(seconds: 60)
        #expect(try await refresh(login.refreshToken, library).status == 200)
    }

    @Test func tradesOneTokenForTheNext() async throws {
        let library = try await TestLibrary()
        let login = try await library.login("ada")
        library.time.advance(seconds: 1800)
        #expect(try await library.send("GET", "/me", headers: [bearer(login.token)]).code == "token_expired")

        let next = try Login(json: try await refresh(login.refreshToken, library).body, unknownMembers: .rejected)
        #expect(next.refreshToken != login.refreshToken)
        #expect(next.refreshExpiresAt == login.refreshExpiresAt)
        #expect(try await library.send("GET", "/me", headers: [bearer(next.token)]).status == 200)
        #expect(try await refresh(next.refreshToken, library).status == 200)
    }

    @Test func aLostAnswerLogsNobodyOut() async throws {
        let library = try await TestLibrary()
        let login = try await library.login("ada")
        #expect(try await refresh(login.refreshToken, library).status == 200)
        library.time.advance(seconds: 10)
        #expect(try await refresh(login.refreshToken, library).status == 200)
    }

    /// Within the ten seconds of grace too: only the answer to the last refresh can be lost.
    @Test func onlyTheTokenBeforeTheCurrentOneIsHonoured() async throws {
        let library = try await TestLibrary()
        let first = try await library.login("ada").refreshToken
        var (current, token) = (first, "")
        for _ in 0..<2 {
            let login = try Login(json: try await refresh(current, library).body, unknownMembers: .rejected)
            (current, token) = (login.refreshToken, login.token)
        }
        #expect(try await refresh(first, library).code == "refresh_token_invalid")
        #expect(try await library.send("GET", "/me", headers: [bearer(token)]).code == "token_revoked")
        #expect(try await refresh(current, library).code == "refresh_token_invalid")
    }

    /// Each answer to the same token may be lost, so the client may send the token again until it uses a newer one.
    @Test func theSameTokenIsHonouredAsOftenAsItsAnswersGetLost() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").refreshToken
        for _ in 0..<3 { #expect(try await refresh(token, library).status == 200) }
        let login = try Login(json: try await refresh(token, library).body, unknownMembers: .rejected)
        #expect(try await refresh(login.refreshToken, library).status == 200)
        library.time.advance(seconds: 11)
        #expect(try await refresh(token, library).code == "refresh_token_invalid")
    }

    private func next(_ token: String, _ library: TestLibrary) async throws -> String {
        try Login(json: try await refresh(token, library).body, unknownMembers: .rejected).refreshToken
    }

    /// Clients that share a login may refresh at the same time, and may store any of the answers.
    @Test(arguments: 0..<4)
    func whatWasGivenOutForTheSameTokenIsAsGood(kept: Int) async throws {
        let library = try await TestLibrary()
        let first = try await library.login("ada").refreshToken
        var tokens: [String] = []
        for _ in 0..<4 { tokens.append(try await next(first, library)) }
        library.time.advance(seconds: 1800)
        var latest = ""
        for token in [tokens[kept]] + tokens { latest = try await next(token, library) }
        library.time.advance(seconds: 11)
        #expect(try await refresh(latest, library).status == 200)
        #expect(try await refresh(tokens[(kept + 1) % 4], library).code == "refresh_token_invalid")
        #expect(try await refresh(latest, library).code == "refresh_token_invalid")
    }

    /// A thief may refresh within the ten seconds too. Once either login has gone on, the old token ends the session.
    @Test(arguments: [true, false])
    func ofTwoThatGoOnOneEndsTheSession(firstGoesOn: Bool) async throws {
        let library = try await TestLibrary()
        let first = try await library.login("ada").refreshToken
        let (owner, thief) = (try await next(first, library), try await next(first, library))
        _ = try await next(firstGoesOn ? owner : thief, library)
        #expect(try await refresh(first, library).code == "refresh_token_invalid")
        #expect(try await refresh(owner, library).code == "refresh_token_invalid")
        #expect(try await refresh(thief, library).code == "refresh_token_invalid")
    }

    @Test(arguments: [1, 2, 3])
    func aReplayEndsTheSession(rotations: Int) async throws {
        let library = try await TestLibrary()
        let stolen = try await library.login("ada").refreshToken
        var current = stolen
        var token = ""
        for _ in 0..<rotations {
            let login = try Login(json: try await refresh(current, library).body, unknownMembers: .rejected)
            (current, token) = (login.refreshToken, login.token)
            library.time.advance(seconds: 11)
        }
        let replay = try await refresh(stolen, library)
        #expect(replay.status == 401)
        #expect(replay.code == "refresh_token_invalid")
        #expect(library.log.lines.filter { $0.hasPrefix("warning a refresh token was used again") }.count == 1)
        #expect(try await library.send("GET", "/me", headers: [bearer(token)]).code == "token_revoked")
        #expect(try await refresh(current, library).status == 401)
    }

    /// A token expires no later than its session.
    @Test func aTokenEndsWithItsSession() async throws {
        let library = try await TestLibrary()
        var login = try await library.login("ada")
        for _ in 0..<29 {
            library.time.advance(seconds: 86400)
            login = try Login(json: try await refresh(login.refreshToken, library).body, unknownMembers: .rejected)
        }
        library.time.advance(seconds: 86400 - 60)
        login = try Login(json: try await refresh(login.refreshToken, library).body, unknownMembers: .rejected)
        #expect(login.expiresIn == 60)
        #expect(login.expiresAt == login.refreshExpiresAt)
        library.time.advance(seconds: 60)
        #expect(try await library.send("GET", "/me", headers: [bearer(login.token)]).code == "token_expired")
    }

    @Test func anIdleSessionIsOver() async throws {
        let library = try await TestLibrary()
        let login = try await library.login("ada")
        library.time.advance(seconds: 7 * 86400)
        #expect(try await refresh(login.refreshToken, library).code == "refresh_token_invalid")
    }

    @Test func aSessionEndsAfterThirtyDaysHoweverBusy() async throws {
        let library = try await TestLibrary()
        var token = try await library.login("ada").refreshToken
        for _ in 0..<29 {
            library.time.advance(seconds: 86400)
            token = try Login(json: try await refresh(token, library).body, unknownMembers: .rejected).refreshToken
        }
        library.time.advance(seconds: 86400)
        #expect(try await refresh(token, library).code == "refresh_token_invalid")
    }

    @Test func sessionsThatAreOverDoNotGather() async throws {
        let library = try await TestLibrary()
        for _ in 0..<5 { _ = try await library.login("ada") }
        #expect(try library.sqlite.sessions.counts.sessions == 5)
        // Ended sessions are deleted 30 days later, so that a clock that is wrong for a while ends no login.
        library.time.advance(seconds: 37 * 86400)
        library.time.pass(seconds: 37 * 86400)
        let login = try await library.login("ada")
        #expect(try library.sqlite.sessions.counts.sessions == 1)
        #expect(try await library.send("GET", "/me", headers: [bearer(login.token)]).status == 200)
        #expect(try library.sqlite.readers.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM session") } == 1)
    }

    @Test(arguments: ["", "x", "../..", "' OR 1=1 --"])
    func otherTextIsNoToken(text: String) async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        #expect(try await refresh(text, library).code == "refresh_token_invalid")
    }

    @Test func anAccessTokenIsNoRefreshTokenNorTheOtherWayRound() async throws {
        let library = try await TestLibrary()
        let login = try await library.login("ada")
        #expect(try await refresh(login.token, library).code == "refresh_token_invalid")
        #expect(try await library.send("GET", "/me", headers: [bearer(login.refreshToken)]).code == "token_malformed")
    }
}
