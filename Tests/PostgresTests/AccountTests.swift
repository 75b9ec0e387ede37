import LibraryStore
import Shared
import Testing

@testable import LibraryPostgres

/// Users, on both engines.
@Suite(.serialized) struct AccountTests {
    var start: Timestamp { AccountLibrary.start }

    @Test(arguments: Engine.allCases)
    func aNameIsTakenOnceInAnyCase(engine: Engine) async throws {
        let library = try await AccountLibrary(engine)
        try await library.add("Ada")
        #expect(await failure { try await library.add("aDA") } == .nameTaken("aDA"))
        let sameID = await failure {
            try await library.store.createUser(
                publicID: AccountLibrary.publicID("Ada"), name: "bob", passwordHash: "", as: nil, by: .operator,
                at: self.start)
        }
        #expect(sameID == .nameTaken("bob"))
        // Only the letters of ASCII have a case.
        try await library.add("É")
        try await library.add("é")
        let users = try await library.store.users()
        #expect(users.map(\.name) == ["Ada", "É", "é"])
        #expect(
            users.first
                == User(
                    publicID: "id of Ada", name: "Ada", admin: false, disabled: false, createdAt: start, authors: 0))
        #expect(try await library.noted() == ["Ada", "É", "é"].map { "user_created \($0) \($0) " })
        #expect(try await library.store.publicIDs() == ["id of Ada", "id of É", "id of é"])
    }

    @Test(arguments: Engine.allCases)
    func aUserIsFoundByEachKey(engine: Engine) async throws {
        let library = try await AccountLibrary(engine)
        let ada = try await library.add("Ada")
        try await library.add("bob")
        for key in [UserKey.id(ada.id), .name("aDa"), .publicID("id of Ada")] {
            let user = try #require(try await library.store.user(key))
            #expect(user.id == ada.id && user.name == "Ada" && user.passwordHash == "Ada's hash" && !user.disabled)
            #expect(try await library.store.profile(key).publicID == "id of Ada")
        }
        // GRDB binds a text up to its first NUL.
        let withNUL = [UserKey.name("ada\0"), .publicID("id of Ada\0x"), .publicID("\0")]
        let others = [
            UserKey.id(99), .id(.min), .name("eve"), .name(""), .name("%"), .publicID("ID OF ADA"), .publicID("x"),
        ]
        for key in others + (engine == .postgres ? withNUL : []) {
            #expect(try await library.store.user(key)?.name == nil)
            #expect(await failure { _ = try await library.store.profile(key) } == key.missing)
            #expect(await failure { _ = try await library.store.keys(key) } == key.missing)
            let patch = UserPatch(disabled: true)
            #expect(
                await failure { _ = try await library.store.updateUser(key, patch, by: .operator, at: self.start) }
                    == key.missing)
            #expect(
                await failure {
                    try await library.store.deleteUser(key, passwordHash: nil, by: .operator, at: self.start)
                } == key.missing)
            #expect(
                await failure {
                    try await library.store.setPassword(
                        key, from: nil, to: "x", keeping: nil, by: .operator, at: self.start)
                } == key.missing)
        }
        #expect(try await library.store.users().count == 2)
    }

    @Test(arguments: Engine.allCases)
    func aRegistrationIsKnownAgain(engine: Engine) async throws {
        let library = try await AccountLibrary(engine)
        let request = try #require(IdempotentRequest("k", "register", content: Array("ada".utf8)))
        let other = try #require(IdempotentRequest("k", "register", content: Array("bob".utf8)))
        let store = library.store
        #expect(try await store.registered("ada", as: request, at: start)?.account == nil)
        try await store.createUser(
            publicID: "1", name: "ada", passwordHash: "hash", as: request, by: .operator, at: start)
        let known = try #require(try await store.registered("ADA", as: request, at: start))
        #expect(known.account == Registered(publicID: "1", name: "ada", admin: false) && known.passwordHash == "hash")
        #expect(try await store.registered("ada", as: other, at: start)?.account == nil)
        #expect(try await store.registered("bob", as: request, at: start)?.account == nil)
        for seconds in [AccountLibrary.day, -AccountLibrary.day] {
            let time = start.adding(seconds: seconds)
            #expect(try await store.registered("ada", as: request, at: time)?.account == nil)
        }
        let last = Timestamp(milliseconds: start.milliseconds + 1000 * AccountLibrary.day - 1)
        #expect(try await store.registered("ada", as: request, at: last)?.account == known.account)
    }

    @Test(arguments: Engine.allCases)
    func somebodyCanAlwaysAdminister(engine: Engine) async throws {
        let library = try await AccountLibrary(engine)
        let store = library.store
        let ada = try await library.add("ada", admin: true)
        try await library.add("bob")
        func update(_ name: String, _ patch: UserPatch) async throws -> User {
            try await store.updateUser(.name(name), patch, by: Initiator("ada", from: nil), at: start)
        }
        for patch in [UserPatch(admin: false), UserPatch(disabled: true), UserPatch(admin: true, disabled: true)] {
            #expect(await failure { _ = try await update("ADA", patch) } == .lastAdmin(name: "ada"))
        }
        let deletion = await failure {
            try await store.deleteUser(.id(ada.id), passwordHash: nil, by: .operator, at: self.start)
        }
        #expect(deletion == .lastAdmin(name: "ada"))
        // A disabled admin cannot administer.
        #expect(try await update("bob", UserPatch(admin: true, disabled: true)).admin)
        #expect(await failure { _ = try await update("ada", UserPatch(admin: false)) } == .lastAdmin(name: "ada"))
        let bob = try await update("bob", UserPatch(disabled: false))
        #expect(bob.admin && !bob.disabled)
        #expect(try await update("ada", UserPatch(admin: false)).admin == false)
        try await store.deleteUser(.id(ada.id), passwordHash: nil, by: .operator, at: start)
        let last = await failure {
            try await store.deleteUser(.name("bob"), passwordHash: nil, by: .operator, at: self.start)
        }
        #expect(last == .lastAdmin(name: "bob"))
        #expect(
            try await library.noted(after: 3) == [
                "promoted bob ada ", "disabled bob ada ", "enabled bob ada ", "demoted ada ada ", "user_deleted ada - ",
            ])
    }

    /// What changes nothing is not noted.
    @Test(arguments: Engine.allCases)
    func aPatchMayChangeNothing(engine: Engine) async throws {
        let library = try await AccountLibrary(engine)
        try await library.add("ada")
        let count = try await library.noted().count
        for patch in [UserPatch(), UserPatch(admin: false), UserPatch(admin: false, disabled: false)] {
            _ = try await library.store.updateUser(.name("ada"), patch, by: .operator, at: start)
        }
        #expect(try await library.noted().count == count)
    }

    @Test(arguments: Engine.allCases)
    func whoIsDisabledLosesSessionsAndKeys(engine: Engine) async throws {
        let library = try await AccountLibrary(engine)
        let store = library.store
        let (ada, bob) = (try await library.add("ada"), try await library.add("bob"))
        for user in [ada, bob] {
            try await store.login(user, id: "session of \(user.name)")
            try await store.addKey(.id(user.id), user.name)
        }
        _ = try await store.updateUser(.name("ada"), UserPatch(disabled: true), by: .operator, at: start)
        #expect(try await store.principal("session of ada") == nil)
        #expect(try await store.holder("ada") == "unknown")
        #expect(try await store.refresh("token of session of ada", to: "next", after: 1) == "unknown")
        #expect(await failure { try await store.login(ada, id: "new") } == .passwordChanged)
        #expect(await failure { try await store.addKey(.id(ada.id), "new") } == .ownerDeleted)
        #expect(try await store.principal("session of bob") != nil)
        #expect(try await store.holder("bob") == "caller id of bob")
        // They do not come back.
        _ = try await store.updateUser(.name("ada"), UserPatch(disabled: false), by: .operator, at: start)
        #expect(try await store.principal("session of ada") == nil)
        #expect(try await store.holder("ada") == "unknown")
        try await store.login(ada, id: "new")
    }

    @Test(arguments: Engine.allCases)
    func aNewPasswordEndsWhatTheOldOneMade(engine: Engine) async throws {
        let library = try await AccountLibrary(engine)
        let store = library.store
        let ada = try await library.add("ada")
        for id in ["1", "2"] { try await store.login(ada, id: id) }
        try await store.addKey(.id(ada.id), "key")
        let wrong = await failure {
            try await store.setPassword(
                .id(ada.id), from: "another", to: "new", keeping: nil, by: .operator, at: self.start)
        }
        #expect(wrong == .passwordChanged)
        #expect(try await store.principal("2") != nil)
        try await store.setPassword(
            .id(ada.id), from: "ada's hash", to: "new", keeping: "1", by: .operator, at: start)
        #expect(try await store.principal("1") != nil)
        #expect(try await store.principal("2") == nil)
        #expect(try await store.holder("key") == "unknown")
        #expect(await failure { try await store.login(ada, id: "3") } == .passwordChanged)
        try await store.setPassword(.name("ada"), from: nil, to: "newer", keeping: nil, by: .operator, at: start)
        #expect(try await store.principal("1") == nil)
        #expect(try await store.user(.id(ada.id))?.passwordHash == "newer")
        #expect(try await library.noted().suffix(2) == ["password_changed ada - ", "password_changed ada - "])
    }

    @Test(arguments: Engine.allCases)
    func anotherHashOfThePasswordEndsNothing(engine: Engine) async throws {
        let library = try await AccountLibrary(engine)
        let store = library.store
        let ada = try await library.add("ada")
        try await store.login(ada, id: "1")
        #expect(try await store.importedHashes() == [])
        #expect(try await store.replacePasswordHash(user: ada.id, from: "ada's hash", to: "$werkzeug$x"))
        #expect(try await !store.replacePasswordHash(user: ada.id, from: "ada's hash", to: "$other"))
        #expect(try await !store.replacePasswordHash(user: 99, from: "$werkzeug$x", to: "$other"))
        #expect(try await store.importedHashes() == ["$werkzeug$x"])
        #expect(try await store.principal("1") != nil)
    }
}
