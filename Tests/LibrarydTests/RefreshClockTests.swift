import Shared
import TestSupport
import Testing

extension RefreshTests {
    // MARK: A clock that is set back or forward

    /// A token from the future would live longer than its lifetime, so it is refused. Its code is that of an expired
    /// token, so that clients refresh it.
    @Test(arguments: [(-60, nil), (-61, "token_expired"), (-86400, "token_expired")])
    func aTokenFromTheFutureIsRefreshed(seconds: Int64, code: String?) async throws {
        let library = try await TestLibrary()
        let login = try await library.login("ada")
        #expect(try await library.send("GET", "/me", headers: [bearer(login.token)]).status == 200)
        library.time.advance(seconds: seconds)
        #expect(try await library.send("GET", "/me", headers: [bearer(login.token)]).code == code)
        let next = try Login(json: try await refresh(login.refreshToken, library).body, unknownMembers: .rejected)
        #expect(try await library.send("GET", "/me", headers: [bearer(next.token)]).status == 200)
    }

    @Test(arguments: [Int64(-11), -86400])
    func aClockSetBackForgivesNoReplay(seconds: Int64) async throws {
        let library = try await TestLibrary()
        let stolen = try await library.login("ada").refreshToken
        let login = try Login(json: try await refresh(stolen, library).body, unknownMembers: .rejected)
        library.time.advance(seconds: seconds)
        #expect(try await refresh(stolen, library).code == "refresh_token_invalid")
        #expect(try await refresh(login.refreshToken, library).code == "refresh_token_invalid")
    }

    @Test(arguments: [Int64(-86400), 86400])
    func aClockThatJumpsLosesNoAuthorAndNoLogin(seconds: Int64) async throws {
        let library = try await TestLibrary()
        let login = try await library.login("ada")
        let first = try await library.create("A", "B", as: login.token)
        library.time.advance(seconds: seconds)
        let next = try Login(json: try await refresh(login.refreshToken, library).body, unknownMembers: .rejected)
        let second = try await library.create("C", "D", as: next.token)
        let changed = try await library.send(
            "PATCH", "/authors/\(first.id)",
            headers: [
                bearer(next.token), ("Content-Type", "application/json"),
                ("If-Match", Author.entityTag(id: first.id, version: first.version)),
            ],
            body: Array(#"{"country":"X"}"#.utf8))
        #expect(changed.status == 200)
        let list = try await library.send("GET", "/authors", headers: [bearer(next.token)]).page
        #expect(list.authors.map(\.id) == [first.id, second.id])
        #expect(list.authors.map(\.version) == [2, 1])
    }

    /// While the clock is wrong by weeks, another user logs in and the daemon restarts. Then the clock is corrected.
    @Test func aClockThatWasWrongForAWhileEndsNoLogin() async throws {
        let folder = TemporaryFolder()
        let time = TestTime()
        var library: TestLibrary? = try await TestLibrary(folder: folder, time: time)
        let login = try await #require(library).login("ada")
        time.advance(seconds: 25 * 86400)
        _ = try await #require(library).login("bob")
        library = nil
        let again = try await TestLibrary(folder: folder, time: time)
        #expect(try await refresh(login.refreshToken, again).code == "refresh_token_invalid")
        time.advance(seconds: -25 * 86400)
        #expect(try await again.send("GET", "/me", headers: [bearer(login.token)]).status == 200)
        #expect(try await refresh(login.refreshToken, again).status == 200)
    }

    /// The clock is a year ahead during logins and a restart, and then corrected. Only the present time counts.
    @Test(.onSQLite("the server's clock is trusted")) func aClockThatWasAYearAheadEndsNoLogin() async throws {
        let folder = TemporaryFolder()
        let time = TestTime()
        var library: TestLibrary? = try await TestLibrary(folder: folder, time: time)
        let login = try await #require(library).login("ada")
        time.advance(seconds: 365 * 86400)
        #expect(try await refresh(login.refreshToken, try #require(library)).code == "refresh_token_invalid")
        _ = try await #require(library).login("bob")
        library = nil
        let again = try await TestLibrary(folder: folder, time: time)
        time.pass(seconds: 5 * 86400)
        _ = try await again.login("eve")
        time.advance(seconds: -365 * 86400)
        #expect(try await again.send("GET", "/me", headers: [bearer(login.token)]).status == 200)
        #expect(try await refresh(login.refreshToken, again).status == 200)
    }
}
