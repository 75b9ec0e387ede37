import LibraryStore
import Shared
import Testing

@testable import LibraryPostgres

extension AccountTests {
    // MARK: Deletion

    @Test(arguments: Engine.allCases)
    func aDeletedUserIsGone(engine: Engine) async throws {
        let library = try await AccountLibrary(engine)
        let store = library.store
        let ada = try await library.add("ada")
        try await store.login(ada, id: "1", address: "192.0.2.1")
        try await store.refresh("token of 1", to: "next", after: 1)
        try await store.addKey(.id(ada.id), "key")
        let wrong = await failure {
            try await store.deleteUser(.id(ada.id), passwordHash: "another", by: .operator, at: self.start)
        }
        #expect(wrong == .passwordChanged)
        try await store.deleteUser(
            .id(ada.id), passwordHash: "ada's hash", by: Initiator("ada", from: nil), at: start)
        #expect(try await store.principal("1") == nil)
        #expect(try await store.holder("key") == "unknown")
        #expect(try await store.refresh("next", to: "x", after: 2) == "unknown")
        #expect(try await store.loginAddresses().isEmpty)
        #expect(try await store.users() == [])
        let again = await failure {
            try await store.deleteUser(.id(ada.id), passwordHash: nil, by: .operator, at: self.start)
        }
        #expect(again == .userNotFound(name: nil))
        #expect(try await library.noted().last == "user_deleted ada ada ")
        let other = try await library.add("ada")
        #expect(other.id != ada.id)
    }

    /// In several parts; nothing of another user's goes.
    @Test func allThatTheUserHasIsDeleted() async throws {
        let library = try await TestStore()
        let (ada, bob) = (try await library.store.add("ada"), try await library.store.add("bob"))
        let connection = try library.connect()
        defer { connection.close() }
        for (user, count) in [(ada.id, 12_000), (bob.id, 3)] as [(Int64, Int64)] {
            try connection.run(
                """
                WITH created AS (
                    INSERT INTO author (owner, name, book, country, booker_prize, created_at, updated_at, event,
                        name_key, book_key, country_key, words)
                    SELECT $1, 'a' || n, 'b', 'c', false, 1, 1, n, 'a', 'b', 'c', ''
                    FROM generate_series(1, $2::bigint) AS n RETURNING id, event
                ), told AS (
                    INSERT INTO author_event (owner, sequence, kind, at, id, write)
                    SELECT $1, event, 'created', 1, id, 0 FROM created
                ), kept AS (
                    INSERT INTO idempotency_key (owner, hash, request, reply, created_at)
                    SELECT $1, decode(md5(n::text), 'hex'), '', '', 1 FROM generate_series(1, $2) AS n
                )
                UPDATE event_counter SET last = $2 WHERE owner = $1
                """, [.integer(user), .integer(count)])
        }
        #expect(try await library.store.users().map(\.authors) == [12_000, 3])
        try await library.store.login(ada, id: "1", address: "192.0.2.1")
        try await library.store.refresh("token of 1", to: "next", after: 1)
        try await library.store.addKey(.id(ada.id), "key")
        try await library.store.deleteUser(.name("ada"), passwordHash: nil, by: .operator, at: library.now())
        let count: Statement = """
            SELECT count(*) FILTER (WHERE owner = $1) || ' ' || count(*) FROM (
                SELECT owner FROM author UNION ALL SELECT owner FROM author_event
                UNION ALL SELECT owner FROM idempotency_key UNION ALL SELECT owner FROM event_counter
                UNION ALL SELECT "user" FROM session UNION ALL SELECT "user" FROM api_key
                UNION ALL SELECT "user" FROM login_address UNION ALL SELECT "user" FROM origin
                UNION ALL SELECT $1 FROM used_refresh_token UNION ALL SELECT id FROM "user") AS all_rows
            """
        #expect(try connection.text(count, [.integer(ada.id)]) == "0 11")
    }
}
