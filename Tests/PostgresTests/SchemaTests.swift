import Foundation
import GRDB
import LibraryStore
import Shared
import TestSupport
import Testing

@testable import LibraryPostgres

/// The schema, beside that of SQLite.
struct SchemaTests {
    /// What only one engine needs, as `TABLE` or `TABLE.COLUMN`.
    private static let onlyInSQLite: Set = [
        // The search index, users that are deleted in parts, unfinished changes, and the last id that was given out.
        "author_search", "user.deleted", "user.unfinished_after", "library.last_author",
        // Columns from which others are derived.
        "author.changed_at", "author.name_folded", "author.book_folded", "author.country_folded", "author_event.change",
    ]
    private static let onlyInPostgres: Set = [
        // Locks and counts of libraries, shared signing keys, beats, the search index, and marks of transactions.
        "event_counter", "signing_key", "login_try", "daemon", "author.words", "author_event.write", "library.only_row",
        "library.schema",
        "library.key", "library.secret_check",
    ]

    private func columns(ofSQLite path: String) throws -> Set<String> {
        try SQLiteStore(path: path).close()
        return try DatabaseQueue(path: path).read { db in
            try Set(
                GRDB.Row.fetchAll(
                    db,
                    sql: """
                        SELECT t.name, c.name FROM pragma_table_list AS t JOIN pragma_table_xinfo(t.name) AS c
                        WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%'
                        """
                ).map { "\($0[0] as String).\($0[1] as String)" })
        }
    }

    private func columns(_ library: TestStore) throws -> Set<String> {
        let connection = try library.connect()
        defer { connection.close() }
        return Set(
            try connection.rows(
                "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            ) { "\(try $0.text(0)).\(try $0.text(1))" })
    }

    private func without(_ exceptions: Set<String>, _ columns: Set<String>) -> Set<String> {
        columns.filter { !exceptions.contains($0) && !exceptions.contains(String($0.prefix { $0 != "." })) }
    }

    @Test func bothEnginesHaveTheSameTablesAndColumns() async throws {
        let folder = TemporaryFolder()
        let library = try await TestStore()
        let (sqlite, postgres) = (try columns(ofSQLite: folder.path + "/library.db"), try columns(library))
        #expect(without(Self.onlyInSQLite, sqlite) == without(Self.onlyInPostgres, postgres))
        for name in Self.onlyInSQLite.union(Self.onlyInPostgres) where name.contains(".") {
            #expect(sqlite.union(postgres).contains(name), "there is no \(name)")
        }
    }

    /// Also in a database with another locale.
    @Test(arguments: ["LOCALE 'C'", "LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C.UTF-8'"])
    func eachTextIsComparedByItsBytes(options: String) async throws {
        let library = try await TestStore(options: options)
        let connection = try library.connect()
        defer { connection.close() }
        let others = try connection.rows(
            """
            SELECT table_name || '.' || column_name FROM information_schema.columns
            WHERE table_schema = 'public' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'
            """
        ) { try $0.text(0) }
        #expect(others == [])
    }

    @Test func anotherEncodingIsRefused() async throws {
        await #expect(throws: CommandError.self) {
            try await TestStore(options: "ENCODING 'LATIN1' LOCALE 'C'")
        }
    }

    /// A database of somebody else is left as it is.
    @Test func foreignTablesAreRefused() async throws {
        let library = try await TestStore()
        let connection = try library.connect()
        defer { connection.close() }
        try connection.run("CREATE DATABASE foreign_one TEMPLATE template0")
        let url = library.url.replacing(/dbname=\w+/, with: "dbname=foreign_one")
        let other = try Connection(try #require(try DatabaseURL(url).hosts.first))
        defer { other.close() }
        try other.run("CREATE TABLE library (title text)")
        await #expect(throws: CommandError.self) {
            try await PostgresStore(try DatabaseURL(url), folder: "/tmp", secret: TestStore.secret)
        }
        #expect(try other.integer("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == 1)
    }

    @Test func aNewerSchemaIsRefused() async throws {
        let library = try await TestStore()
        let connection = try library.connect()
        defer { connection.close() }
        try connection.run("UPDATE library SET schema = 99")
        let error = await #expect(throws: CommandError.self) {
            try await PostgresStore(try DatabaseURL(library.url), folder: "/tmp", secret: TestStore.secret)
        }
        #expect(error?.exit == .configuration && error?.reason.contains("newer libraryd") == true)
        #expect(try connection.integer("SELECT schema FROM library") == 99)
        // A daemon that runs says that it is not ready.
        try await library.store.begin()
        #expect(library.store.obstacle(at: .now) == .newerSchema)
    }

    /// Many daemons that start on an empty database at once.
    @Test func startsAtOnceMigrateOnce() async throws {
        for _ in 0..<5 {
            let library = try await TestStore(isPrepared: false)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        try await PostgresStore(
                            try DatabaseURL(library.url), folder: "/tmp", secret: TestStore.secret
                        ).close()
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func whatTheRoleSaysAboutCommitsIsOverruled() async throws {
        let library = try await TestStore()
        let connection = try library.connect()
        defer { connection.close() }
        try connection.run("ALTER ROLE libraryd SET synchronous_commit = off")
        defer { _ = try? connection.run("ALTER ROLE libraryd RESET synchronous_commit") }
        let other = try library.connect()
        defer { other.close() }
        #expect(try other.text("SHOW synchronous_commit") == "on")
    }

    /// Without the rights to make tables, nothing is made.
    @Test func aRoleWithoutRightsIsTold() async throws {
        let library = try await TestStore(isPrepared: false)
        let connection = try library.connect()
        defer { connection.close() }
        _ = try? connection.run("CREATE ROLE powerless LOGIN")
        let url = library.url.replacing("user=libraryd", with: "user=powerless")
        let error = await #expect(throws: CommandError.self) {
            try await PostgresStore(try DatabaseURL(url), folder: "/tmp", secret: TestStore.secret)
        }
        #expect(error?.exit == .configuration && error?.hint?.contains("createdb -O") == true)
    }
}
