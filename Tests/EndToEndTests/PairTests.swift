import Foundation
import Shared
import Synchronization
import TestSupport
import Testing

/// Both real programs together.
@Suite(.serialized) struct PairTests {
    private let home = TemporaryFolder()

    @Test func theWinnersGoInAndOutAndIntoAnotherAccount() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let added = try await daemon.libctl(
            "authors", "add", "-f", Program.repository + "/examples/booker-winners.csv", "-o", "id", home: home)
        #expect(added.code == 0)
        #expect(added.output == (1...60).map { "\($0)\n" }.joined())
        #expect(
            added.error == "libctl: 'year' is not a field of an author; it is ignored\nadded 60 authors, 0 failed\n")

        let other = TemporaryFolder()
        try await daemon.login("bob", home: other)
        #expect(try await daemon.libctl("authors", "list", home: other).output == "")
        let list = try await daemon.libctl("authors", "list", "-o", "ndjson", home: home).output
        #expect(try await daemon.libctl("authors", "add", "-f", "-", home: other, input: list).code == 0)
        let fields = "name,book,country,booker_prize"
        let mine = try await daemon.libctl("authors", "list", "--fields", fields, home: home).output
        #expect(try await daemon.libctl("authors", "list", "--fields", fields, home: other).output == mine)
        #expect(mine.utf8.filter { $0 == UInt8(ascii: "\n") }.count == 60)

        // An author of another user looks missing.
        #expect(try await daemon.libctl("authors", "show", "1", home: other).code == 3)
        #expect(try await daemon.libctl("authors", "edit", "1", "--book", "X", home: other).code == 3)
        #expect(try await daemon.libctl("authors", "rm", "1", "--yes", home: other).code == 3)
        #expect(try await daemon.libctl("authors", "list", "--fields", fields, home: home).output == mine)
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGKILL])
    func nothingIsLostInARestart(signal: Int32) async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        #expect(
            try await daemon.libctl("authors", "add", "--name", "A", "--book", "1", "--country", "C", home: home).code
                == 0)
        let before = try await daemon.libctl("authors", "list", "-o", "ndjson", home: home)
        #expect(try await daemon.end(signal) == (signal == SIGKILL ? 128 + SIGKILL : 0))
        #expect(try await daemon.libctl("authors", "list", home: home).code == 69)

        let again = try await Daemon(folder: daemon.folder, arguments: ["--listen", "127.0.0.1:\(daemon.port)"])
        // The token that `libctl` stored before the restart is still valid.
        let after = try await again.libctl("authors", "list", "-o", "ndjson", home: home)
        #expect(after.code == 0, "\(after.error)")
        #expect(after.output == before.output)
        #expect(!after.output.isEmpty)
    }

    /// However busy the machine is, a daemon without requests takes hardly any CPU time.
    @Test func anIdleDaemonIsIdle() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let before = try daemon.processorTime
        try await Task.sleep(for: .seconds(3))
        #expect(try daemon.processorTime - before < 0.6)
    }

    @Test func eachAcknowledgedWriteSurvivesAKill() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let lines = (1...20_000).map { #"{"name":"A\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n")
        async let adding = daemon.libctl("authors", "add", "-f", "-", "-o", "id", home: home, input: lines)
        // Kill the daemon in the middle of the file: as soon as one author is stored.
        while try await daemon.libctl("authors", "list", "--limit", "1", home: home).output.isEmpty {}
        #expect(try await daemon.end(SIGKILL) == 128 + SIGKILL)
        let added = try await adding
        #expect([69, 76].contains(added.code), "\(added.error)")
        let acknowledged = added.output.split(separator: "\n")

        let again = try await Daemon(folder: daemon.folder, arguments: ["--listen", "127.0.0.1:\(daemon.port)"])
        let stored = try await again.libctl("authors", "list", "-o", "id", home: home).output.split(separator: "\n")
        #expect(Set(acknowledged).isSubset(of: stored))
        // At most one author more, whose request was in flight.
        #expect(stored.count <= acknowledged.count + 1)
        let check = try await Program.run(Program.path("libraryd"), ["check", "--data", again.data])
        #expect(check.code == 0, "\(check.error)")
    }

    /// The second daemon must report the first one within two seconds. A busy machine may take longer, so this test
    /// checks that the second daemon waits for nothing: one non-blocking flock, no sleep.
    @Test func aSecondDaemonNamesTheFirst() async throws {
        let daemon = try await Daemon()
        let trace = home.path + "/trace"
        let command =
            (Program.mayTrace
                ? ["/usr/bin/strace", "-f", "-qq", "-o", trace, "-e", "trace=flock,nanosleep,clock_nanosleep"] : [])
            + [Program.path("libraryd"), "--data", daemon.data, "--listen", "127.0.0.1:0"]
        let second = try await Program.run(
            command[0], Array(command.dropFirst()), environment: ["HOME": home.path])
        #expect(second.code == 75)
        #expect(second.error.contains("(pid \(daemon.pid))"))
        #expect(second.output == "")
        if Program.mayTrace {
            let calls = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
            #expect(calls.count == 1)
            #expect(calls.first?.contains("LOCK_EX|LOCK_NB)") == true, "\(calls)")
        }
        #expect(try await daemon.libctl("status", home: home).code == 0)
    }

    @Test func aPortInUseIsNamed() async throws {
        let daemon = try await Daemon()
        let second = try await Program.run(
            Program.path("libraryd"),
            ["--data", home.path + "/data", "--listen", "127.0.0.1:\(daemon.port)", "--log-level", "notice"],
            environment: ["HOME": home.path])
        #expect(second.code == 69)
        #expect(
            second.error.hasPrefix(
                "libraryd: cannot listen on 127.0.0.1:\(daemon.port): Address already in use\n  hint: "))
    }

    /// A request changes threads some ten times. If it had to wait for a hash each time, all hashes would be done
    /// first.
    @Test func loginsKeepNothingElseWaiting() async throws {
        let daemon = try await Daemon()
        let address = daemon.address
        let finished = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    _ = try await Program.run(
                        "/usr/bin/curl", ["-s", "-o", "/dev/null", "-u", "nobody:correct horse", address + "/login"])
                    finished.value.withLock { $0 += 1 }
                }
            }
            try await group.next()
            let request = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
            let live = try daemon.send(raw: Array(String(repeating: request, count: 50).utf8))
            #expect(finished.value.withLock { $0 } < 16)
            #expect(live.components(separatedBy: "HTTP/1.1 200 OK\r\n").count == 51)
            try await group.waitForAll()
        }
    }

    @Test func operatorsWorkWithTheDaemonUpAndDown() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        func user(_ arguments: String...) async throws -> Program.Result {
            try await Program.run(
                Program.path("libraryd"), ["user"] + arguments + ["--data", daemon.data],
                environment: ["HOME": home.path])
        }
        #expect(try await user("list").output.hasPrefix("ada\tuser\t0\t"))
        #expect(try await user("promote", "ada").output == "ada is an admin\n")
        #expect(try await daemon.libctl("whoami", "--json", home: home).output.contains(#""admin":true"#))
        #expect(try await user("demote", "ada").code == 6)
        #expect(try await user("promote", "nobody").code == 3)
        #expect(try await daemon.end(SIGTERM) == 0)
        #expect(try await user("list").output.hasPrefix("ada\tadmin\t0\t"))
        #expect(try await user("demote", "ada").code == 6)
        #expect(!FileManager.default.fileExists(atPath: daemon.data + "/operator.sock"))
    }

    @Test func filesArePrivateWhateverTheUmask() async throws {
        let data = home.path + "/data"
        // Starts a daemon under umask 000 and prints the modes of its folder and files.
        let result = try await Program.run(
            "/bin/sh",
            [
                "-c",
                "umask 000; libraryd --data \(data) --listen 127.0.0.1:0 & p=$!; until [ -S \(data)/operator.sock ]; do :; done; stat -c '%a %n' \(data) \(data)/*; kill $p; wait $p",
            ],
            environment: ["HOME": home.path])
        #expect(result.code == 0)
        let modes = result.output.split(separator: "\n").filter { !$0.hasPrefix("libraryd:") }
        #expect(modes.first == "700 \(data)")
        #expect(modes.count >= 5)
        for mode in modes.dropFirst() { #expect(mode.hasPrefix("600 ")) }
    }

    @Test func theSocketIsFoundAndPrivate() async throws {
        let runtime = TemporaryFolder()
        let daemon = try await Daemon(arguments: ["--socket", runtime.path + "/libraryd.sock"])
        let environment = ["HOME": home.path, "XDG_RUNTIME_DIR": runtime.path]
        let status = try await Program.run(
            Program.path("libctl"), ["status", "--wait", "10s"], environment: environment)
        #expect(status.output == "unix:\(runtime.path)/libraryd.sock is ready\n")
        let mode = try FileManager.default.attributesOfItem(atPath: runtime.path + "/libraryd.sock")[.posixPermissions]
        #expect((mode as? NSNumber)?.intValue == 0o600)
        #expect(try await daemon.end(SIGTERM) == 0)
        #expect(!FileManager.default.fileExists(atPath: runtime.path + "/libraryd.sock"))
    }

    @Test func outputThatCannotBeWrittenIsAFailure() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        _ = try await daemon.libctl("authors", "add", "--name", "A", "--book", "1", "--country", "C", home: home)
        for command in [
            "libctl --help", "libctl whoami", "libctl authors list", "libctl token", "libctl --version",
            "libctl help output",
        ] {
            let result = try await Program.run(
                "/bin/sh", ["-c", "\(command) > /dev/full"],
                environment: ["HOME": home.path, "LIBCTL_SERVER": daemon.address])
            #expect(result.code == 74, "\(command): \(result.error)")
        }
    }

    @Test func noSecretReachesTheLog() async throws {
        let daemon = try await Daemon(arguments: ["--log-level", "trace"])
        try await daemon.login("ada", home: home)
        let token = try await daemon.libctl("token", home: home).output.trimmingCharacters(in: .newlines)
        let file = try String(contentsOfFile: home.path + "/.config/libctl/credentials.json", encoding: .utf8)
        let refresh = try Login.refreshToken(in: file)
        _ = try daemon.send(
            raw: Array(
                "GET /authors?q=correct+horse&token=\(token) HTTP/1.1\r\nHost: x\r\nx-access-tokens: \(token)x\r\n\r\n"
                    .utf8))
        let list = try await daemon.libctl("authors", "list", "-v", home: home)
        let passwd = try await daemon.libctl(
            "passwd", "-v", "--password-stdin", home: home, input: "correct horse\nbattery staple\n")
        #expect(passwd.code == 0)
        let sessions = try await daemon.libctl("sessions", "list", "--json", home: home)
        let reset = try await Program.run(
            Program.path("libraryd"), ["user", "passwd", "ada", "--data", daemon.data],
            environment: ["HOME": home.path], input: "tuba and cello\n")
        #expect(reset.code == 0)
        #expect(try await daemon.end(SIGTERM) == 0)
        #expect(daemon.log.contains("/login"))
        #expect(daemon.log.contains("/me/password"))
        let said = [list, passwd, sessions, reset].map { $0.output + $0.error } + [daemon.log]
        for secret in ["correct horse", "correct+horse", "battery staple", "tuba", token, refresh, "scrypt"] {
            for text in said { #expect(!text.contains(secret)) }
        }
    }
}

extension Login {
    fileprivate static func refreshToken(in file: String) throws -> String {
        let start = try #require(file.range(of: #""refresh_token":""#))
        return String(file[start.upperBound...].prefix { $0 != "\"" })
    }
}

private final class Counter: Sendable {
    let value = Mutex(0)
}
