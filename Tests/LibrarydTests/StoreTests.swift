import Foundation
import GRDB
import Shared
import TestSupport
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import libraryd

@Suite(.serialized) struct StoreTests {
    private let folder = TemporaryFolder()
    private var path: String { folder.path + "/library.db" }

    private func now() -> Timestamp { Timestamp(milliseconds: 1) }

    @Test func eachCommitIsSynced() async throws {
        let store = try SQLiteStore(path: path)
        defer { store.close() }
        let settings = try await store.writer.write { db in
            [
                try String.fetchOne(db, sql: "PRAGMA journal_mode"), try String.fetchOne(db, sql: "PRAGMA synchronous"),
                try String.fetchOne(db, sql: "PRAGMA foreign_keys"),
                try String.fetchOne(db, sql: "PRAGMA trusted_schema"),
                try String.fetchOne(db, sql: "PRAGMA mmap_size"),
            ]
        }
        #expect(settings == ["wal", "2", "1", "0", "0"])
    }

    @Test func everyTableIsStrict() async throws {
        let store = try SQLiteStore(path: path)
        defer { store.close() }
        let loose = try store.readers.read {
            try String.fetchAll(
                $0,
                sql:
                    "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict AND name NOT LIKE 'sqlite_%'"
            )
        }
        #expect(loose.isEmpty)
    }

    @Test func whatWasStoredIsThereAfterReopening() async throws {
        var library: TestLibrary? = try await TestLibrary(folder: folder)
        let token = try await #require(library).login("ada").token
        let author = try await #require(library).create("A", "1", as: token)
        library = nil
        let reopened = try await TestLibrary(folder: folder)
        // The session is still valid too.
        let reply = try await reopened.send("GET", "/authors/1", headers: [bearer(token)])
        #expect(reply.body == author.json)
    }

    enum Garbage: CaseIterable {
        case text, zeros, onlyTheFirstLine, brokenHeader

        var bytes: Data {
            switch self {
            case .text: Data("this is not a database, but it is long enough to look like one ".utf8)
            case .zeros: Data(count: 8192)
            case .onlyTheFirstLine: Data("SQLite format 3\0".utf8)
            case .brokenHeader: Data("SQLite format 3\0".utf8) + Data(repeating: 0xFF, count: 4080)
            }
        }
    }

    @Test(arguments: Garbage.allCases)
    func aFileThatIsNoDatabaseIsLeftAlone(garbage: Garbage) throws {
        try garbage.bytes.write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: CommandError.self) { try SQLiteStore(path: path) }
        #expect(error?.exit == .dataError)
        #expect(error?.reason.contains(path) == true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == garbage.bytes)
    }

    @Test func aForeignDatabaseIsLeftAlone() throws {
        try DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE users (x)") }
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        let error = #expect(throws: CommandError.self) { try SQLiteStore(path: path) }
        #expect(error?.exit == .dataError)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }

    @Test func aNewerDatabaseIsLeftAlone() throws {
        try SQLiteStore(path: path).close()
        try DatabaseQueue(path: path).write { try $0.execute(sql: "PRAGMA user_version = 99") }
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        let error = #expect(throws: CommandError.self) { try SQLiteStore(path: path) }
        #expect(error?.exit == .configuration)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }

    /// A list that an index can serve does not scan the library.
    @Test(arguments: [
        ("", "PRIMARY KEY (owner=?)"), ("sort=name", "INDEX author_name (owner=?)"),
        ("sort=name:desc", "INDEX author_name (owner=?)"),
        ("sort=book", "INDEX author_book (owner=?)"), ("sort=country:desc", "INDEX author_country (owner=?)"),
        ("name=A", "INDEX author_name (owner=? AND name_key=? AND name=?)"),
        ("book=B", "INDEX author_book (owner=? AND book_key=?)"),
        ("country=C", "INDEX author_country (owner=? AND country_key=?)"),
        ("name=A&book=B", "INDEX author_name (owner=? AND name_key=? AND name=? AND book=?)"),
        ("country=C&sort=created_at", "INDEX author_country (owner=? AND country_key=?)"),
    ])
    func listsUseTheirIndex(query: String, plan: String) throws {
        let store = try SQLiteStore(path: path)
        defer { store.close() }
        for lastSeen in [nil, 5] as [Int64?] {
            let query = try AuthorQuery(items: QueryItem.parse(query) ?? [])
            let statement = try AuthorListStatement(query, owner: 1, lastSeen: lastSeen)
            let steps = try store.readers.withConnection { try $0.plan(statement.sql, statement.values) }
            #expect(steps.first { $0.contains(" author ") }?.hasSuffix("USING " + plan) == true, "\(steps)")
            guard query.values.isEmpty else { continue }
            // The later changes are sorted.
            let sorted = steps.filter { $0.contains("TEMP") }
            #expect(sorted.count == (lastSeen == nil ? 0 : 1), "\(steps)")
        }
    }

    /// The authors that a search finds are looked up by their ids, in any order, with and without statistics.
    @Test(arguments: ["", "&sort=name", "&sort=book:desc", "&sort=created_at"]) func aSearchWalksNoIndex(
        order: String
    ) throws {
        let store = try SQLiteStore(path: path)
        defer { store.close() }
        let query = try AuthorQuery(items: QueryItem.parse("q=a" + order) ?? [])
        for setup in ["", "ANALYZE"] {
            try DatabaseQueue(path: path).writeWithoutTransaction { try $0.execute(sql: setup) }
            let connection = try ReadConnection(path: path)
            defer { connection.close() }
            for lastSeen in [nil, 5] as [Int64?] {
                let statement = try AuthorListStatement(query, owner: 1, lastSeen: lastSeen)
                let steps = try connection.plan(statement.sql, statement.values)
                let first = steps.first { $0.contains(" author ") }
                #expect(first == "SEARCH author USING PRIMARY KEY (owner=? AND id=?)", "\(steps)")
            }
        }
    }

    /// A read that never ends would keep the write-ahead log from being moved into the database.
    @Test func aReadThatTakesLongEnds() throws {
        let store = try SQLiteStore(path: path)
        defer { store.close() }
        let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        #expect(throws: StoreError.busy) {
            try store.readers.withConnection { connection in
                try connection.limited(to: .zero) { try connection.rows(endless, []) { _ in true } }
            }
        }
        #expect(try store.daemonID() != "")
    }

    /// The log grows as long as somebody reads, and shrinks afterwards.
    @Test func aLogThatGrewIsCutBack() async throws {
        let store = try SQLiteStore(path: path)
        defer { store.close() }
        let reader = try ReadConnection(path: path)
        defer { reader.close() }
        for sql in ["BEGIN", "SELECT epoch FROM library"] { try reader.rows(sql, []) { _ in true } }
        func write() async throws {
            try await store.writer.write { db in
                try db.execute(
                    sql: "CREATE TABLE IF NOT EXISTS x (b); DELETE FROM x; INSERT INTO x VALUES (zeroblob(9000000))")
            }
        }
        for _ in 0..<10 { try await write() }
        #expect(try #require(store.sizeOfLog(beyond: 80 << 20)) > 80 << 20)
        try reader.rows("COMMIT", []) { _ in true }
        // The first moves the log into the database, the second begins it anew.
        for _ in 0..<2 { try await write() }
        #expect(store.sizeOfLog(beyond: 64 << 20) == nil)
    }

    @Test func readersCannotWrite() throws {
        let store = try SQLiteStore(path: path)
        defer { store.close() }
        #expect(throws: StoreError.self) {
            try store.readers.read { try $0.execute(sql: "DELETE FROM author") }
        }
    }

    @Test func theLastAdminStays() async throws {
        let store = try SQLiteStore(path: path)
        defer { store.close() }
        try await store.createUser(publicID: "p", name: "ada", passwordHash: "h", by: .operator, at: now())
        try await store.createUser(publicID: "q", name: "bob", passwordHash: "h", by: .operator, at: now())
        func update(_ name: String, _ patch: UserPatch) async throws {
            _ = try await store.updateUser(.name(name), patch, by: .operator, at: now())
        }
        func lastAdmin(_ body: () async throws -> Void) async {
            let error = await #expect(throws: StoreError.self) { try await body() }
            #expect(error?.code == .lastAdmin)
        }
        try await update("ADA", UserPatch(admin: true))
        await lastAdmin { try await update("ada", UserPatch(admin: false)) }
        await lastAdmin { try await update("ada", UserPatch(disabled: true)) }
        await lastAdmin { try await store.deleteUser(.name("ada"), by: .operator, at: now()) }
        // A disabled admin does not count as an admin.
        try await update("bob", UserPatch(admin: true, disabled: true))
        await lastAdmin { try await update("ada", UserPatch(admin: false)) }
        try await update("bob", UserPatch(disabled: false))
        try await update("ada", UserPatch(admin: false))
        #expect(try await store.users().map(\.admin) == [false, true])
        await lastAdmin { try await store.deleteUser(.name("bob"), by: .operator, at: now()) }
        try await store.deleteUser(.name("ada"), by: .operator, at: now())
        #expect(try await store.users().map(\.name) == ["bob"])
    }
}
