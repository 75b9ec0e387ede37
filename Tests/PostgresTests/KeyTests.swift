import LibraryStore
import Shared
import Synchronization
import TestSupport
import Testing

@testable import LibraryPostgres

/// API keys, on both engines.
@Suite(.serialized) struct KeyTests {
    private let start = AccountLibrary.start

    @Test(arguments: Engine.allCases)
    func aKeyIsACaller(engine: Engine) async throws {
        let library = try await AccountLibrary(engine)
        let store = library.store
        let ada = try await library.add("ada")
        let key = try await store.addKey(.name("ADA"), "cron", .read, expiresAfter: 60)
        #expect(
            key
                == APIKey(
                    id: "id of cron", name: "cron", scope: .read, createdAt: start,
                    expiresAt: start.adding(seconds: 60), usedAt: nil))
        let principal = try #require(try await store.principal("id of cron", after: 59))
        #expect(principal.scope == .read && !principal.mayWrite && principal.userID == ada.id)
        #expect(principal.origin != nil)
        #expect(try await store.principal("id of cron", after: 60) == nil)
        #expect(try await store.holder("cron", after: 59) == "caller id of cron")
        #expect(try await store.holder("cron", after: 60) == "expired")
        for name in ["cro", "", "cron\0"] { #expect(try await store.holder(name) == "unknown") }
        try await store.addKey(.id(ada.id), "for ever")
        #expect(try await store.holder("for ever", after: 100 * 366 * AccountLibrary.day) == "caller id of for ever")
        #expect(
            try await library.noted().suffix(2) == [
                "key_created ada - cron, to read", "key_created ada - for ever, to write",
            ])
    }

    @Test(arguments: Engine.allCases)
    func aUserHasAKeyOfAName(engine: Engine) async throws {
        let library = try await AccountLibrary(engine)
        let store = library.store
        for name in ["ada", "bob"] { try await library.add(name) }
        for name in ["b", "a", "C"] { try await store.addKey(.name("ada"), name) }
        func add(_ name: String, id: String, to user: String = "ada") async throws {
            _ = try await store.createKey(
                .name(user), id: id, name: name, scope: .read, hash: Array(id.utf8), expiresAt: nil, by: .operator,
                at: start)
        }
        #expect(await failure { try await add("c", id: "x") } == .keyExists("c"))
        try await add("c", id: "y", to: "bob")
        #expect(try await store.keys(.name("ada")).map(\.name) == ["a", "b", "C"])
        #expect(try await store.keys(.name("bob")).map(\.id) == ["y"])
        #expect(await failure { try await add("e", id: "e", to: "eve") } == .userNotFound(name: "eve"))

        func delete(_ key: KeyOfUser) async -> StoreError? {
            await failure { try await store.deleteKey(key, of: .name("ada"), by: .operator, at: self.start) }
        }
        #expect(await delete(.id("y")) == .keyNotFound(name: nil))
        #expect(await delete(.name("d")) == .keyNotFound(name: "d"))
        #expect(await delete(.id("\0")) == .keyNotFound(name: nil))
        #expect(await delete(.name("A")) == nil)
        #expect(await delete(.id("id of b")) == nil)
        #expect(try await store.keys(.name("ada")).map(\.name) == ["C"])
        #expect(try await store.holder("a") == "unknown")
        #expect(try await store.principal("id of b") == nil)
        #expect(try await store.holder("C") == "caller id of C")
        let missing = await failure {
            try await store.deleteKey(.name("C"), of: .name("eve"), by: .operator, at: self.start)
        }
        #expect(missing == .userNotFound(name: "eve"))
        #expect(try await library.noted().suffix(2) == ["key_revoked ada - a", "key_revoked ada - b"])
    }

    @Test(arguments: Engine.allCases)
    func thereAreNotTooManyKeys(engine: Engine) async throws {
        let library = try await AccountLibrary(engine)
        let store = library.store
        try await library.add("ada")
        for number in 1...APIKey.limit { try await store.addKey(.name("ada"), "\(number)", expiresAfter: 60) }
        #expect(await failure { try await store.addKey(.name("ada"), "1") } == .tooManyKeys)
        #expect(await failure { try await store.addKey(.name("ada"), "x") } == .tooManyKeys)
        #expect(try await store.keys(.name("ada")).count == APIKey.limit)
    }

    /// Their owner sees for 30 days why a program has failed.
    @Test func expiredKeysAreDeletedLater() async throws {
        let library = try await TestStore()
        let store = library.store
        try await store.add("ada")
        try await store.addKey(.name("ada"), "old", expiresAfter: 60)
        try await store.addKey(.name("ada"), "new", after: 59 + 30 * AccountLibrary.day)
        #expect(try await store.keys(.name("ada")).map(\.name) == ["new", "old"])
        #expect(try await store.holder("old", after: 59 + 30 * AccountLibrary.day) == "expired")
        try await store.addKey(.name("ada"), "newer", after: 60 + 30 * AccountLibrary.day)
        #expect(try await store.keys(.name("ada")).map(\.name) == ["new", "newer"])
    }

    /// Once an hour, in either direction of the clock.
    @Test(arguments: Engine.allCases)
    func theUseOfAKeyIsStored(engine: Engine) async throws {
        let library = try await AccountLibrary(engine)
        let store = library.store
        try await library.add("ada")
        try await store.addKey(.name("ada"), "key", after: -100)
        func usedAt() async throws -> Timestamp? { try await store.keys(.name("ada")).first?.usedAt }
        #expect(try await usedAt() == nil)
        for (used, stored) in [(0, 0), (3600, 0), (3601, 3601), (1, 3601), (0, 0)] as [(Int64, Int64)] {
            for _ in 0..<3 { #expect(try await store.holder("key", after: used) == "caller id of key") }
            let expected = start.adding(seconds: stored)
            try await waitUntil("the use after \(used) s") { try await usedAt() == expected }
        }
        try await waitUntil("the use") {
            // While one use is stored, others are not.
            store.noteUse(ofKey: "id of key", at: self.start.adding(seconds: 7))
            return try await usedAt() == self.start.adding(seconds: 7)
        }
        store.noteUse(ofKey: "x", at: start)
        #expect(try await usedAt() == start.adding(seconds: 7))
    }

    /// Each request with the key finds that its use is to be stored.
    @Test func aUseIsStoredOnceForManyRequests() async throws {
        let library = try await TestStore()
        let store = library.store
        try await store.add("ada")
        try await store.addKey(.name("ada"), "key")
        let connection = try library.connect()
        defer { connection.close() }
        try connection.run(.begin)
        try connection.run("SELECT FROM api_key FOR UPDATE")
        for _ in 0..<20 { #expect(try await store.holder("key") == "caller id of key") }
        try connection.run(.commit)
        try await waitUntil("the use") {
            // A use that waited for more than eight seconds was given up.
            _ = try await store.holder("key")
            return try await store.keys(.name("ada")).first?.usedAt != nil
        }
        try await waitUntil("the end of the write") { store.state.usedKeys.withLock(\.isEmpty) }
        // Nobody waits for one that waits.
        try await store.addKey(.name("ada"), "other")
    }
}

/// As ``wait(until:_:)``, for what has to be awaited itself.
func waitUntil(_ what: String, _ isSo: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(60)
    while try await !isSo() {
        guard .now < end else { throw Missing(what: what) }
        try await Task.sleep(for: .milliseconds(10))
    }
}
