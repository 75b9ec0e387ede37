import LibraryStore
import Shared
import Testing

@testable import LibraryPostgres

/// What each request reads is found by indexes, however many users there are.
struct AccountPlanTests {
    @Test func indexesLeadToAnAccount() async throws {
        let library = try await TestStore()
        let writer = try library.connect()
        defer { writer.close() }
        try writer.runAll(
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
        // What a request reads at its beginning is read on such a connection.
        let reader = try library.connect(SessionSettings.ofIndexedReads)
        defer { reader.close() }
        func scans(
            _ statement: Statement, _ values: [Value], on connection: Connection? = nil
        ) throws -> [String] {
            try (connection ?? writer).rows(Statement("EXPLAIN \(statement.text)"), values) { try $0.text(0) }
                .filter { $0.contains("Seq Scan") && !$0.contains("Seq Scan on library") }
        }
        let hash = Value.bytes(Array(repeating: 0, count: 16))
        let keys = Value.byteStrings([Array(repeating: 0, count: 16)])
        #expect(try scans(PostgresStore.selectCallers, [.texts(["s7", "k8"])], on: reader) == [])
        #expect(try scans(PostgresStore.selectHolders, [keys], on: reader) == [])
        #expect(try scans(PostgresStore.lockSession, [hash, .integer(2), .integer(1)]) == [])
        #expect(try scans(PostgresStore.deleteEnded, [.integer(1001), .integer(1001)]) == [])
        for key in [UserKey.id(7), .name("name7"), .publicID("p7")] {
            #expect(try scans(PostgresStore.selectRole[key], [key.value]) == [])
        }
        // The plan of whatever values, which the server makes after some uses.
        try writer.run("SELECT set_config('plan_cache_mode', 'force_generic_plan', false)")
        try reader.run(Statement("PREPARE callers (text[]) AS \(PostgresStore.selectCallers.text)"))
        #expect(try scans("EXECUTE callers ('{s7,k8}')", [], on: reader) == [])
        try reader.run(Statement("PREPARE holders (bytea[]) AS \(PostgresStore.selectHolders.text)"))
        #expect(try scans("EXECUTE holders ('{abc}')", [], on: reader) == [])
        try writer.run(Statement("PREPARE refresh (bytea, bigint, bigint) AS \(PostgresStore.lockSession.text)"))
        #expect(try scans("EXECUTE refresh ('', 2, 1)", []) == [])
    }
}
