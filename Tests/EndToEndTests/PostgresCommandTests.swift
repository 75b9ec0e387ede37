import Foundation
import LibraryPostgres
import Shared
import TestSupport
import Testing

/// The commands of the operator on a PostgreSQL database, and a daemon whose server goes away.
@Suite(.serialized) struct PostgresCommandTests {
    private let home = TemporaryFolder()

    /// The URL of an empty database on the server that all tests share.
    private func emptyDatabase() async throws -> String {
        let server = try await PostgresServer.shared.value
        let name = "commands_\(UInt32.random(in: 0 ... .max))"
        let connection = try server.connect()
        defer { connection.close() }
        try connection.run(Statement("CREATE DATABASE \(name) TEMPLATE template0"), within: .seconds(60))
        return "postgresql://libraryd@/\(name)?host=\(server.folder)"
    }

    private func libraryd(
        _ line: String, _ database: String, data: String, input: String = ""
    ) async throws -> Program.Result {
        try await Program.libraryd(
            line + " --data \(data)", home: home, environment: ["LIBRARYD_DATABASE": database], input: input)
    }

    @Test(arguments: [
        ("postgresql://libraryd:canary@/library?host=/nowhere", "has a password"),
        ("postgresql://db.example.org/library", "does not say whether the connection is encrypted"),
        ("postgresql://a/b?sslmod=x", "cannot be read"), ("host=/nowhere port=0", "port"), ("", "is empty"),
    ])
    func aURLThatIsNotRightEndsTheStart(url: String, reason: String) async throws {
        let result = try await Program.run(
            Program.path("libraryd"), ["--data", home.path + "/d", "--database", url], environment: ["HOME": home.path])
        #expect(result.code == 78 && result.error.contains(reason), "\(result.error)")
        #expect(!result.error.contains("canary"))
    }

    /// What the environment says about hosts and services counts too.
    @Test func theEnvironmentOfLibpqIsRead() async throws {
        try "[library]\nhost=a,b\nport=1,2\ndbname=books\nsslmode=verify-full\n".write(
            toFile: home.path + "/services", atomically: true, encoding: .utf8)
        for (environment, shown) in [
            (["PGSERVICEFILE": home.path + "/services", "LIBRARYD_DATABASE": "service=library"], "a:1,b:2/books"),
            (["PGHOST": "/a", "PGPASSWORD": "canary", "LIBRARYD_DATABASE": "dbname=books"], "/a:5432/books"),
        ] {
            let result = try await Program.libraryd("config -o csv", home: home, environment: environment)
            #expect(result.output.contains("database,\"\(shown)\"") || result.output.contains("database,\(shown),"))
            #expect(!result.output.contains("canary"))
        }
    }

    @Test func aServerThatIsNotThereIsNamed() async throws {
        let result = try await libraryd("serve", "postgresql://libraryd@/x?host=\(home.path)", data: home.path + "/d")
        #expect(result.code == 69 && result.error.contains("\(home.path):5432/x"), "\(result.error)")
        // What is refused leaves no key behind.
        let empty = try await emptyDatabase()
        let keyless = try await libraryd("user list", empty, data: home.path + "/d")
        #expect(keyless.code == 78 && keyless.error.contains("there is no signing.key"), "\(keyless.error)")
        #expect(!FileManager.default.fileExists(atPath: home.path + "/d/signing.key"))
        try FileContents.write((0..<32).map { UInt8($0) }, to: home.path + "/d/signing.key")
        let other = try await libraryd("user list", empty, data: home.path + "/d")
        #expect(other.code == 3 && other.error.contains("there is no library in"), "\(other.error)")
    }

    /// A library of SQLite in PostgreSQL: the same authors, changes and logins.
    @Test func aCopyHasAllOfTheLibrary() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        _ = try await daemon.libctl(
            "authors", "import", Program.repository + "/examples/booker-winners.csv", home: home)
        _ = try await daemon.libctl("authors", "edit", "1", "--country", "Elsewhere", home: home)
        let authors = try await daemon.libctl("authors", "list", "-o", "ndjson", home: home).output
        let changes = try await daemon.libctl("authors", "log", "-o", "ndjson", home: home).output
        #expect(authors.split(separator: "\n").count == 60)
        let port = daemon.port
        let database = try await emptyDatabase()
        let early = try await libraryd("copy", database, data: daemon.data)
        #expect(early.code == 75, "\(early.error)")
        #expect(try await daemon.end(SIGTERM) == 0)
        let copied = try await libraryd("copy", database, data: daemon.data)
        #expect(copied.code == 0 && copied.output.contains("users: 1, authors: 60, changes: 61"), "\(copied)")
        #expect(try await libraryd("copy", database, data: daemon.data).code == 78)
        #expect(try await libraryd("check", database, data: daemon.data).output.contains(": ok: authors: 60"))
        try await daemon.start(["--database", database, "--listen", "127.0.0.1:\(port)"])
        // The same login: its token is refreshed.
        #expect(try await daemon.libctl("authors", "list", "-o", "ndjson", home: home).output == authors)
        #expect(try await daemon.libctl("authors", "log", "-o", "ndjson", home: home).output == changes)
        let backup = try await libraryd("backup x", database, data: daemon.data)
        #expect(backup.code == 64 && backup.error.contains("pg_dump"), "\(backup.error)")
        #expect(try await libraryd("restore x", database, data: daemon.data).code == 64)
        // Beside the daemon.
        #expect(try await libraryd("key rotate", database, data: daemon.data).code == 0)
        #expect(try await daemon.libctl("authors", "list", "--limit", "1", home: home).code == 0)
        #expect(try await libraryd("audit", database, data: daemon.data).output.contains("signing_key_rotated"))
        #expect(try await libraryd("restore", database, data: daemon.data).code == 0)
        #expect(try await daemon.libctl("authors", "list", home: home).code == 4)
    }

    /// A server that cannot commit may be a primary that another one has replaced.
    @Test func aServerThatCannotCommitIsNotInspected() async throws {
        let server = try await PostgresServer()
        defer { server.stop() }
        let database = "postgresql://libraryd@/postgres?host=\(server.folder)"
        let daemon = try await Daemon(arguments: ["--database", database])
        #expect(try await daemon.end(SIGTERM) == 0)
        #expect(try await libraryd("check", database, data: daemon.data).code == 0)
        let admin = try server.connect()
        defer { admin.close() }
        try admin.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        try admin.run("SELECT pg_reload_conf()")
        try await wait(until: "the server waits for a standby") {
            var names = ""
            try admin.run("SHOW synchronous_standby_names") { names = try $0.text(0) }
            return names == "nobody"
        }
        let result = try await libraryd("check", database, data: daemon.data)
        #expect(result.code == 69, "\(result.output)")
        #expect(result.output == "" && result.error.contains("the database server cannot commit"), "\(result.error)")
    }

    /// While its server hangs, a daemon says so and answers; then it goes on by itself.
    @Test func aServerMayHangAndComeBack() async throws {
        let server = try await PostgresServer()
        defer { server.stop() }
        let daemon = try await Daemon(
            arguments: ["--database", "postgresql://libraryd@/postgres?host=\(server.folder)"])
        try await daemon.login("ada", home: home)
        func readiness() async throws -> Int32 { try await daemon.libctl("status", home: home).code }
        #expect(try await readiness() == 0)
        // The start says once what this server does not do.
        #expect(daemon.log.ranges(of: "no commit waits for a standby").count == 1, "\(daemon.log)")
        try server.freeze()
        try await wait(until: "the daemon says that its server hangs") { try await readiness() != 0 }
        #expect(try await daemon.libctl("authors", "add", "--name", "A", "--book", "B", home: home).code != 0)
        try server.thaw()
        try await wait(until: "the daemon is ready again") { try await readiness() == 0 }
        let added = try await daemon.libctl(
            "authors", "add", "--name", "C", "--book", "D", "--country", "E", home: home)
        #expect(added.code == 0, "\(added.error)")
        try server.freeze()
        // Also while it hangs.
        #expect(try await daemon.end(SIGTERM) == 0)
        try server.thaw()
    }
}
