import CommandHelp
import Foundation
import Shared
import TestSupport
import Testing

/// API keys and the audit with the real programs: `libctl keys`, `LIBCTL_TOKEN`, `libraryd user key`, `libraryd audit`.
@Suite(.serialized) struct KeyCommandTests {
    private let home = TemporaryFolder()

    private func libraryd(_ line: String) async throws -> Program.Result {
        try await Program.libraryd(line, home: home)
    }

    /// - Parameter home: of the user; that of the login if it is left out.
    private func libctl(
        _ daemon: Daemon, _ line: String, key: String? = nil, home: TemporaryFolder? = nil
    ) async throws -> Program.Result {
        var environment = ["HOME": (home ?? self.home).path, "LIBCTL_SERVER": daemon.address]
        environment["LIBCTL_TOKEN"] = key
        return try await Program.run(
            Program.path("libctl"), line.split(separator: " ").map(String.init), environment: environment)
    }

    @Test func aScriptUsesAKey() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let made = try await libctl(daemon, "keys add cron --scope read")
        #expect(made.code == 0 && made.error == "created the key cron; it is not shown again\n")
        let key = String(made.output.dropLast())
        #expect(made.output.last == "\n" && key.hasPrefix("libkey_") && key.utf8.count == 50)
        let json = try JSONValue(
            parsing: Array(try await libctl(daemon, "keys add write --scope write --expires 90d --json").output.utf8))
        let writer = try require(json["key"]?.text)

        // A home without a login.
        let other = TemporaryFolder()
        func script(_ line: String, _ key: String) async throws -> Program.Result {
            try await libctl(daemon, line, key: key, home: other)
        }
        #expect(try await script("whoami", key).output.hasPrefix("ada"))
        let refused = try await script("authors add --name A --book B --country C", key)
        #expect(
            refused.code == 5
                && refused.error.contains("this API key may only read\n  hint: libctl keys add NAME --scope write"))
        #expect(try await script("authors add --name A --book B --country C", writer).code == 0)
        #expect(try await script("authors list", key).output == "1\tA\tB\tC\tfalse\n")
        let account = try await script("sessions list", writer)
        #expect(account.code == 5 && account.error.contains("an API key may not do this"))

        let list = try await libctl(daemon, "keys list --fields name,scope")
        #expect(list.output == "cron\tread\nwrite\twrite\n")
        #expect(try await libctl(daemon, "keys rm CRON").error == "revoked the key cron\n")
        let gone = try await script("whoami", key)
        #expect(gone.code == 4 && gone.error.contains("the API key in LIBCTL_TOKEN was revoked, or is not one of"))
        let wrong = try await libctl(daemon, "keys rm writ")
        #expect(wrong.code == 3 && wrong.error.contains("you have no API key 'writ'\n  hint: did you mean write?"))
        // The key itself in place of its name is not repeated.
        let leaked = try await libctl(daemon, "keys rm \(writer)")
        #expect(leaked.code == 3 && !leaked.error.contains(writer.dropFirst(7)))
        #expect(try await libctl(daemon, "keys add write --scope read").code == 6)
        #expect(try await libctl(daemon, "keys add x").error.contains("--scope"))
        #expect(!daemon.log.contains(writer.dropFirst(7)) && !daemon.log.contains(key.dropFirst(7)))
        #expect(try await daemon.end(SIGTERM) == 0)
    }

    @Test func anOperatorMakesKeysWhetherTheDaemonIsUpOrDown() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let data = "--data \(daemon.data)"
        let up = try await libraryd("user key add ada cron --scope read \(data)")
        #expect(up.code == 0 && up.error == "")
        #expect(try await libctl(daemon, "whoami", key: String(up.output.dropLast())).code == 0)
        #expect(try await daemon.end(SIGTERM) == 0)

        let down = try await libraryd("user key add ADA import --scope write --expires 1d \(data) -o json")
        let key = try require(try JSONValue(parsing: Array(down.output.utf8))["key"]?.text)
        #expect(try await libraryd("user key list ada \(data) -ocsv").output.hasPrefix("name,scope,created_at,"))
        try await daemon.start()
        #expect(try await libctl(daemon, "whoami", key: key).code == 0)
        #expect(try await libraryd("user key rm ada import \(data)").output == "revoked the key import of ada\n")
        #expect(try await libctl(daemon, "whoami", key: key).code == 4)
        for (line, code, hint) in [
            ("rm ada none", 3, "libraryd user key list NAME"), ("add ada cron --scope read", 6, "libraryd user key rm"),
            ("add bob cron --scope read", 3, "libraryd user list"), ("add ada x --scope all", 64, "read"),
            ("add ada x --scope read --expires soon", 64, "--expires 90d"),
            ("add ada - --scope read", 64, "name must start"),
        ] {
            let result = try await libraryd("user key \(line) \(data)")
            #expect(result.code == code && result.error.contains(hint), "\(line): \(result)")
        }
        #expect(try await daemon.end(SIGTERM) == 0)
    }

    @Test func theAuditIsShown() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let data = "--data \(daemon.data)"
        let rows = try await libraryd("audit \(data)").output.split(separator: "\n").map { $0.split(separator: "\t") }
        #expect(
            rows.map { $0[1] } == ["user_created", "login"] && rows.allSatisfy { $0[2] == "ada" && $0[3] == "ada" })
        #expect(rows[0][0].hasSuffix("Z"))
        _ = try await libraryd("user promote ada \(data)")
        #expect(try await daemon.end(SIGTERM) == 0)
        let down = try await libraryd("audit \(data) --since 1h --user ADA -o ndjson")
        let last = try JSONValue(parsing: Array(try require(down.output.split(separator: "\n").last).utf8))
        #expect(last["event"]?.text == "promoted" && last["actor"] == .null && last["address"]?.text == "operator")
        #expect(try await libraryd("audit \(data) --since 2100-01-01 --json").output == "[]\n")
        #expect(try await libraryd("audit \(data) --since yesterday").code == 64)
        #expect(try await libraryd("audit \(data) --follow --json").error.contains("use -o ndjson"))
        #expect(
            try await libraryd("audit \(data) -o table").output.hasPrefix(
                "TIME                      EVENT               USER          ACTOR         ADDRESS          DETAIL\n"))
    }

    /// `--follow` goes on over a restart of the daemon, and ends when its reader is gone.
    @Test func theAuditIsFollowed() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let shell = try await Program.run(
            "/bin/sh",
            [
                "-c",
                #"""
                "$LIBRARYD" audit --follow --data "$DATA" | while read -r time event rest; do
                    echo "$event"
                    case $event in
                    login) "$LIBRARYD" user promote ada --data "$DATA" >/dev/null ;;
                    promoted) break ;;
                    esac
                done
                """#,
            ],
            environment: ["HOME": home.path, "LIBRARYD": Program.path("libraryd"), "DATA": daemon.data],
            folder: home.path)
        #expect(shell.output == "user_created\nlogin\npromoted\n")
        #expect(try await daemon.end(SIGTERM) == 0)
    }
}
