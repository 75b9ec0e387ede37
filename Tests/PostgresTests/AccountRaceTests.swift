import LibraryStore
import Shared
import TestSupport
import Testing

@testable import LibraryPostgres

/// Two daemons on one database: what SQLite's one writer makes true by itself.
@Suite(.serialized) struct AccountRaceTests {
    var start: Timestamp { AccountLibrary.start }

    final class Daemons: Sendable {
        let library: TestStore
        let a: PostgresStore
        let b: PostgresStore

        init() async throws {
            library = try await TestStore()
            a = library.store
            b = try await library.another()
        }

        deinit { b.close() }
    }

    /// The outcomes of two operations at once.
    func both<Value: Sendable>(
        _ first: @escaping @Sendable () async throws -> Value, _ second: @escaping @Sendable () async throws -> Value
    ) async -> [Result<Value, any Error>] {
        async let other = Result.of(second)
        return [await Result.of(first), await other]
    }

    @Test func ofTwoAdminsWhoDemoteEachOtherOneStays() async throws {
        let daemons = try await Daemons()
        try await daemons.a.add("ada", admin: true)
        try await daemons.a.add("bob", admin: true)
        for round in 0..<200 {
            let disables = round.isMultiple(of: 2)
            let results = await both {
                try await daemons.a.updateUser(.name("ada"), UserPatch(admin: false), by: .operator, at: start)
            } _: {
                try await daemons.b.updateUser(
                    .name("bob"), disables ? UserPatch(disabled: true) : UserPatch(admin: false), by: .operator,
                    at: start)
            }
            #expect(results.count { (try? $0.get()) != nil } == 1)
            for result in results {
                if case .failure(let error) = result { #expect((error as? StoreError)?.code == .lastAdmin) }
            }
            let users = try await daemons.a.users()
            #expect(users.count { $0.admin && !$0.disabled } == 1)
            for name in ["ada", "bob"] {
                _ = try await daemons.b.updateUser(
                    .name(name), UserPatch(admin: true, disabled: false), by: .operator, at: start)
            }
        }
    }

    @Test func theLastTwoAdminsAreNotBothDeleted() async throws {
        let daemons = try await Daemons()
        for _ in 0..<20 {
            for name in ["ada", "bob"] where try await daemons.a.user(.name(name))?.id == nil {
                try await daemons.a.add(name, admin: true)
            }
            let results = await both {
                try await daemons.a.deleteUser(.name("ada"), passwordHash: nil, by: .operator, at: start)
            } _: {
                try await daemons.b.deleteUser(.name("bob"), passwordHash: nil, by: .operator, at: start)
            }
            #expect(results.count { (try? $0.get()) != nil } == 1)
            #expect(try await daemons.a.users().count == 1)
        }
    }

    /// Who deletes an account with the old password is too late, or the password is not changed any more.
    @Test func noDeletionGoesBesideANewPassword() async throws {
        let daemons = try await Daemons()
        for _ in 0..<50 {
            let user = try await daemons.a.add("ada")
            let results = await both {
                try await daemons.a.deleteUser(
                    .id(user.id), passwordHash: user.passwordHash, by: .operator, at: start)
            } _: {
                try await daemons.b.setPassword(
                    .id(user.id), from: user.passwordHash, to: "new", keeping: nil, by: .operator, at: start)
            }
            switch (results[0], results[1]) {
            case (.success, .failure(let error)): #expect(error as? StoreError == .userNotFound(name: nil))
            case (.failure(let error), .success): #expect(error as? StoreError == .passwordChanged)
            default: Issue.record("\(results)")
            }
            if try await daemons.a.user(.name("ada"))?.id != nil {
                try await daemons.a.deleteUser(.name("ada"), passwordHash: nil, by: .operator, at: start)
            }
        }
    }

    @Test func whatEndsOnOneDaemonHasEndedOnTheOther() async throws {
        let daemons = try await Daemons()
        let ada = try await daemons.a.add("ada", admin: true)
        try await daemons.a.add("bob", admin: true)
        func lives(_ id: String) async throws -> Bool { try await daemons.b.principal(id) != nil }
        let by = Initiator.operator
        for id in ["1", "2", "3", "4", "5"] {
            try await daemons.a.login(ada, id: id)
            #expect(try await lives(id))
        }
        let caller = try #require(try await daemons.b.principal("1"))
        try await daemons.a.deleteSession(id: "1", caller, by: by, at: start)
        #expect(try await !lives("1"))
        try await daemons.a.refresh("token of 2", to: "next", after: 1)
        #expect(try await daemons.b.refresh("token of 2", to: "other", after: 100) == "replayed 2")
        #expect(try await daemons.a.principal("2") == nil)
        try await daemons.a.setPassword(.id(ada.id), from: nil, to: "new", keeping: "3", by: by, at: start)
        #expect(try await lives("3"))
        #expect(try await !lives("4"))
        _ = try await daemons.a.updateUser(.id(ada.id), UserPatch(admin: false), by: by, at: start)
        #expect(try await daemons.b.principal("3")?.admin == false)
        try await daemons.a.addKey(.id(ada.id), "key")
        #expect(try await daemons.b.holder("key") == "caller id of key")
        try await daemons.a.deleteKey(.name("key"), of: .id(ada.id), by: by, at: start)
        #expect(try await daemons.b.holder("key") == "unknown")
        _ = try await daemons.a.updateUser(.id(ada.id), UserPatch(disabled: true), by: by, at: start)
        #expect(try await !lives("3"))
        _ = try await daemons.a.updateUser(.id(ada.id), UserPatch(disabled: false), by: by, at: start)
        let again = try #require(try await daemons.b.user(.id(ada.id)))
        try await daemons.b.login(again, id: "6")
        try await daemons.a.deleteUser(.id(ada.id), passwordHash: nil, by: by, at: start)
        #expect(try await !lives("6"))
    }

    @Test func aNameIsTakenOnceOnAllDaemons() async throws {
        let daemons = try await Daemons()
        for round in 0..<50 {
            let results = await both {
                try await daemons.a.createUser(
                    publicID: "a\(round)", name: "user\(round)", passwordHash: "", as: nil, by: .operator, at: start)
            } _: {
                try await daemons.b.createUser(
                    publicID: "b\(round)", name: "USER\(round)", passwordHash: "", as: nil, by: .operator, at: start)
            }
            #expect(results.count { (try? $0.get()) != nil } == 1)
            for result in results {
                if case .failure(let error) = result { #expect((error as? StoreError)?.code == .nameTaken) }
            }
        }
        #expect(try await daemons.a.users().count == 50)
    }

    @Test func thereAreNeverTooManyKeys() async throws {
        let daemons = try await Daemons()
        try await daemons.a.add("ada")
        for number in 1..<APIKey.limit { try await daemons.a.addKey(.name("ada"), "\(number)") }
        for round in 0..<20 {
            let results = await both {
                try await daemons.a.addKey(.name("ada"), "a\(round)").id
            } _: {
                try await daemons.b.addKey(.name("ada"), "b\(round)").id
            }
            let made = results.compactMap { try? $0.get() }
            #expect(made.count == 1)
            try await daemons.a.deleteKey(.id(made.first ?? ""), of: .name("ada"), by: .operator, at: start)
        }
    }

    /// Authors are created, logins and keys made, while the user is deleted: each does what it is asked to or finds the
    /// user gone.
    @Test func aDeletionLocksNobodyOut() async throws {
        let daemons = try await Daemons()
        for round in 0..<25 {
            let user = try await daemons.a.add("ada")
            try await daemons.a.login(user, id: "first \(round)")
            for number in 0..<20 { try await daemons.a.addAuthor("\(number)", to: user.id) }
            let outcomes = await withTaskGroup(of: [StoreError?].self) { group in
                for (index, store) in [daemons.a, daemons.b, daemons.a, daemons.b].enumerated() {
                    group.addTask {
                        var outcomes: [StoreError?] = []
                        for number in 0..<10 {
                            let name = "\(index) \(number)"
                            outcomes.append(
                                await failure { try await store.addAuthor(name, key: name, to: user.id) })
                            outcomes.append(
                                await failure { try await store.login(user, id: "\(round) \(name)", address: name) })
                            outcomes.append(await failure { try await store.addKey(.id(user.id), name) })
                        }
                        return outcomes
                    }
                }
                group.addTask {
                    [
                        await failure {
                            try await daemons.b.deleteUser(
                                .id(user.id), passwordHash: nil, by: .operator, at: self.start)
                        }
                    ]
                }
                return await group.reduce(into: []) { $0 += $1 }
            }
            let expected: [StoreError?] = [nil, .ownerDeleted, .passwordChanged, .userNotFound(name: nil)]
            #expect(outcomes.allSatisfy { expected.contains($0) }, "\(outcomes.filter { !expected.contains($0) })")
            #expect(try await daemons.a.user(.id(user.id))?.id == nil)
        }
        let connection = try daemons.library.connect()
        defer { connection.close() }
        #expect(try connection.integer("SELECT count(*) FROM author") == 0)
        connection.close()
        #expect(try await daemons.library.deadlocks([daemons.a, daemons.b]) == 0)
    }
}

extension Result where Failure == any Error {
    static func of(_ body: @Sendable () async throws -> Success) async -> Result {
        do {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }
}

extension TestStore {
    /// How many deadlocks there have been: a store that does again what was undone hides them.
    /// - Parameter stores: are closed, because a connection tells at its end at the latest.
    func deadlocks(_ stores: [PostgresStore]) async throws -> Int64? {
        stores.forEach { $0.close() }
        let connection = try connect()
        defer { connection.close() }
        try await wait(until: "the end of all connections") {
            try connection.integer("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()") == 1
        }
        return try connection.integer("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    }
}

extension PostgresStore {
    /// Creates an author as the server does, with an `Idempotency-Key` if one is given.
    func addAuthor(_ name: String, key: String? = nil, to owner: Int64) async throws {
        let request = IdempotentRequest(key, "author", content: Array(name.utf8))
        _ = try await withCheckedThrowingContinuation { continuation in
            createAuthor(
                AuthorDraft(name: name, book: "b", country: "c"), owner: owner, from: nil, as: request,
                at: AccountLibrary.start
            ) { continuation.resume(with: $0) }
        }
    }
}
