import Foundation
import GRDB
import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// Databases of the tutorial, with hashes that real Werkzeug made: `Tests/Fixtures/flask/make`.
@Suite(.serialized) struct FlaskImportTests {
    private let folder = TemporaryFolder()

    /// Makes a database with SQL statements. Returns its path.
    private func database(_ sql: String) throws -> String {
        let path = folder.path + "/old.db"
        try FlaskDatabase.make(path, sql)
        return path
    }

    private func fixture(_ name: String) throws -> String {
        let path = folder.path + "/old.db"
        try FlaskDatabase.make(path, fixture: name)
        return path
    }

    private func run(
        _ path: String, owner: String? = nil, dryRun: Bool = false, _ library: TestLibrary
    ) async throws -> FlaskImportReport {
        let request = OperatorRequest.importFlask(path: path, owner: owner, dryRun: dryRun)
        return try #require(try await library.app.perform(request) as? FlaskImportReport)
    }

    private func lines(_ report: FlaskImportReport, _ table: String) -> [String] {
        report.rows.filter { $0.table == table }.map {
            "\($0.name): \($0.outcome)\($0.note.isEmpty ? "" : " (\($0.note))")"
        }
    }

    private func login(_ name: String, _ password: String, _ library: TestLibrary) async throws -> TestReply {
        try await library.send("POST", "/login", headers: [basic(name, password)])
    }

    private static let users2 = "CREATE TABLE users (id INTEGER PRIMARY KEY, public_id INTEGER, name, password, admin);"
    private static let authors2 =
        "CREATE TABLE authors (id INTEGER PRIMARY KEY, name, book, country, booker_prize, user_id INTEGER);"
    /// A hash of the password "correct horse".
    private static let hash =
        "sha256$salt$"
        + HMAC.sha256(Array("correct horse".utf8), key: Array("salt".utf8)).map {
            String(format: "%02x", $0)
        }.joined()
    private static func id(_ number: Int) -> String { "00000000-0000-4000-8000-00000000000\(number)" }
    private static func user(_ number: Int, _ name: String, hash: String = hash, admin: Int = 0) -> String {
        "INSERT INTO users VALUES (\(number), '\(id(number))', '\(name)', '\(hash)', \(admin));"
    }

    @Test func eachFormatOfWerkzeugLogsIn() async throws {
        let library = try await TestLibrary()
        let path = try fixture("werkzeug2")
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        let report = try await run(path, library)
        let unreadable = "disabled: its password hash cannot be read"
        #expect(
            lines(report, "user")
                == [
                    "pbkdf2: imported (an admin)", "pbkdf2-sha256-1000: imported", "pbkdf2-sha256-150000: imported",
                    "scrypt: imported", "scrypt-16384-8-1: imported", "pbkdf2-sha512-1000: imported (\(unreadable))",
                    "sha256: imported", "sha512: imported (\(unreadable))", "plain: imported (\(unreadable))",
                ])
        #expect(report.count("author", .imported) == 9)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)

        let stored = try await library.sqlite.readers.readSlowly {
            try String.fetchAll($0, sql: "SELECT password_hash FROM user ORDER BY id")
        }
        // Each imported hash is hashed once more. A hash that cannot be verified is not stored.
        #expect(stored.filter { $0.isEmpty }.count == 3)
        for hash in stored where !hash.isEmpty {
            #expect(hash.hasPrefix("$werkzeug$") && hash.contains("$scrypt$ln="))
        }
        for (number, method) in [
            "pbkdf2", "pbkdf2:sha256:1000", "pbkdf2:sha256:150000", "scrypt", "scrypt:16384:8:1", "pbkdf2:sha512:1000",
            "sha256", "sha512", "plain",
        ].enumerated() {
            let name = method.replacing(":", with: "-")
            let works = ![5, 7, 8].contains(number)
            #expect(try await login(name, "pässword of \(method) ", library).status == 401)
            let reply = try await login(name, (works ? "pä" : "pa") + "ssword of \(method)", library)
            #expect(reply.status == (works ? 200 : 401), "\(method)")
            guard works else { continue }
            // The first login stores a new hash of the same password, and its session stays valid.
            let token = try Login(json: reply.body, unknownMembers: .rejected).token
            #expect(try await library.store.user(.name(name))?.passwordHash.hasPrefix("$scrypt$") == true)
            #expect(try await login(name, "pässword of \(method)", library).status == 200)
            let page = try await library.send("GET", "/authors", headers: [bearer(token)]).page
            #expect(page.authors.map(\.name) == ["Author \(number + 1)"])
            #expect(page.authors.map(\.bookerPrize) == [number % 2 == 1])
        }
        let inspection = try library.sqlite.readers.read { try Inspection($0, searchIndex: true) }
        #expect(inspection.faults == [])
    }

    /// Tables `user` and `author`, and authors that name no user.
    @Test func theOtherSpellingNeedsAnOwner() async throws {
        let library = try await TestLibrary()
        let path = try fixture("werkzeug3")
        let error = await #expect(throws: CommandError.self) { try await run(path, library) }
        #expect(error?.exit == .usage)
        #expect(error?.hint?.contains("--owner") == true)
        let unknown = await #expect(throws: StoreError.self) { try await run(path, owner: "nobody", library) }
        #expect(unknown?.code == .userNotFound)
        #expect(try await library.store.users() == [])
        let report = try await run(path, owner: "scrypt", library)
        #expect(report.count("author", .imported) == 6)
        #expect(try await library.store.users().map(\.authors) == [0, 0, 0, 6, 0, 0])
        #expect(try await login("scrypt", "pässword of scrypt", library).status == 200)
    }

    @Test func itCanBeRunTwice() async throws {
        let library = try await TestLibrary()
        let path = try fixture("werkzeug2")
        _ = try await run(path, library)
        let users = try await library.store.users()
        // A change in the library since the first import stays.
        _ = try await library.app.perform(OperatorRequest.disable("scrypt"))
        let report = try await run(path, library)
        #expect(report.count("user", .present) == 9)
        #expect(report.count("author", .present) == 9)
        let after = try await library.store.users()
        #expect(after.map(\.publicID) == users.map(\.publicID))
        #expect(after.first { $0.name == "scrypt" }?.disabled == true)
    }

    @Test func aTrialChangesNothing() async throws {
        let library = try await TestLibrary()
        let path = try fixture("werkzeug2")
        let trial = try await run(path, dryRun: true, library)
        #expect(try await library.store.users() == [])
        let report = try await run(path, library)
        #expect(report.rows == trial.rows)
    }

    @Test func whatCannotBeCarriedOverIsSaid() async throws {
        let library = try await TestLibrary()
        _ = try await library.login("taken")
        let path = try database(
            Self.users2 + Self.authors2 + Self.user(1, "taken") + Self.user(2, "Jo Doe") + Self.user(3, "jo_doe")
                + Self.user(4, "") + Self.user(5, "_é\u{1B}[31m")
                    + """
                    INSERT INTO users VALUES (6, NULL, 'six', NULL, NULL);
                    INSERT INTO users VALUES (7, 'x', 'seven', 'pbkdf2:sha256:99999999$s$00', 'true');
                    INSERT INTO users VALUES (8, x'00', NULL, 'x', 1);
                    INSERT INTO authors VALUES (1, 'A', 'B', 'C', 1, 1), (2, 'A', 'B', 'C', 1, 2), (3, '', 'B', 'C', 0, 2),
                        (4, NULL, 'B', 'C', 0, 2), (5, 'A', 'B', 'C', 0, 99), (6, 'A', 'B', 'C', 0, NULL),
                        (7, 1984, 'B', 'C', 'True', 3), (8, 'A', 'B', 'D', 0, 2), (9, ' A\u{301} ', 'B', 'C', NULL, 3);
                    """)
        let report = try await run(path, library)
        #expect(
            lines(report, "user") == [
                "taken: imported (as taken-2)", "Jo Doe: imported (as Jo_Doe)", "jo_doe: imported (as jo_doe-2)",
                ": skipped (it has no name)", "_é\u{1B}[31m: imported (as u____31m)",
                "six: imported (disabled: its password hash cannot be read)",
                "seven: imported (an admin, disabled: its password hash cannot be read)",
                ": skipped (it has no name)",
            ])
        #expect(
            report.rows.filter { $0.table == "author" }.map { "\($0.id) \($0.outcome) \($0.note)" } == [
                "1 imported ", "2 imported ", "3 skipped name must not be empty", "4 skipped name must not be empty",
                "5 skipped its owner is not in the library", "6 skipped it has no owner", "7 imported ", "8 present ",
                "9 imported ",
            ])
        #expect(try await login("taken", "correct horse", library).status == 200)
        #expect(try await login("Jo_Doe", "correct horse", library).status == 200)
        let again = try await run(path, library)
        #expect(again.count("user", .present) == 6)
        #expect(again.count("user", .imported) == 0)
    }

    /// Some databases have UUIDs as ids, or no ids.
    @Test func idsOfAnyTypeAreRead() async throws {
        let library = try await TestLibrary()
        let path = try database(
            """
            CREATE TABLE users (id TEXT PRIMARY KEY, public_id, name, password, admin);
            CREATE TABLE authors (id TEXT PRIMARY KEY, name, book, country, booker_prize, user_id);
            INSERT INTO users VALUES ('u-1', '\(Self.id(1))', 'ada', '\(Self.hash)', 0), (NULL, NULL, 'bob', 'x', 0),
                (x'00ff', '\(Self.id(3))', 'eve', 'x', 0);
            INSERT INTO authors VALUES ('a', 'A', 'B', 'C', 0, 'u-1'), (NULL, 'A', 'C', 'C', 0, 'u-2'),
                (x'00', 'A', 'D', 'C', 0, x'01');
            """)
        let report = try await run(path, dryRun: true, library)
        #expect(report.count("user", .imported) == 3)
        let done = try await run(path, library)
        #expect(done.rows == report.rows)
        #expect(done.rows.filter { $0.table == "author" }.map(\.outcome) == ["imported", "skipped", "skipped"])
    }

    @Test(arguments: [
        ("", 65), ("CREATE TABLE users (id)", 65), ("CREATE TABLE users (id, name, password)", 65),
        ("CREATE TABLE author (id, name, book, country); CREATE TABLE user (id, name, password_hash)", 65),
    ])
    func anotherDatabaseIsRefused(sql: String, exit: Int32) async throws {
        let library = try await TestLibrary()
        let path = try database(sql)
        let error = await #expect(throws: CommandError.self) { try await run(path, library) }
        #expect(error?.exit.rawValue == exit)
    }

    @Test(arguments: ["not a database, but a text of some length", "SQLite format 3\0 and no more"])
    func aFileThatIsNoDatabaseIsRefused(text: String) async throws {
        let library = try await TestLibrary()
        let path = folder.path + "/old.db"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        let error = await #expect(throws: CommandError.self) { try await run(path, library) }
        #expect(error?.exit == .dataError)
        let missing = await #expect(throws: CommandError.self) { try await run(path + "x", library) }
        #expect(missing?.exit == .noInput)
    }

    /// No hash in an imported database makes the daemon compute for long, or trap.
    @Test(arguments: [
        "", "$", "$$", "sha256$$00", "sha256$s$", "sha256$s$0", "sha256$s$zz", "pbkdf2:sha256:0$s$00",
        "pbkdf2:sha256:-1$s$00", "pbkdf2:sha256:+5$s$00", "pbkdf2:sha256:2147483648$s$00", "pbkdf2:sha256$s$00",
        "pbkdf2:md5:1$s$00", "scrypt:0:0:0$s$00", "scrypt:3:8:1$s$00", "scrypt:1048576:8:1$s$00",
        "scrypt:9223372036854775807:8:1$s$00", "scrypt:32768:9223372036854775807:1$s$00", "scrypt:32768:8$s$00",
        "plain$$x", "\u{1F4A9}$s$00", "sha256$s$" + String(repeating: "00", count: 31),
        "sha256$\u{7F}$" + String(repeating: "00", count: 32),
        "pbkdf2:sha256:1000001$s$" + String(repeating: "00", count: 32),
    ])
    func aHostileHashIsNone(text: String) {
        #expect(WerkzeugHash(text) == nil)
    }

    /// First logins of an imported user at the same time all succeed, whichever of them stores the new hash.
    @Test func manyFirstLoginsAtOnceSucceed() async throws {
        let library = try await TestLibrary()
        _ = try await run(try database(Self.users2 + Self.authors2 + Self.user(1, "ada")), library)
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 { group.addTask { try await self.login("ada", "correct horse", library).status } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses == Array(repeating: 200, count: 8))
    }
}
