import CommandHelp
import Foundation
import Shared
import TestSupport
import Testing

/// What the commands of `libraryd` print for scripts, `healthcheck`, `config`, and settings that are read again.
@Suite(.serialized) struct OperatorOutputTests {
    private let home = TemporaryFolder()

    private func libraryd(
        _ line: String, _ environment: [String: String] = [:]
    ) async throws -> Program.Result {
        try await Program.libraryd(line, home: home, environment: environment)
    }

    private func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    @Test func scriptsGetJSON() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let data = "--data \(daemon.data)"
        let users = try json(await libraryd("user list \(data) -o json").output).elements
        #expect(users.map { $0["name"]?.text } == ["ada"])
        #expect(users[0]["disabled"] == .bool(false))
        #expect(
            try await libraryd("user list \(data) -ocsv").output.hasPrefix(
                "name,role,authors,public_id,state\r\nada,user,0,"))

        let backup = try json(await libraryd("backup b.db \(data) --json").output)
        #expect(backup["path"]?.text == home.path + "/b.db")
        #expect(backup["users"] == .integer(1))
        let manifest = try json(String(contentsOfFile: home.path + "/b.db.manifest", encoding: .utf8))
        #expect(backup["sha256"] == manifest["sha256"] && manifest["sha256"]?.text?.count == 64)

        for line in ["check \(data)", "check b.db"] {
            let check = try json(await libraryd(line + " -o json").output)
            #expect(check["users"] == .integer(1))
            #expect(check["faults"] == .array([]))
        }
        #expect(try await daemon.end(SIGTERM) == 0)
        let database = try #require(FileHandle(forWritingAtPath: home.path + "/b.db"))
        try database.seek(toOffset: 4096 * 3)
        try database.write(contentsOf: Data(repeating: 0xFF, count: 4096))
        let damaged = try await libraryd("check b.db -o json")
        #expect(damaged.code == 65)
        let error = try json(damaged.error)["error"]
        #expect(error?["command"]?.text == "check")
        #expect(error?["exit_code"] == .integer(65))
        #expect(error?["message"]?.text?.contains("damaged") == true)
        #expect(error?["hint"]?.text?.isEmpty == false)
    }

    @Test func theHealthIsAsked() async throws {
        let daemon = try await Daemon()
        let line = "healthcheck --data \(daemon.data)"
        #expect(try await libraryd(line).output == "ok\n")
        #expect(try await libraryd(line + " --json").output == "{\"status\":\"ok\"}\n")
        #expect(try await libraryd(line + " --timeout 0s").code == 64)
        #expect(try await libraryd(line + " --timeout 5").error.contains("\n  hint: for example: --timeout 5s\n"))

        kill(daemon.pid, SIGSTOP)
        let stopped = try await libraryd(line + " --timeout 1s")
        kill(daemon.pid, SIGCONT)
        #expect(stopped.code == 75)
        #expect(stopped.error.contains("the daemon does not answer"))

        let library = daemon.data + "/library.db"
        #expect(rename(library, library + ".away") == 0)
        let lost = try await libraryd(line)
        #expect(lost.code == 75)
        #expect(lost.error.contains("the database file was deleted or replaced"), "\(lost.error)")
        #expect(rename(library + ".away", library) == 0)

        #expect(try await daemon.end(SIGTERM) == 0)
        let down = try await libraryd(line)
        #expect(down.code == 69)
        #expect(
            down.error == "libraryd: no libraryd runs on \(daemon.data)\n  hint: start libraryd, or use --data DIR\n")
        #expect(try await libraryd("healthcheck --data \(home.path)/nothing").code == 69)
        #expect(!FileManager.default.fileExists(atPath: home.path + "/nothing"))
    }

    @Test func settingsAreShownWithoutSecrets() async throws {
        try Data(#"{"registration":"closed"}"#.utf8).write(to: URL(fileURLWithPath: home.path + "/c.json"))
        let environment = [
            "LIBRARYD_CONFIG": "c.json", "LIBRARYD_SOCKET": "/run/s?token=canary-1", "LIBRARYD_X": "canary-2",
        ]
        let shown = try await libraryd("config --listen 127.0.0.1:9 -o json", environment)
        #expect(shown.code == 0)
        let rows = try json(shown.output).elements.map { row in
            [row["key"], row["value"], row["source"], row["name"]].map { $0?.text ?? "-" }.joined(separator: " ")
        }
        for row in [
            "config \(home.path)/c.json variable LIBRARYD_CONFIG", "listen 127.0.0.1:9 option --listen",
            "registration closed file c.json", "socket /run/s?token=*** variable LIBRARYD_SOCKET",
            "tls-key - default -", "token-lifetime 30m default -",
        ] { #expect(rows.contains(row), "\(rows)") }
        #expect(
            shown.error == """
                libraryd: LIBRARYD_X is not a known environment variable and has no effect
                  hint: libraryd serve --help

                """)
        #expect(!(shown.output + shown.error).contains("canary"))
        #expect(try await libraryd("config").output.contains("\ntoken-lifetime\t30m\tdefault\n"))
        let wrong = try await libraryd("config --listen http://ada:canary-3@host:1")
        #expect(wrong.code == 78 && !wrong.error.contains("canary"))
    }

    /// An unknown variable is reported and stops nobody.
    @Test func anUnknownVariableStopsNobody() async throws {
        let daemon = try await Daemon(launcher: ["/usr/bin/env", "LIBRARYD_LISTN=canary"])
        #expect(daemon.log.contains("LIBRARYD_LISTN is not a known environment variable and has no effect"))
        #expect(daemon.log.contains("did you mean LIBRARYD_LISTEN?") && !daemon.log.contains("canary"))
        let list = try await libraryd("user list --data \(daemon.data)", ["LIBRARYD_LISTN": "canary"])
        #expect(list.code == 0)
        #expect(list.error.hasPrefix("libraryd: LIBRARYD_LISTN is not a known "))
        #expect(try await daemon.end(SIGTERM) == 0)
    }

    /// SIGHUP reads the level of the log again, and names what needs a restart.
    @Test func theLevelOfTheLogIsReadAgain() async throws {
        let config = home.path + "/config.json"
        func write(_ text: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: config)) }
        try write(#"{"log-level":"warning"}"#)
        let daemon = try await Daemon(arguments: ["--config", config])
        func hangUp(_ text: String, until message: String) async throws {
            // Before the file changes: a signal of the last turn may still be on its way.
            let length = daemon.log.count
            try write(text)
            try await wait(until: "'\(message)' in the log") {
                // The first signals may come before the daemon waits for them.
                kill(daemon.pid, SIGHUP)
                return daemon.log.dropFirst(length).contains(message)
            }
        }
        func ask() throws {
            _ = try daemon.send(raw: Array("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8))
        }
        try ask()
        #expect(daemon.log == "")
        try await hangUp(#"{"log-level":"debug"}"#, until: "the level of the log is changed")
        try ask()
        try await daemon.wait(forLog: "\"route\":\"/livez\"")
        try await hangUp(#"{"log-level":"loud"}"#, until: "the settings could not be read again")
        try await hangUp(#"{"log-level":"debug","token-lifetime":"1h"}"#, until: "changed settings need a restart")
        #expect(daemon.log.contains("\"settings\":\"token-lifetime\""))
        try await hangUp(#"{"log-level":"error"}"#, until: "\"log_level\":\"error\"")
        #expect(try await daemon.end(SIGTERM) == 0)
        #expect(!daemon.log.contains("stopped"))
    }
}
