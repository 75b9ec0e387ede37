import LibraryStore
import Shared
import Testing

@testable import LibraryPostgres

/// What each request reads is found by indexes, however many users there are.
struct AccountPlanTests {
    @Test func indexesLeadToAnAccount() async throws {
        let library = try await TestStore()
        let connection = try library.connect()
        defer { connection.close() }
        try connection.runAll(
            """
            INSERT INTO "user" (public_id, name, password_hash, created_at, updated_at)
                SELECT 'p' || n, 'Name' || n, '', 1, 1 FROM generate_series(1, 5000) AS n;
            INSERT INTO event_counter (owner) SELECT id FROM "user";
            INSERT INTO session (id, "user", refresh_hash, created_at, used_at, expires_at, client)
                SELECT 's' || id, id, decode(md5(id::text), 'hex'), 1, 1000 + id, 1000 + id, '' FROM "user";
            INSERT INTO used_refresh_token (hash, session, used_at)
                SELECT decode(md5('u' || id), 'hex'), 's' || id, 1 FROM "user";
            INSERT INTO api_key (id, "user", name, hash, scope, created_at)
                SELECT 'k' || id, id, 'key', decode(md5('k' || id), 'hex'), 'read', 1 FROM "user";
            ANALYZE;

            """)
        func scans(_ statement: Statement, _ values: [Value]) throws -> [String] {
            try connection.rows(Statement("EXPLAIN \(statement.text)"), values) { try $0.text(0) }
                .filter { $0.contains("Seq Scan") && !$0.contains("Seq Scan on library") }
        }
        let hash = Value.bytes(Array(repeating: 0, count: 16))
        #expect(try scans(PostgresStore.selectCaller, [.text("s7"), .integer(2)]) == [])
        #expect(try scans(PostgresStore.selectHolder, [hash]) == [])
        #expect(try scans(PostgresStore.lockSession, [hash, .integer(2), .integer(1)]) == [])
        #expect(try scans(PostgresStore.deleteEnded, [.integer(1001), .integer(1001)]) == [])
        for key in [UserKey.id(7), .name("name7"), .publicID("p7")] {
            #expect(try scans(PostgresStore.selectRole[key], [key.value]) == [])
        }
        // The plan of whatever values, which the server makes after some uses.
        try connection.run("SELECT set_config('plan_cache_mode', 'force_generic_plan', false)")
        try connection.run(Statement("PREPARE caller (text, bigint) AS \(PostgresStore.selectCaller.text)"))
        #expect(try scans("EXECUTE caller ('s7', 2)", []) == [])
        try connection.run(Statement("PREPARE refresh (bytea, bigint, bigint) AS \(PostgresStore.lockSession.text)"))
        #expect(try scans("EXECUTE refresh ('', 2, 1)", []) == [])
    }
}
