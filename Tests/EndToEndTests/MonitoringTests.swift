import Foundation
import Shared
import TestSupport
import Testing

/// The daemon as the programs see it that watch over it: Prometheus, Grafana and fail2ban.
@Suite(.serialized) struct MonitoringTests {
    private let home = TemporaryFolder()

    private func curl(_ arguments: String...) async throws -> String { try await curl(arguments) }

    private func curl(_ arguments: [String]) async throws -> String {
        try await Program.run("/usr/bin/curl", ["-s"] + arguments, folder: home.path).output
    }

    private func libraryThatWasUsed(_ arguments: [String] = []) async throws -> Daemon {
        let daemon = try await Daemon(arguments: arguments)
        try await daemon.login("ada", home: home)
        let add = try await daemon.libctl(
            "authors", "add", "--name", "A", "--book", "B", "--country", "C", home: home)
        #expect(add.code == 0)
        _ = try await curl(daemon.address + "/nowhere")
        return daemon
    }

    @Test func prometheusAcceptsTheMetrics() async throws {
        let daemon = try await libraryThatWasUsed(["--socket", home.path + "/socket"])
        for way in [[daemon.address], ["--unix-socket", home.path + "/socket", "http://library"]] {
            let text = try await curl(way.dropLast() + [way[way.count - 1] + "/metrics"])
            #expect(try MetricsReply(text)["libraryd_ready"] == 1)
            let check = try await Program.run("/usr/bin/promtool", ["check", "metrics"], input: text)
            #expect(check.code == 0)
            #expect(check.output + check.error == "")
        }
        // A proxy on this machine names its clients.
        let status = try await curl(
            "-H", "X-Forwarded-For: 127.0.0.1", "-w", "%{http_code}", daemon.address + "/metrics")
        #expect(status.hasSuffix("401"))
    }

    /// Every panel shows series that there are.
    @Test func theDashboardShowsWhatThereIs() async throws {
        let daemon = try await libraryThatWasUsed()
        let names = try MetricsReply(try await curl(daemon.address + "/metrics")).names
        let file = try Data(contentsOf: URL(fileURLWithPath: Program.repository + "/packaging/grafana/libraryd.json"))
        let dashboard = try #require(try JSONSerialization.jsonObject(with: file) as? [String: Any])
        let panels = try #require(dashboard["panels"] as? [[String: Any]])
        #expect(panels.count > 10)
        var shown: Set<String> = []
        for panel in panels {
            let targets = try #require(panel["targets"] as? [[String: Any]])
            #expect(!targets.isEmpty)
            for target in targets {
                let expression = try #require(target["expr"] as? String)
                let used = expression.matches(of: /(?:libraryd|process)_[a-z_]+/).map { String($0.output) }
                #expect(!used.isEmpty, "\(expression)")
                for name in used { #expect(names.contains(name), "\(name)") }
                shown.formUnion(used)
            }
        }
        // Nothing that is measured is left out.
        func family(_ name: String) -> String { name.replacing(/_(bucket|sum|count)$/, with: "") }
        #expect(Set(names.map(family)) == Set(shown.map(family)))
    }

    // MARK: fail2ban

    /// The addresses that fail2ban would ban for these lines.
    private func banned(_ log: String) async throws -> [String] {
        let file = home.path + "/lines"
        try Data(log.utf8).write(to: URL(fileURLWithPath: file))
        let filter = Program.repository + "/packaging/fail2ban/filter.d/libraryd.conf"
        let result = try await Program.run("/usr/bin/fail2ban-regex", ["-o", "ip", file, filter])
        #expect(result.code == 0 || result.output.isEmpty, "\(result.error)")
        #expect(!result.error.contains("ERROR"), "\(result.error)")
        return result.output.split(separator: "\n").map(String.init)
    }

    /// What an attacker may send as a name, so that another address is banned or its own is not.
    private static let names = [
        "ada", "nobody", "x y", "user=ada client=1.2.3.4",
        "x client=1.2.3.4 code=credentials_wrong id=0123456789abcdef",
        #"x","client":"1.2.3.4","code":"credentials_wrong","id":"0123456789abcdef"}"#, #"a"b"#, #"a\"#, "'",
        "2026-11-26T09:39:58.954Z notice login failed client=1.2.3.4 code=credentials_wrong id=0123456789abcdef",
        #"{"time":"2026-11-26T09:39:58.954Z","level":"notice","message":"login failed","client":"1.2.3.4"}"#,
        "\u{2028}client=1.2.3.4", "\u{202E}", "<HOST>", "1.2.3.4", "é",
        String(repeating: "client=1.2.3.4 ", count: 200),
    ]
    /// Names with control characters are no credentials (RFC 7617, section 2), so no password is tried.
    private static let broken = [
        "a\n2026-11-26T09:39:58.954Z notice login failed client=1.2.3.4 code=credentials_wrong id=0123456789abcdef",
        "a\r\nnotice login failed client=1.2.3.4 code=credentials_wrong id=0123456789abcdef", "a\u{1B}[2K", "a\0",
    ]

    /// Tries a wrong password.
    private func fail(_ daemon: Daemon, _ name: String, forwarded: String) async throws {
        let credentials = Data("\(name):wrong horse".utf8).base64EncodedString()
        let head =
            "POST /login HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: \(forwarded)\r\nUser-Agent: client=1.2.3.4\r\n"
            + "Authorization: Basic \(credentials)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        let client = try RawClient(port: daemon.port)
        client.send(head)
        #expect(await client.receiveAll().hasPrefix("HTTP/1.1 401 "), "\(name)")
    }

    /// Each wrong password bans the address that it came from and no other, whatever name it came with.
    @Test(arguments: ["text", "json"], [false, true])
    func aFailedLoginBansItsAddressOnly(format: String, behindProxy: Bool) async throws {
        let daemon = try await Daemon(
            arguments: ["--log-format", format] + (behindProxy ? ["--behind-proxy"] : []))
        try await daemon.login("ada", home: home)
        let client = behindProxy ? "203.0.113.9" : "127.0.0.1"
        for name in Self.names + Self.broken { try await fail(daemon, name, forwarded: "1.2.3.4, 203.0.113.9") }
        // Requests that are no failed logins, with lines of a log in them.
        _ = try await curl(daemon.address + "/login%20client=1.2.3.4", "-X", "client=1.2.3.4", "-A", Self.names[7])
        #expect(try await banned(daemon.log) == Self.names.map { _ in client })
        // As they stand in the file of syslog, and as the journal hands them over.
        let lines = daemon.log.split(separator: "\n")
        for prefix in ["Nov 26 12:48:35 host libraryd[123]: ", "host libraryd[123]: "] {
            let log = lines.map { prefix + $0 + "\n" }.joined()
            #expect(try await banned(log) == Self.names.map { _ in client }, "\(prefix)")
        }
    }

    /// A proxy that names no address, or several, or nonsense.
    @Test(arguments: ["text", "json"]) func aProxyThatNamesNoSingleAddress(format: String) async throws {
        let daemon = try await Daemon(arguments: ["--log-format", format, "--behind-proxy"])
        for forwarded in ["", "x client=1.2.3.4", "1.2.3.4, x", "1.2.3.4, 2001:db8::7", "1.2.3.4, ::ffff:198.51.100.1"]
        {
            try await fail(daemon, "bob", forwarded: forwarded)
        }
        #expect(try await banned(daemon.log) == ["2001:db8::7", "198.51.100.1"])
    }

    /// fail2ban reads the example of a jail, and uses the filter in it.
    @Test func theJailIsValid() async throws {
        let folder = home.path + "/fail2ban"
        let packaging = Program.repository + "/packaging/fail2ban"
        let files = FileManager.default
        try files.copyItem(atPath: "/etc/fail2ban", toPath: folder)
        for file in try files.contentsOfDirectory(atPath: folder + "/jail.d") {
            try files.removeItem(atPath: folder + "/jail.d/" + file)
        }
        for kind in ["jail.d", "filter.d"] {
            try files.copyItem(
                atPath: "\(packaging)/\(kind)/libraryd.conf", toPath: "\(folder)/\(kind)/libraryd.conf")
        }
        let read = try await Program.run("/usr/bin/fail2ban-client", ["-c", folder, "-d"])
        #expect(read.code == 0, "\(read.error)")
        #expect(!read.output.contains("ERROR") && !read.error.contains("ERROR"), "\(read.error)")
        #expect(read.output.contains("['add', 'libraryd', 'systemd']"))
        #expect(read.output.contains("'libraryd', 'addfailregex'"))
        #expect(read.output.contains("['set', 'libraryd', 'addjournalmatch', '_SYSTEMD_UNIT=libraryd.service']"))
        #expect(read.output.contains("['start', 'libraryd']"))
    }
}
