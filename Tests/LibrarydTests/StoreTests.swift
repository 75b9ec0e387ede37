import Foundation
import GRDB
import GRDBSQLite
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
        let store = try Store(path: path)
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
        let store = try Store(path: path)
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
        let error = #expect(throws: CommandError.self) { try Store(path: path) }
        #expect(error?.exit == .dataError)
        #expect(error?.reason.contains(path) == true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == garbage.bytes)
    }

    @Test func aForeignDatabaseIsLeftAlone() throws {
        try DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE users (x)") }
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        let error = #expect(throws: CommandError.self) { try Store(path: path) }
        #expect(error?.exit == .dataError)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }

    @Test func aNewerDatabaseIsLeftAlone() throws {
        try Store(path: path).close()
        try DatabaseQueue(path: path).write { try $0.execute(sql: "PRAGMA user_version = 99") }
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        let error = #expect(throws: CommandError.self) { try Store(path: path) }
        #expect(error?.exit == .configuration)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }

    @Test func anOperationThatFailsHarmsNoNeighbour() async throws {
        struct Refused: Error {}
        let store = try Store(path: path)
        defer { store.close() }
        try await store.createUser(publicID: "p", name: "ada", passwordHash: "h", at: now())
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    do {
                        _ = try await store.writer.write { db in
                            try db.execute(
                                sql:
                                    "INSERT INTO author (owner, name, book, country, booker_prize, created_at, updated_at) VALUES (1, ?, 'b', 'c', 0, 0, 0)",
                                arguments: ["\(number)"])
                            if number % 3 == 0 { throw Refused() }
                        }
                        return number % 3 != 0
                    } catch {
                        return number % 3 == 0 && error is Refused
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count == 200)
        #expect(outcomes.allSatisfy { $0 })
        let stored = try store.readers.read { try Int.fetchAll($0, sql: "SELECT CAST(name AS INTEGER) FROM author") }
        #expect(Set(stored) == Set((0..<200).filter { $0 % 3 != 0 }))
    }

    @Test func aGroupThatCannotBeCommittedFailsAsAWhole() async throws {
        let store = try Store(path: path)
        defer { store.close() }
        await #expect(throws: StoreError.self) {
            try await store.writer.write { db in
                // A deferred violation shows only at the commit.
                try db.execute(sql: "PRAGMA defer_foreign_keys = ON")
                try db.execute(
                    sql:
                        "INSERT INTO author (owner, name, book, country, booker_prize, created_at, updated_at) VALUES (77, 'a', 'b', 'c', 0, 0, 0)"
                )
            }
        }
        #expect(try store.readers.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM author") } == 0)
        try await store.createUser(publicID: "p", name: "ada", passwordHash: "h", at: now())
        #expect(try store.user(.name("ada")) != nil)
    }

    @Test func aWriteTooManyIsRefusedAtOnceAndHarmsNone() async throws {
        let writer = try Writer(DatabaseQueue(), queueLength: 3)
        defer { writer.close() }
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let gate = DispatchSemaphore(value: 0)
        // The first write is running, so it does not count as waiting.
        async let first = writer.write { _ in
            start.finish()
            gate.wait()
            return 0
        }
        for await _ in started {}
        let outcomes = await withTaskGroup(of: String.self) { group in
            for _ in 0..<5 {
                group.addTask {
                    do {
                        try await writer.write { _ in }
                        return "done"
                    } catch let failure as StoreError {
                        return failure == .busy ? "busy" : "another"
                    } catch {
                        return "\(error)"
                    }
                }
            }
            // The two refused writes return while the thread is still busy.
            let refused = [await group.next(), await group.next()]
            gate.signal()
            return await group.reduce(into: refused) { $0.append($1) }
        }
        #expect(outcomes == ["busy", "busy", "done", "done", "done"])
        #expect(try await first == 0)
    }

    /// Writes that were accepted before closing are done; later ones get an error.
    @Test func closingFinishesWhatWasAccepted() async throws {
        for _ in 0..<20 {
            let path = folder.path + "/\(UUID())"
            let connection = try DatabaseQueue(path: path)
            try await connection.write { try $0.execute(sql: "CREATE TABLE t (x INTEGER)") }
            let writer = try Writer(connection)
            try await withThrowingTaskGroup(of: (acknowledged: Int, end: String).self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        for acknowledged in 0... {
                            do {
                                try await writer.write { try $0.execute(sql: "INSERT INTO t VALUES (1)") }
                            } catch { return (acknowledged, "\(error)") }
                        }
                        return (0, "")
                    }
                }
                group.addTask {
                    try await writer.write { _ in }
                    writer.close()
                    return (0, "closed")
                }
                var acknowledged = 0
                for try await writer in group {
                    #expect(writer.end == "closed")
                    acknowledged += writer.acknowledged
                }
                let stored = try await DatabaseQueue(path: path).read {
                    try Int.fetchOne($0, sql: "SELECT count(*) FROM t")
                }
                #expect(stored == acknowledged)
            }
        }
    }

    /// A list that an index can serve does not scan the library.
    @Test(arguments: [
        ("", "INDEX author_owner (owner=?)"), ("sort=name", "COVERING INDEX author_name (owner=?)"),
        ("sort=name:desc", "COVERING INDEX author_name (owner=?)"),
        ("sort=book", "INDEX author_book (owner=?)"), ("sort=country:desc", "INDEX author_country (owner=?)"),
        ("name=A", "COVERING INDEX author_name (owner=? AND name=?)"),
        ("book=B", "INDEX author_book (owner=? AND book=?)"),
        ("country=C", "INDEX author_country (owner=? AND country=?)"),
        ("name=A&book=B", "INDEX sqlite_autoindex_author_1 (owner=? AND name=? AND book=?)"),
    ])
    func listsUseTheirIndex(query: String, plan: String) throws {
        let store = try Store(path: path)
        defer { store.close() }
        let statement = try AuthorListStatement(try AuthorQuery(items: QueryItem.parse(query) ?? []), owner: 1)
        var steps: [String] = []
        try store.readers.withConnection { connection in
            try connection.rows("EXPLAIN QUERY PLAN " + statement.sql, statement.values) { row in
                steps.append(String(cString: sqlite3_column_text(row, 3)))
                return true
            }
        }
        #expect(steps.first?.hasSuffix("USING " + plan) == true, "\(steps)")
        if query.isEmpty || query.hasPrefix("sort=name") { #expect(steps.count == 1, "sorted: \(steps)") }
    }

    @Test func readersCannotWrite() throws {
        let store = try Store(path: path)
        defer { store.close() }
        #expect(throws: StoreError.self) {
            try store.readers.read { try $0.execute(sql: "DELETE FROM author") }
        }
    }

    @Test func theLastAdminStays() async throws {
        let store = try Store(path: path)
        defer { store.close() }
        try await store.createUser(publicID: "p", name: "ada", passwordHash: "h", at: now())
        try await store.createUser(publicID: "q", name: "bob", passwordHash: "h", at: now())
        func update(_ name: String, _ patch: UserPatch) async throws {
            _ = try await store.updateUser(.name(name), patch, at: now())
        }
        func lastAdmin(_ body: () async throws -> Void) async {
            let error = await #expect(throws: StoreError.self) { try await body() }
            #expect(error?.code == .lastAdmin)
        }
        try await update("ADA", UserPatch(admin: true))
        await lastAdmin { try await update("ada", UserPatch(admin: false)) }
        await lastAdmin { try await update("ada", UserPatch(disabled: true)) }
        await lastAdmin { try await store.deleteUser(.name("ada")) }
        // A disabled admin does not count as an admin.
        try await update("bob", UserPatch(admin: true, disabled: true))
        await lastAdmin { try await update("ada", UserPatch(admin: false)) }
        try await update("bob", UserPatch(disabled: false))
        try await update("ada", UserPatch(admin: false))
        #expect(try await store.users().map(\.admin) == [false, true])
        await lastAdmin { try await store.deleteUser(.name("bob")) }
        try await store.deleteUser(.name("ada"))
        #expect(try await store.users().map(\.name) == ["bob"])
    }
}
