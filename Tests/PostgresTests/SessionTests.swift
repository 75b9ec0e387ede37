import LibraryStore
import Shared
import Testing

@testable import LibraryPostgres

/// Logins and refresh tokens, on both engines.
@Suite(.serialized) struct SessionTests {
    private let start = AccountLibrary.start

    @Test(arguments: Engine.allCases)
    func aLoginIsACaller(engine: Engine) async throws {
        let library = try await AccountLibrary(engine)
        let store = library.store
        let ada = try await library.add("Ada", admin: true)
        let session = try await store.login(ada, id: "1", lifetime: 60, address: "192.0.2.1")
        #expect(session.id == "1" && session.expiresAt == start.adding(seconds: 60) && session.user.admin)
        let principal = try #require(try await store.principal("1", after: 59))
        #expect(
            principal
                == Principal(
                    userID: ada.id, publicID: "id of Ada", name: "Ada", admin: true, sessionID: "1",
                    origin: session.origin, scope: nil))
        #expect(principal.origin != nil && principal.mayWrite)
        #expect(try await store.principal("1", after: 60) == nil)
        for id in ["2", "", "1\0", "\0", "1 "] { #expect(try await store.principal(id) == nil) }
        #expect(try await library.noted().last == "login Ada Ada curl/8")
        // A demotion acts on the next request.
        try await library.add("bob", admin: true)
        _ = try await store.updateUser(.id(ada.id), UserPatch(admin: false), by: .operator, at: start)
        #expect(try await store.principal("1")?.admin == false)
    }

    /// The revision is that of the database: another daemon has the same.
    @Test func theRevisionIsTheLastEvent() async throws {
        let library = try await TestStore()
        let (store, other) = (library.store, try await library.another())
        defer { other.close() }
        let ada = try await store.add("ada")
        try await store.login(ada, id: "1")
        func revision(_ store: PostgresStore) async throws -> Revision? {
            try await store.caller(session: "1", at: start)?.revision
        }
        let first = try #require(try await revision(store))
        #expect(first.owner == ada.id && first.changes == 0 && first.run.count == 16)
        #expect(try await revision(other) == first)
        _ = try await store.write(owner: ada.id) { change in
            try PostgresStore.create(
                change, AuthorDraft(name: "a", book: "b", country: "c"), from: nil, at: library.now())
        }
        let second = try #require(try await revision(other))
        #expect(second.run == first.run && second.changes == 1)
    }

    @Test(arguments: Engine.allCases)
    func aLoginNeedsThePasswordThatWasVerified(engine: Engine) async throws {
        let library = try await AccountLibrary(engine)
        let ada = try await library.add("ada")
        for user in [
            StoredUser(id: ada.id, name: "ada", passwordHash: "another", disabled: false),
            StoredUser(id: 99, name: "ada", passwordHash: "ada's hash", disabled: false),
        ] {
            #expect(await failure { try await library.store.login(user, id: "1", key: "k") } == .passwordChanged)
        }
        #expect(try await library.store.principal("1") == nil)
        #expect(try await library.noted() == ["user_created ada ada "])
    }

    @Test(arguments: Engine.allCases)
    func sessionsAreListedAndEnded(engine: Engine) async throws {
        let library = try await AccountLibrary(engine)
        let store = library.store
        let (ada, bob) = (try await library.add("ada"), try await library.add("bob"))
        try await store.login(ada, id: "a", client: "", after: 1)
        try await store.login(ada, id: "c", after: 2)
        try await store.login(ada, id: "b", after: 2)
        try await store.login(ada, id: "short", after: 3, lifetime: 5)
        try await store.login(bob, id: "other", after: 3)
        try await store.refresh("token of a", to: "next", after: 5)
        let list = try await store.sessions(user: ada.id, current: "c", at: start.adding(seconds: 8))
        #expect(list.map(\.id) == ["b", "c", "a"])
        #expect(
            list.last
                == LoginSession(
                    id: "a", createdAt: start.adding(seconds: 1), usedAt: start.adding(seconds: 5),
                    expiresAt: start.adding(seconds: 1 + 30 * AccountLibrary.day), client: "", current: false))
        #expect(list.map(\.current) == [false, true, false])

        let caller = try #require(try await store.principal("c"))
        let by = Initiator("ada", from: nil)
        for id in ["other", "x", "", "a\0", "\0"] where engine == .postgres || id != "a\0" {
            #expect(
                await failure { try await store.deleteSession(id: id, caller, by: by, at: self.start) }
                    == .sessionNotFound)
        }
        try await store.deleteSession(id: "a", caller, by: by, at: start)
        #expect(try await store.principal("a") == nil)
        try await store.deleteSessions(.others, caller, by: by, at: start)
        #expect(try await store.principal("b") == nil)
        #expect(try await store.principal("c") != nil)
        try await store.deleteSession(id: "c", caller, by: by, at: start)
        #expect(try await store.principal("c") == nil)
        try await store.login(ada, id: "d")
        try await store.deleteSessions(.all, caller, by: by, at: start)
        #expect(try await store.principal("d") == nil)
        #expect(try await store.principal("other") != nil)
        #expect(
            try await library.noted(after: 7) == [
                "session_revoked ada ada a", "sessions_revoked ada ada others", "logout ada ada ",
                "login ada ada curl/8", "sessions_revoked ada ada all",
            ])
    }

    @Test(arguments: Engine.allCases)
    func aRepeatedLoginIsOneSession(engine: Engine) async throws {
        let library = try await AccountLibrary(engine)
        let store = library.store
        let (ada, bob) = (try await library.add("ada"), try await library.add("bob"))
        let first = try await store.login(ada, id: "1", token: "first", key: "k")
        let again = try await store.login(ada, id: "2", token: "second", after: 100, key: "k")
        #expect(again.id == "1" && again.origin == first.origin && again.expiresAt == first.expiresAt)
        #expect(try await store.principal("2") == nil)
        // Either answer may have been lost.
        #expect(try await store.refresh("first", to: "third", after: 200) == "rotated 1")
        #expect(try await store.refresh("second", to: "fourth", after: 201) == "rotated 1")
        #expect(try await store.login(ada, id: "3", key: "other").id == "3")
        #expect(try await store.login(bob, id: "4", key: "k").id == "4")
        #expect(try await store.login(ada, id: "5", after: AccountLibrary.day, key: "k").id == "5")
        #expect(try await library.noted().filter { $0.hasPrefix("login") }.count == 4)
    }

    @Test(arguments: Engine.allCases)
    func theLastAddressesAreKept(engine: Engine) async throws {
        let library = try await AccountLibrary(engine)
        let store = library.store
        let (ada, bob) = (try await library.add("ada"), try await library.add("bob"))
        for number in 1...18 as ClosedRange<Int64> {
            try await store.login(ada, id: "\(number)", after: number, address: "192.0.2.\(number)")
        }
        try await store.login(ada, id: "again", after: 19, address: "192.0.2.3")
        try await store.login(bob, id: "bob", address: "192.0.2.1")
        try await store.login(bob, id: "unknown", address: nil)
        try await store.login(ada, id: "last", after: 20, address: "192.0.2.99")
        let known = Set(try await store.loginAddresses().map { "\($0.name) \($0.address)" })
        #expect(
            known == Set(["ada 192.0.2.3", "ada 192.0.2.99", "bob 192.0.2.1"] + (5...18).map { "ada 192.0.2.\($0)" }))
    }

    // MARK: Refresh tokens

    private func library(_ engine: Engine) async throws -> AccountLibrary {
        let library = try await AccountLibrary(engine)
        try await library.store.login(try await library.add("ada"), id: "1", token: "0")
        return library
    }

    @Test(arguments: Engine.allCases)
    func aTokenIsGoodOnceAndAgainForAWhile(engine: Engine) async throws {
        let library = try await library(engine)
        let store = library.store
        #expect(try await store.refresh("0", to: "a", after: 100) == "rotated 1")
        // Its answer may have got lost.
        #expect(try await store.refresh("0", to: "b", after: 110) == "rotated 1")
        #expect(try await store.refresh("a", to: "c", after: 200) == "rotated 1")
        // What was given out for the same token is as good.
        #expect(try await store.refresh("b", to: "d", after: 205) == "rotated 1")
        #expect(try await store.refresh("d", to: "e", after: 300) == "rotated 1")
        for token in ["", "x", "\0"] { #expect(try await store.refresh(token, to: "f", after: 300) == "unknown") }
        // The one before the one before.
        #expect(try await store.refresh("a", to: "f", after: 301) == "replayed 1")
        #expect(try await store.principal("1") == nil)
        #expect(try await store.refresh("e", to: "f", after: 302) == "unknown")
        #expect(try await store.refresh("a", to: "f", after: 303) == "unknown")
    }

    @Test(arguments: Engine.allCases, [Int64(111), 89])
    func aTokenThatComesLateEndsTheSession(engine: Engine, time: Int64) async throws {
        let library = try await library(engine)
        let store = library.store
        try await store.refresh("0", to: "a", after: 100)
        #expect(try await store.refresh("0", to: "b", after: time) == "replayed 1")
        #expect(try await store.principal("1") == nil)
        #expect(try await library.noted().last == "refresh_token_reused ada - 1")
    }

    @Test(arguments: Engine.allCases)
    func anExchangeThatIsLateIsNone(engine: Engine) async throws {
        let library = try await library(engine)
        let store = library.store
        for token in ["0", "x"] {
            #expect(
                await failure { try await store.refresh(token, to: "a", after: 1, isLate: true) } == .busy)
        }
        #expect(try await store.refresh("0", to: "b", after: 60) == "rotated 1")
    }

    @Test(arguments: Engine.allCases)
    func aSessionThatIsOverIsNotRefreshed(engine: Engine) async throws {
        let library = try await library(engine)
        let store = library.store
        let week = 7 * AccountLibrary.day
        #expect(try await store.refresh("0", to: "a", after: week) == "unknown")
        #expect(try await store.refresh("0", to: "a", after: week - 1) == "rotated 1")
        #expect(try await store.refresh("a", to: "b", after: 2 * week - 2) == "rotated 1")
        #expect(try await store.refresh("b", to: "c", after: 3 * week - 3) == "rotated 1")
        #expect(try await store.refresh("c", to: "d", after: 4 * week - 4) == "rotated 1")
        #expect(try await store.refresh("d", to: "e", after: 30 * AccountLibrary.day) == "unknown")
    }

    /// Rows of sessions that are over do not gather.
    @Test func endedSessionsAreDeletedLater() async throws {
        let library = try await TestStore()
        let ada = try await library.store.add("ada")
        for id in ["1", "2", "3"] { try await library.store.login(ada, id: id, lifetime: 60) }
        let connection = try library.connect()
        defer { connection.close() }
        let count: Statement = "SELECT count(*) FROM session"
        try await library.store.login(ada, id: "4", after: 59 + 30 * AccountLibrary.day)
        #expect(try connection.integer(count) == 4)
        try await library.store.login(ada, id: "5", after: 60 + 30 * AccountLibrary.day)
        #expect(try connection.integer(count) == 2)
        // Idle for a week, and 30 days more.
        try await library.store.login(ada, id: "6", after: 59 + 67 * AccountLibrary.day)
        #expect(try await library.store.sessions(user: ada.id, current: "", at: library.now()).map(\.id) == ["6", "5"])
    }

    /// Those of live sessions and keys are kept besides the last.
    @Test func originsDoNotGather() async throws {
        let library = try await TestStore()
        let ada = try await library.store.add("ada")
        let session = try await library.store.login(ada, id: "1")
        let key = try await library.store.addKey(.id(ada.id), "key")
        let connection = try library.connect()
        defer { connection.close() }
        try connection.run(
            #"INSERT INTO origin ("user", session) SELECT $1, 's' || n FROM generate_series(1, 10003) AS n"#,
            [.integer(ada.id)])
        let live = try await library.store.login(ada, id: "2").origin
        let rows = try connection.rows(
            #"SELECT session FROM origin WHERE "user" = $1 ORDER BY number"#, [.integer(ada.id)]
        ) { try $0.text(0) }
        #expect(rows.count == 10_002 && Array(rows.prefix(3)) == ["1", key.id, "s5"] && rows.last == "2")
        #expect(try await library.store.principal("1")?.origin == session.origin)
        #expect(try #require(live) > (session.origin ?? .max))
    }
}
