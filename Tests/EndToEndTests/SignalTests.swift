import Foundation
import TestSupport
import Testing

/// What the daemon does on each signal (signal(7)), and that a pipe at one of its paths never makes it wait.
@Suite(.serialized) struct SignalTests {
    private let home = TemporaryFolder()

    /// `fault` is a fault of the program itself: the Swift runtime may report it before the program ends.
    private enum Outcome { case nothing, pause, stop, end, fault }

    private static let outcomes: [Int32: Outcome] = {
        var outcomes: [Int32: Outcome] = [
            SIGTERM: .stop, SIGINT: .stop,
            SIGXCPU: .end, SIGKILL: .end, SIGSYS: .end,
            SIGQUIT: .fault, SIGILL: .fault, SIGTRAP: .fault, SIGABRT: .fault, SIGBUS: .fault, SIGFPE: .fault,
            SIGSEGV: .fault,
            SIGSTOP: .pause, SIGTSTP: .pause, SIGTTIN: .pause, SIGTTOU: .pause,
        ]
        for number in [
            SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM, 16, SIGCHLD, SIGCONT, SIGURG, SIGXFSZ, SIGVTALRM, SIGPROF,
            SIGWINCH, SIGIO, SIGPWR,
        ] { outcomes[number] = .nothing }
        for number in Int32(34)...64 { outcomes[number] = .nothing }
        return outcomes
    }()

    @Test func eachSignalIsKnown() async throws {
        // glibc uses signals 32 and 33 itself (nptl(7)).
        #expect(Set(Self.outcomes.keys) == Set(1...64).subtracting([32, 33]))
        let daemon = try await Daemon()
        for (number, outcome) in Self.outcomes.sorted(by: { $0.key < $1.key })
        where [.nothing, .pause].contains(outcome) {
            #expect(kill(daemon.pid, number) == 0)
            if outcome == .pause { #expect(kill(daemon.pid, SIGCONT) == 0) }
            let live = try daemon.send(raw: Array("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8))
            #expect(live.hasPrefix("HTTP/1.1 200 OK\r\n"), "after signal \(number)")
        }
        #expect(try await daemon.end(SIGTERM) == 0)
        for (number, outcome) in Self.outcomes where [.stop, .end].contains(outcome) {
            try await daemon.start()
            #expect(try await daemon.end(number) == (outcome == .stop ? 0 : 128 + number), "signal \(number)")
        }
    }

    /// A pipe whose other end nobody has open, at every path that an operator can name: each command ends by itself,
    /// the next command is answered, and the daemon stops.
    @Test func aPipeStopsNobody() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        func libraryd(_ line: String, to data: String? = nil) async throws -> Program.Result {
            try await Program.libraryd("\(line) --data \(data ?? daemon.data)", home: home)
        }
        #expect(try await libraryd("backup good").code == 0)
        for name in ["pipe", "other.manifest", "old.1"] { #expect(mkfifo("\(home.path)/\(name)", 0o600) == 0) }
        let codes: [(String, Int32)] = [
            ("backup pipe", 6), ("backup other", 6), ("backup --keep 2 old", 6), ("import-flask pipe", 66),
            ("check pipe", 66), ("user list --config pipe", 66),
        ]
        for (line, code) in codes {
            let result = try await libraryd(line)
            #expect(result.code == code, "\(line): \(result.error)")
            #expect(result.error.contains("\n  hint: "), "\(line): \(result.error)")
            #expect(try await libraryd("user list").output.hasPrefix("ada\t"))
        }
        #expect(try await daemon.end(SIGTERM) == 0)
        #expect(try await libraryd("restore pipe").code == 66)
        try FileManager.default.removeItem(atPath: home.path + "/good.manifest")
        #expect(mkfifo(home.path + "/good.manifest", 0o600) == 0)
        #expect(try await libraryd("restore good").code == 65)
        for name in ["library.db-wal", "libraryd.lock", "signing.key", "operator.sock"] {
            let data = home.path + "/" + name
            try FileManager.default.copyItem(atPath: daemon.data, toPath: data)
            try? FileManager.default.removeItem(atPath: data + "/" + name)
            #expect(mkfifo(data + "/" + name, 0o600) == 0)
            let start = try await libraryd("serve --listen 127.0.0.1:0", to: data)
            #expect(start.code == (name == "operator.sock" ? 6 : 66), "\(name): \(start.error)")
            #expect(start.error.hasPrefix("libraryd: \(data)/\(name) is a pipe, "), "\(start.error)")
            #expect(start.output == "")
        }
    }
}

/// The command line and the environment of `libraryd`.
@Suite(.serialized) struct ArgumentTests {
    private let home = TemporaryFolder()

    private func bash(_ line: String) async throws -> Program.Result {
        try await Program.run("/bin/bash", ["-c", line], environment: ["HOME": home.path], folder: home.path)
    }

    /// A repaired argument would name another user or another folder.
    @Test(
        arguments: [
            (#"libraryd user promote $'a\xff'"#, 64, "argument 3"), (#"libraryd --data $'a\xff'"#, 64, "--data"),
            (#"libraryd backup $'\xc3.db'"#, 64, "argument 2"), (#"libraryd --listen=$'\xff:1'"#, 64, "--listen"),
            (#"LIBRARYD_DATA=$'\xff' libraryd check"#, 78, "LIBRARYD_DATA"),
            (#"HOME=$'/\xff' libraryd check"#, 78, "HOME"),
        ] as [(String, Int32, String)])
    func onlyTextIsTaken(line: String, code: Int32, name: String) async throws {
        let result = try await bash(line)
        #expect(result.code == code, "\(result.error)")
        #expect(result.error.contains("\(name) is not valid UTF-8"), "\(result.error)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: home.path) == [])
    }

    @Test(arguments: [
        "libraryd user passwd ada canary-1", "libraryd --listen http://ada:canary-1@host:1",
        "LIBRARYD_LISTEN=http://ada:canary-1@host:1 libraryd check", "libraryd user list --yes=canary-1",
        "libraryd user delete ada --yes=canary-1",
    ])
    func noSecretIsRepeated(line: String) async throws {
        let result = try await bash(line)
        #expect([64, 78].contains(result.code), "\(result.error)")
        #expect(!(result.error + result.output).contains("canary"), "\(result.error)")
        #expect(result.error.hasPrefix("libraryd: ") && !result.error.contains("USAGE"))
    }
}
