import Foundation
import GRDB
import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// A path may name any kind of file, with any contents.
@Suite(.serialized) struct HostileFileTests {
    private let folder = TemporaryFolder()
    private var library: String { folder.path + "/library.db" }

    private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

    private func execute(_ sql: String, in path: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
        try queue.close()
    }

    enum Kind: CaseIterable {
        case pipe, folder, socket, device

        func make(_ path: String) throws {
            switch self {
            case .pipe: #expect(mkfifo(path, 0o600) == 0)
            case .folder: #expect(mkdir(path, 0o700) == 0)
            case .socket: close(try UnixSocket.listen(at: path))
            case .device: #expect(symlink("/dev/zero", path) == 0)
            }
        }

        var word: String {
            switch self {
            case .pipe: "a pipe"
            case .folder: "a folder"
            case .socket: "a socket"
            case .device: "a device"
            }
        }
    }

    /// Opening a pipe blocks until its other end is open (fifo(7)), so a pipe must not be opened.
    @Test(arguments: Kind.allCases, ["", "-wal", "-shm", "-journal"])
    func onlyARegularFileIsTakenForALibrary(kind: Kind, suffix: String) throws {
        try SQLiteStore(path: library).close()
        try? FileManager.default.removeItem(atPath: library + suffix)
        try kind.make(library + suffix)
        for open in [
            { try SQLiteStore(path: $0).close() }, { _ = try Inspection(file: $0) }, { _ = try FlaskLibrary(path: $0) },
        ] {
            let error = #expect(throws: CommandError.self) { try open(library) }
            #expect(error?.exit == .noInput)
            #expect(error?.reason == "\(library)\(suffix) is \(kind.word), not a regular file")
        }
    }

    @Test(arguments: Kind.allCases)
    func nothingElseIsReplacedByABackup(kind: Kind) async throws {
        let store = try SQLiteStore(path: library)
        defer { store.close() }
        for (keep, name) in [(1, "/b"), (1, "/b.manifest"), (2, "/b.1"), (2, "/b.1.manifest")] {
            try kind.make(folder.path + name)
            let error = await #expect(throws: CommandError.self) {
                try await store.backUp(to: folder.path + "/b", keep: keep, at: Timestamp(milliseconds: 1))
            }
            #expect(error?.exit == .conflict)
            // A link is followed, so the message names the device.
            let path = kind == .device && name == "/b" ? "/dev/zero" : folder.path + name
            #expect(error?.reason.hasPrefix(path) == true)
            try FileManager.default.removeItem(atPath: folder.path + name)
        }
    }

    @Test(arguments: Kind.allCases)
    func smallFilesAreRegularOnes(kind: Kind) throws {
        let path = folder.path + "/file"
        try kind.make(path)
        for open in [{ _ = try FileContents.read($0, limit: 10) }, { _ = try Digest.sha256(file: $0) }] {
            let error = #expect(throws: CommandError.self) { try open(path) }
            #expect(error?.exit == .noInput)
            #expect(error?.reason == "\(path) is \(kind.word), not a regular file")
        }
    }

    @Test(arguments: [-1, -5, Int64(Int32.min), 0])
    func aSchemaThatNobodyMadeIsDamage(version: Int64) throws {
        try SQLiteStore(path: library).close()
        try execute("PRAGMA user_version = \(version)", in: library)
        let before = try bytes(library)
        for open in [{ try SQLiteStore(path: $0).close() }, { _ = try Inspection(file: $0) }] {
            let error = #expect(throws: CommandError.self) { try open(library) }
            #expect(error?.exit == .dataError)
            #expect(error?.reason == "\(library) is damaged: no libraryd has made a schema \(version)")
        }
        #expect(try bytes(library) == before)
    }

    // MARK: Databases that need much work

    private static let rest = "CREATE TABLE authors (id INTEGER PRIMARY KEY, name, book, country);"

    /// A generated column of 100 MB, a view with rows without end, a virtual table.
    @Test(arguments: [
        """
        CREATE TABLE users (id INTEGER PRIMARY KEY, password, n INTEGER, name AS (printf('%.*c', n, 'x')));
        INSERT INTO users (id, password, n) VALUES (1, 'x', 100000000);
        """,
        """
        CREATE VIEW users AS WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)
            SELECT n AS id, n AS name, n AS password FROM c;
        """,
        "CREATE VIRTUAL TABLE users USING fts5 (id, name, password);",
    ])
    func nothingIsComputedForATutorialsDatabase(sql: String) throws {
        let path = folder.path + "/old.db"
        try FlaskDatabase.make(path, sql + Self.rest)
        let error = #expect(throws: CommandError.self) { _ = try FlaskLibrary(path: path) }
        #expect(error?.exit == .dataError)
        #expect(error?.reason == "\(path) is not a database of the tutorial: it has no tables users and authors")
    }

    @Test func aValueThatIsTooLongEndsTheImport() throws {
        let path = folder.path + "/old.db"
        let sql =
            "CREATE TABLE users (id, name, password); INSERT INTO users VALUES (1, printf('%.*c', 5000000, 'x'), 'x');"
        try FlaskDatabase.make(path, sql + Self.rest)
        let error = #expect(throws: CommandError.self) { _ = try FlaskLibrary(path: path) }
        #expect(error?.exit == .dataError)
        #expect(error?.reason == "\(path) is not as a library is: string or blob too big")
    }

    @Test func longNamesAreCutInTheReport() async throws {
        let path = folder.path + "/old.db"
        try FlaskDatabase.make(
            path,
            """
            CREATE TABLE users (id, name, password); \(Self.rest)
            INSERT INTO users VALUES (1, printf('%.*c', 300000, 'x'), 'x');
            INSERT INTO authors VALUES (1, printf('%.*c', 300000, 'x'), printf('%.*c', 300000, 'y'), 'C');
            """)
        let library = try await TestLibrary()
        let report = try await library.app.perform(OperatorRequest.importFlask(path: path, owner: nil, dryRun: false))
        #expect(report.json.count < 2000)
        #expect(try library.count("author") == 0)
    }

    /// A schema that is not the library's is reported, and nothing in it is evaluated.
    @Test(arguments: [
        "ALTER TABLE user RENAME TO u; CREATE VIEW user AS WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c",
        "CREATE TABLE x (n, m AS (printf('%.*c', n, 'x')), CHECK (length(m) > 0)); INSERT INTO x VALUES (100000000)",
        "CREATE TRIGGER t AFTER DELETE ON session BEGIN DELETE FROM user; END",
    ])
    func aForeignSchemaIsNotEvaluated(sql: String) throws {
        try SQLiteStore(path: library).close()
        try execute("PRAGMA trusted_schema = OFF; " + sql, in: library)
        let inspection = try Inspection(file: library)
        #expect(inspection.faults.contains { $0.hasPrefix("the schema ") })
        let home = try DataFolder(path: folder.path + "/home")
        let error = Self.failure { try Restore(from: library, into: home, at: Timestamp(milliseconds: 1)) }
        #expect(error?.exit == .dataError)
        #expect(!FileManager.default.fileExists(atPath: home.databasePath))
    }

    private static func failure(_ body: () throws -> Restore) -> CommandError? {
        #expect(throws: CommandError.self) { _ = try body() }
    }

    /// The number of reported faults is limited, and so is the length of each.
    @Test func faultsAreBounded() throws {
        try SQLiteStore(path: library).close()
        let tables = (0..<150).map { "CREATE TABLE \"\(String(repeating: "x", count: 5000))\($0)\" (n);" }
        try execute(tables.joined(), in: library)
        let faults = try Inspection(file: library).faults
        #expect(faults.count == 100)
        #expect(faults.allSatisfy { $0.utf8.count < 300 })
    }

    @Test(arguments: [Int64.max, .min, .max - 1])
    func aNumberOutOfRangeEndsNoProcess(sequence: Int64) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let author = try await library.create("A", "B", as: token)
        try await library.sqlite.writer.write { db in
            try db.execute(sql: "UPDATE author_event SET sequence = ?", arguments: [sequence])
            try db.execute(
                sql: "UPDATE author SET version = ?, created_at = ?, changed_at = ?",
                arguments: [sequence, sequence, sequence])
        }
        let json = ("Content-Type", "application/json")
        let create = try await library.post(
            "/authors", #"{"name":"N","book":"B","country":"C"}"#, headers: [bearer(token)])
        #expect(create.code == "internal_error")
        let patch = try await library.send(
            "PATCH", "/authors/\(author.id)", headers: [bearer(token), json], body: Array(#"{"country":"X"}"#.utf8))
        #expect(patch.code == "internal_error")
        #expect(try await library.send("GET", "/authors", headers: [bearer(token)]).page.authors.count == 1)
    }

    /// A damaged page may have a value of any type in a column. A request that reads the value fails, and the daemon
    /// goes on.
    @Test func aValueOfAnotherTypeEndsNoProcess() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let author = try await library.create("A", "B", as: token)
        try await library.sqlite.writer.write {
            try $0.execute(
                sql: """
                    PRAGMA writable_schema = ON;
                    UPDATE sqlite_schema SET sql = replace(replace(sql, 'STRICT', ''), 'NOT NULL', '')
                        WHERE type = 'table' AND name IN ('user', 'session', 'author');
                    """)
        }
        try execute(
            """
            PRAGMA ignore_check_constraints = ON;
            UPDATE session SET client = NULL, expires_at = 'x'; UPDATE author SET country = NULL, version = 'x';
            UPDATE user SET password_hash = NULL, admin = x'00';
            """, in: try library.sqlite.path)
        let json = ("Content-Type", "application/json")
        for (method, path, body) in [
            ("GET", "/sessions", ""), ("GET", "/me", ""), ("PATCH", "/authors/\(author.id)", #"{"country":"X"}"#),
            ("DELETE", "/authors/\(author.id)", ""),
        ] {
            let reply = try await library.send(method, path, headers: [bearer(token), json], body: Array(body.utf8))
            #expect(reply.code == "internal_error", "\(method) \(path): \(reply.text)")
        }
        let login = try await library.send("POST", "/login", headers: [basic("ada", "correct horse")])
        #expect(login.code == "internal_error")
        #expect(try await library.send("GET", "/livez").status == 200)
    }
}
