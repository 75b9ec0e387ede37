import Foundation
import TestSupport
import Testing

/// What an operator meets on the first day.
@Suite(.serialized) struct OperatorDayTests {
    private let home = TemporaryFolder()

    private func bash(_ line: String) async throws -> Program.Result {
        try await Program.run("/bin/bash", ["-c", line], environment: ["HOME": home.path], folder: home.path)
    }

    /// On a terminal the daemon shows where it listens, and no line for each request.
    @Test func aTerminalIsLeftInPeace() async throws {
        let terminal = try PseudoTerminal(
            Program.path("libraryd"), ["--listen", "127.0.0.1:0"], environment: ["HOME": home.path])
        let line = try await terminal.wait(for: "\n")
        let address = try #require(line.split(separator: " ").last?.prefix { !$0.isNewline })
        #expect(try await Program.run("/usr/bin/curl", ["-s", "\(address)/livez"]).output == #"{"status":"ok"}"#)
        terminal.send("\u{3}")
        let end = try await terminal.end()
        #expect(end.code == 0)
        #expect(end.output == "libraryd: listening on \(address)\r\n^C")
    }

    @Test func elsewhereEachRequestIsALine() async throws {
        let daemon = try await Daemon()
        #expect(try await daemon.libctl("status", home: home).code == 0)
        #expect(try await daemon.end(SIGTERM) == 0)
        let lines = daemon.log.split(separator: "\n")
        #expect(lines.first?.contains(#""message":"starting","data":"\#(daemon.data)""#) == true)
        #expect(lines.first?.contains(#""schema":14,"version":"0.1.0""#) == true)
        #expect(lines.contains { $0.contains(#""client":"127.0.0.1","duration_ms":"#) })
        #expect(lines.contains { $0.contains(#""route":"/readyz","status":200}"#) })
        #expect(lines.last?.contains(#""message":"stopped""#) == true)
    }

    /// Nothing is announced if one of the addresses is taken, and that one is named.
    @Test func theAddressThatIsTakenIsNamed() async throws {
        let daemon = try await Daemon()
        for (arguments, address) in [
            ("--socket free --listen 127.0.0.1:\(daemon.port)", "127.0.0.1:\(daemon.port)"),
            ("--listen 127.0.0.1:0 --socket nowhere/s", "nowhere/s"),
        ] {
            let result = try await bash("libraryd --data data --log-level error \(arguments)")
            #expect(result.code == 69)
            #expect(result.output == "")
            #expect(result.error.hasPrefix("libraryd: cannot listen on \(address): "), "\(result.error)")
        }
        let long = String(repeating: "s", count: 108)
        let result = try await bash("libraryd --data data --log-level error --listen 127.0.0.1:0 --socket \(long)")
        #expect(result.code == 64)
        #expect(
            result.error == """
                libraryd: \(long) has 108 bytes, and the path of a socket may have 107
                  hint: name a shorter --socket

                """)
    }

    /// A descriptor that was closed does not become one of the daemon's files.
    @Test func closedDescriptorsAreOpenedOnNothing() async throws {
        let daemon = try await Daemon(launcher: ["/bin/sh", "-c", #"exec "$@" 0<&- 2>&-"#, "sh"])
        for descriptor in [0, 2] {
            let target = try FileManager.default.destinationOfSymbolicLink(
                atPath: "/proc/\(daemon.pid)/fd/\(descriptor)")
            #expect(target == "/dev/null")
        }
        try await daemon.login("ada", home: home)
        #expect(try await daemon.end(SIGTERM) == 0)
        let data = daemon.data
        for line in ["user list", "check"] {
            let result = try await bash("libraryd \(line) --data \(data) >&-")
            #expect(result.code == 74)
        }
        #expect(try await bash("libraryd check --data \(data) 0<&- 2>&-").code == 0)
    }

    /// A change that no rule of the database finds is found by the manifest.
    @Test func aBackupThatWasChangedIsNotOK() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        #expect(try await bash("libraryd backup b.db --data \(daemon.data) && libraryd check b.db").code == 0)
        let changed = try await bash("LC_ALL=C sed -i 's/libctl/libctk/' b.db; libraryd check b.db")
        #expect(changed.code == 65)
        #expect(changed.error.contains("b.db is not what was backed up: its SHA-256 is another"), "\(changed.error)")
        let alone = try await bash("rm b.db.manifest; libraryd check b.db")
        #expect(alone.code == 0, "\(alone.error)")
    }

    @Test func accountsAreMadeWhileRegistrationIsClosed() async throws {
        let daemon = try await Daemon(arguments: [])
        #expect(try await daemon.end(SIGTERM) == 0)
        try await daemon.start(["--registration", "closed"])
        let refused = try await daemon.libctl("register", "ada", "--password-stdin", home: home, input: "correct horse")
        #expect(refused.code == 5)
        #expect(refused.error.contains("registration is closed\n  hint: libraryd user add NAME"))
        let add = try await bash("echo 'correct horse' | libraryd user add ada --data \(daemon.data)")
        #expect(add.output == "ada is created\n", "\(add.error)")
        let again = try await bash("echo 'correct horse' | libraryd user add ada --data \(daemon.data)")
        #expect(again.code == 6)
        let login = try await daemon.libctl("login", "ada", "--password-stdin", home: home, input: "correct horse")
        #expect(login.code == 0)
        #expect(try await daemon.end(SIGTERM) == 0)
        #expect(try await bash("echo 'correct horse' | libraryd user add bob --data \(daemon.data)").code == 0)
        #expect(try await bash("libraryd user list --data \(daemon.data) | cut -f 1").output == "ada\nbob\n")
    }

    /// Whoever is not the user whose library it is gets the command to run, whether the daemon runs or not.
    @Test(.enabled(if: geteuid() == 0, "only root can give a folder to another user"))
    func anotherUserIsToldWhoseLibraryItIs() async throws {
        let data = home.path + "/data"
        #expect(try await bash("mkdir -m 700 data; chown nobody data; chmod 755 .").code == 0)
        for (line, rest) in [
            ("libraryd user list --data \(data)", "user list --data \(data)"),
            ("LIBRARYD_DATA=\(data) libraryd backup x", "backup x --data \(data)"),
            ("libraryd check --data \(data)", "check --data \(data)"),
            ("libraryd restore x --data \(data)", "restore x --data \(data)"),
            ("libraryd --data \(data)", "--data \(data)"),
        ] {
            let result = try await bash(line)
            #expect(result.code == 77, "\(result.error)")
            #expect(
                result.error == """
                    libraryd: \(data) belongs to nobody (uid 65534), and this is root (uid 0)
                      hint: sudo -u nobody libraryd \(rest)

                    """)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: data) == [])
    }

    @Test func aBackupIsAFile() async throws {
        let daemon = try await Daemon()
        let result = try await bash("libraryd backup - --data \(daemon.data)")
        #expect(result.code == 64)
        #expect(result.error.hasSuffix("\n  hint: libraryd backup FILE && cat FILE\n"))
        #expect(!FileManager.default.fileExists(atPath: home.path + "/-"))
        #expect(try await bash("libraryd backup ./- --data \(daemon.data)").code == 0)
    }
}
