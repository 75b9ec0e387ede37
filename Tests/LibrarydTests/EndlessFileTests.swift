import Foundation
import GRDB
import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// Databases of a few kilobytes whose pages lead to the same pages again and again: a full scan would take years.
@Suite(.serialized) struct EndlessFileTests {
    private let folder = TemporaryFolder()
    private var library: String { folder.path + "/library.db" }

    /// Makes a library with one user, without a write-ahead log.
    /// - Parameter more: SQL statements that are run in it.
    private func makeLibrary(and more: String = "") throws {
        try SQLiteStore(path: library).close()
        let queue = try DatabaseQueue(path: library)
        try queue.writeWithoutTransaction {
            try $0.execute(
                sql: """
                    PRAGMA journal_mode = DELETE;
                    INSERT INTO user (id, public_id, name, password_hash, created_at, updated_at)
                        VALUES (1, 'u', 'ada', 'h', 1, 1);
                    \(more)
                    """)
        }
        try queue.close()
    }

    private func makeTutorial(_ path: String, and more: String = "") throws {
        try FlaskDatabase.make(
            path,
            """
            PRAGMA page_size = 1024;
            CREATE TABLE users (id INTEGER PRIMARY KEY, name, password);
            CREATE TABLE authors (id INTEGER PRIMARY KEY, name, book, country, user_id);
            INSERT INTO users VALUES (1, 'ada', 'x'); INSERT INTO authors VALUES (1, 'A', 'B', 'C', 1);
            \(more)
            """)
    }

    private func failure(_ body: () throws -> Void) throws -> CommandError {
        try #require(#expect(throws: CommandError.self, performing: body))
    }

    private var tooMuch: String { " takes more work to read than any library of its size" }

    /// SQLite reads the schema before the first statement, so opening the file must be limited too.
    @Test func aSchemaWithoutAnEnd() throws {
        try makeLibrary()
        // The last row must be one that SQLite accepts twice: the row of an index that SQLite has made itself.
        try FlaskDatabase.make(
            folder.path + "/old.db", "CREATE TABLE users (id UNIQUE, name, password)")
        try ForgedDatabase.fold(folder.path + "/old.db", table: "sqlite_schema", levels: 6, fan: 300)
        let forged = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/old.db"))
        var identity = Array(forged)
        identity.replaceSubrange(60..<64, with: [0, 0, 0, 1])
        identity.replaceSubrange(68..<72, with: [0x4C, 0x69, 0x62, 0x72])
        try Data(identity).write(to: URL(fileURLWithPath: library))
        let home = try DataFolder(path: folder.path + "/home")
        for open in [
            { try SQLiteStore(path: library).close() }, { _ = try Inspection(file: library) },
            { _ = try FlaskLibrary(path: library) },
            { _ = try Restore(from: library, into: home, at: Timestamp(milliseconds: 1)) },
        ] {
            let error = try failure(open)
            #expect(error.exit == .dataError)
            #expect(error.reason == library + tooMuch)
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: library)) == Data(identity))
    }

    @Test(arguments: ["user", "sqlite_sequence"])
    func aTableWithoutAnEnd(table: String) throws {
        try makeLibrary()
        try ForgedDatabase.fold(library, table: table, levels: 28, fan: 2)
        for open in [{ try SQLiteStore(path: library).close() }, { _ = try Inspection(file: library) }] {
            #expect(try failure(open).exit == .dataError)
        }
    }

    @Test func aTutorialsTableWithoutAnEnd() throws {
        let path = folder.path + "/old.db"
        try makeTutorial(path)
        try ForgedDatabase.fold(path, table: "authors", levels: 8, fan: 60)
        let error = try failure { _ = try FlaskLibrary(path: path) }
        #expect(error.exit == .dataError)
        #expect(error.reason == "\(path) is damaged: 'authors' has more rows than fit in the file")
    }

    /// Each view reads the previous view twice.
    @Test func viewsOfViewsAreNotWorkedOut() throws {
        let path = folder.path + "/old.db"
        let views = (1...40).map { "CREATE VIEW v\($0) AS SELECT a.x FROM v\($0 - 1) a, v\($0 - 1) b;" }
        try makeTutorial(path, and: "CREATE VIEW v0 AS SELECT 1 AS x;" + views.joined())
        let library = try FlaskLibrary(path: path)
        #expect(library.users.count == 1)
        #expect(library.authors.count == 1)
    }

    /// The work to check a large library is far below the limit.
    @Test func nothingIsKeptFromALibrary() throws {
        try makeLibrary(
            and: """
                WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 50000)
                INSERT INTO author
                    SELECT 1, n, 'N' || n, 'B', 'C', 0, 1, NULL, 1, 0, NULL, NULL, NULL FROM c;
                INSERT INTO author_search (rowid, words) SELECT id, '1:' || name_key || ' 1:b' FROM author;
                """)
        #expect(try Inspection(file: library, isBackup: false).faults == [])
    }
}
