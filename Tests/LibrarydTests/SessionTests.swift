import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// Logins: their list, and what ends them.
@Suite(.serialized) struct SessionTests {
    private func sessions(_ token: String, _ library: TestLibrary) async throws -> [LoginSession] {
        let reply = try await library.send("GET", "/sessions", headers: [bearer(token)])
        #expect(reply.status == 200)
        return try LoginSessionList(json: reply.body, unknownMembers: .rejected).sessions
    }

    private func status(_ token: String, _ library: TestLibrary) async throws -> Int {
        try await library.send("GET", "/me", headers: [bearer(token)]).status
    }

    private func delete(_ target: String, _ token: String, _ library: TestLibrary) async throws -> TestReply {
        try await library.send("DELETE", target, headers: [bearer(token)])
    }

    @Test func theListTellsEachLogin() async throws {
        let library = try await TestLibrary()
        let first = try await library.login("ada")
        _ = try await library.login("bob")
        let start = library.time.now
        library.time.advance(seconds: 60)
        let reply = try await library.send(
            "POST", "/login", headers: [basic("ada", "correct horse"), ("User-Agent", "libctl/1 é")])
        let second = try Login(json: reply.body, unknownMembers: .rejected)
        library.time.advance(seconds: 60)
        _ = try await library.post("/token/refresh", #"{"refresh_token":"\#(first.refreshToken)"}"#)

        let list = try await sessions(second.token, library)
        #expect(list.map(\.current) == [true, false])
        #expect(list.map(\.createdAt) == [start.adding(seconds: 60), start])
        #expect(list.map(\.usedAt) == [start.adding(seconds: 60), start.adding(seconds: 120)])
        #expect(list[0].expiresAt == second.refreshExpiresAt)
        // Only characters that are safe in a terminal.
        #expect(list.map(\.client) == ["libctl/1 ", ""])
    }

    @Test func oneLoginCanBeEnded() async throws {
        let library = try await TestLibrary()
        let (mine, stolen) = (try await library.login("ada"), try await library.login("ada"))
        let id = try #require(try await sessions(mine.token, library).first { !$0.current }?.id)
        #expect(try await delete("/sessions/\(id)", mine.token, library).status == 204)
        #expect(try await library.send("GET", "/me", headers: [bearer(stolen.token)]).code == "token_revoked")
        #expect(try await status(mine.token, library) == 200)
        let refresh = try await library.post("/token/refresh", #"{"refresh_token":"\#(stolen.refreshToken)"}"#)
        #expect(refresh.code == "refresh_token_invalid")
        // A login that was ended looks like one that never existed.
        let again = try await delete("/sessions/\(id)", mine.token, library)
        #expect(again.status == 404)
        #expect(again.code == "session_not_found")
    }

    @Test func anothersLoginLooksLikeAMissingOne() async throws {
        let library = try await TestLibrary()
        let (ada, bob) = (try await library.login("ada").token, try await library.login("bob").token)
        let id = try await sessions(ada, library)[0].id
        let others = try await delete("/sessions/\(id)", bob, library)
        let missing = try await delete("/sessions/none", bob, library)
        #expect(others.status == 404)
        #expect(
            others.text.replacing(try others.problem.requestID, with: "")
                == missing.text.replacing(try missing.problem.requestID, with: ""))
        #expect(try await status(ada, library) == 200)
    }

    @Test(arguments: [("others", 200), ("all", 401)])
    func allOrOthersCanBeEnded(scope: String, own: Int) async throws {
        let library = try await TestLibrary()
        let (mine, other) = (try await library.login("ada").token, try await library.login("ada").token)
        let bob = try await library.login("bob").token
        #expect(try await delete("/sessions?scope=\(scope)", mine, library).status == 204)
        #expect(try await status(mine, library) == own)
        #expect(try await status(other, library) == 401)
        #expect(try await status(bob, library) == 200)
    }

    @Test(arguments: ["", "?scope=", "?scope=mine", "?scope=all&scope=all", "?Scope=all", "?scope=all&x=1"])
    func otherScopesEndNothing(query: String) async throws {
        let library = try await TestLibrary()
        let (mine, other) = (try await library.login("ada").token, try await library.login("ada").token)
        let reply = try await delete("/sessions\(query)", mine, library)
        #expect(reply.status == 400)
        #expect(reply.code == "invalid_query")
        #expect(try await status(other, library) == 200)
    }

    /// A session that was ended stays ended after a restart.
    @Test(arguments: ["POST /logout", "DELETE /sessions?scope=all"])
    func theEndOutlastsARestart(request: String) async throws {
        let folder = TemporaryFolder()
        let words = request.split(separator: " ").map(String.init)
        var library: TestLibrary? = try await TestLibrary(folder: folder)
        let login = try await #require(library).login("ada")
        let kept = try await #require(library).login("bob").token
        _ = try await #require(library).send(words[0], words[1], headers: [bearer(login.token)])
        library = nil
        let again = try await TestLibrary(folder: folder)
        #expect(try await status(login.token, again) == 401)
        #expect(try await status(kept, again) == 200)
    }

    /// A login whose password was verified just before the account was disabled, deleted or given another password.
    @Test(arguments: [
        OperatorRequest.disable("ada"), .delete("ada"), .passwd("ada", password: "battery staple"),
    ])
    func aLoginThatComesTooLateOpensNoSession(command: OperatorRequest) async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        let verified = try #require(try await library.store.user(.name("ada")))
        _ = try await library.app.perform(command)
        let error = await #expect(throws: StoreError.self) {
            try await library.store.createSession(
                id: "s", user: verified, refreshHash: [1], client: "", at: library.time.now,
                expiresAt: library.time.now.adding(seconds: 60), idle: 60, address: nil,
                key: nil, by: .operator)
        }
        #expect(error?.code == .credentialsWrong)
        #expect(try library.sqlite.sessions.counts.sessions == 0)
    }

    /// Logins at the same time as the disabling of their user, many times: in the end no session is left.
    @Test func nothingIsLeftOfLoginsThatRaceWithTheirEnd() async throws {
        let library = try await TestLibrary()
        let bob = try await library.login("bob").token
        _ = try await library.login("ada")
        let verified = try #require(try await library.store.user(.name("ada")))
        let now = library.time.now
        for round in 0..<20 {
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        _ = try? await library.store.createSession(
                            id: "\(round)-\(number)", user: verified, refreshHash: [UInt8(round), UInt8(number)],
                            client: "", at: now, expiresAt: now.adding(seconds: 60), idle: 60, address: nil,
                            key: nil, by: .operator)
                    }
                }
                group.addTask { _ = try? await library.app.perform(OperatorRequest.disable("ada")) }
            }
            #expect(try library.sqlite.sessions.counts.sessions == 1)
            _ = try await library.app.perform(OperatorRequest.enable("ada"))
        }
        #expect(try await status(bob, library) == 200)
    }
}
