import LibraryStore
import Shared
import Testing

@testable import LibraryPostgres

/// A library that goes from SQLite to PostgreSQL.
struct CopyTests {
    private static let columns: [(table: StoredTable, columns: [String])] = [
        (.library, ["epoch", "daemon_id", "trusted_at"]),
        (
            .user,
            [
                "id", "public_id", "name", "password_hash", "admin", "disabled", "created_at", "updated_at",
                "history_start",
            ]
        ),
        (
            .session,
            ["id", "user", "refresh_hash", "created_at", "used_at", "expires_at", "client", "login_key", "origin"]
        ),
        (.usedRefreshToken, ["hash", "session", "used_at"]), (.loginAddress, ["address", "user", "used_at"]),
        (.apiKey, ["id", "user", "name", "hash", "scope", "created_at", "expires_at", "used_at", "origin"]),
        (.author, Mirror.author), (.authorEvent, Mirror.event), (.origin, Mirror.origin),
        (.idempotencyKey, ["hash", "owner", "request", "reply", "created_at"]),
        (.audit, ["id", "part", "number", "at", "event", "user", "actor", "address", "detail"]),
    ]

    private static func fill(_ store: SQLiteStore) async throws {
        let now = Timestamp(milliseconds: 10)
        for user in 2...4 {
            try await store.createUser(
                publicID: "p\(user)", name: "Ünï\(user)", passwordHash: "scrypt:\(user)", by: .operator, at: now)
        }
        for user in 1...3 as ClosedRange<Int64> {
            let stored = try #require(try store.user(.id(user)))
            let session = try await store.createSession(
                id: "s\(user)", user: stored, refreshHash: [UInt8](repeating: UInt8(user), count: 32), client: "client",
                at: now, expiresAt: Timestamp(milliseconds: 1_000_000), idle: 1000, address: "192.0.2.0/24",
                key: user == 1 ? [0, 255, 1] : nil, by: .operator)
            _ = session
            _ = try await store.rotateRefreshToken(
                from: [UInt8](repeating: UInt8(user), count: 32), to: [UInt8](repeating: UInt8(user + 100), count: 32),
                at: now, grace: 10, idle: 1000, isLate: { false }, by: .operator)
            _ = try await store.createKey(
                .id(user), id: "k\(user)", name: "key", scope: .read,
                hash: [UInt8](repeating: UInt8(user + 50), count: 32),
                expiresAt: nil, by: .operator, at: now)
            let text = (0..<1200).map { #"{"name":"N\#($0) Ørsted's","book":"\\ 村上","country":"C"}"# }
                .joined(separator: "\n")
            _ = try await store.importFile(
                text, BulkOptions(.fail, atomic: true), owner: user, import: "i", key: "f", at: 11)
            _ = try await store.undo(UndoRequest(last: 600), owner: user, key: "u", at: 12)
            _ = try await store.undo(UndoRequest(last: 3), owner: user, at: 13)
        }
        // A user who is gone, and the highest ids with it.
        try await store.deleteUser(.id(4), passwordHash: nil, by: .operator, at: now)
    }

    @Test func allIsThereAsItWas() async throws {
        let mirror = try await Mirror()
        try await Self.fill(mirror.sqlite)
        let other = try await TestStore()
        let url = try DatabaseURL(other.url)
        let report = try await PostgresStore.copy(mirror.sqlite, to: url, folder: "/tmp", secret: TestStore.secret)
        for (table, columns) in Self.columns {
            let (expected, found) = (try mirror.sqlite.rows(table, columns), try other.rows(table, columns))
            #expect(
                !expected.isEmpty && expected.map(\.description).sorted() == found.map(\.description).sorted(),
                "\(table)")
        }
        try other.checkRows("copy")
        #expect(
            [report.users, report.sessions, report.keys, report.authors, report.changes] == [3, 3, 3, 1809, 5409])
        // It goes on from there.
        let author = try await other.store.create(
            AuthorDraft(name: "A", book: "B", country: "C", bookerPrize: false), owner: 1, at: 20)
        #expect(author.id == 3601)
        let text = (0..<1200).map { #"{"name":"N\#($0) Ørsted's","book":"\\ 村上","country":"C"}"# }
            .joined(separator: "\n")
        let again = try await other.store.importFile(
            text, BulkOptions(.fail, atomic: true), owner: 1, import: "i", key: "f", at: 21)
        #expect(try again.list.map(\.outcome) == Array(repeating: "created", count: 1200))
        #expect(try await other.store.undo(UndoRequest(last: 1), owner: 1, at: 22).deleted == 1)
        let connection = try other.connect()
        let next: Statement = """
            INSERT INTO "user" (public_id, name, password_hash, created_at, updated_at)
            VALUES ('x', 'x', '', 1, 1) RETURNING id
            """
        #expect(try connection.integer(next) == 5)
        try other.checkRows("after the copy")
    }

    @Test func aDatabaseWithUsersIsLeftAlone() async throws {
        let mirror = try await Mirror()
        try await Self.fill(mirror.sqlite)
        let before = try mirror.library.rows(.library, ["epoch"])
        let error = await #expect(throws: CommandError.self) {
            try await PostgresStore.copy(
                mirror.sqlite, to: try DatabaseURL(mirror.library.url), folder: "/tmp", secret: TestStore.secret)
        }
        #expect(error?.reason.contains("has users already") == true)
        #expect(try mirror.library.rows(.library, ["epoch"]) == before)
        #expect(try mirror.library.rows(.user, ["id"]) == [["1"]])
    }

    /// What PostgreSQL does not take leaves the database empty.
    @Test func itIsAllOrNothing() async throws {
        let mirror = try await Mirror()
        try await Self.fill(mirror.sqlite)
        let other = try await TestStore()
        let connection = try other.connect()
        let epoch = try connection.text("SELECT epoch FROM library")
        try connection.run("ALTER TABLE audit ADD CHECK (id < 3)")
        await #expect(throws: StoreError.self) {
            try await PostgresStore.copy(
                mirror.sqlite, to: try DatabaseURL(other.url), folder: "/tmp", secret: TestStore.secret)
        }
        #expect(try connection.text("SELECT epoch FROM library") == epoch)
        #expect(try connection.integer(#"SELECT count(*) FROM "user""#) == 0)
        #expect(try connection.integer("SELECT count(*) FROM author") == 0)
    }
}
