import Foundation
import LibraryServer
import TestSupport
import Testing

/// What the daemon tells the service manager that started it (sd_notify(3)), and the units in packaging/.
@Suite(.serialized) struct ServiceManagerTests {
    private static let units = Program.repository + "/packaging/systemd"

    /// `READY=1` is sent once requests and operators are answered, and not before.
    @Test(arguments: [false, true]) func theManagerIsToldWhatTheDaemonDoes(isAbstract: Bool) async throws {
        let manager = try NotifySocket(isAbstract: isAbstract)
        let folder = TemporaryFolder()
        let start = Task { try await Daemon(folder: folder, launcher: manager.launcher()) }
        #expect(try await manager.next() == "READY=1")
        let socket = folder.path + "/data/operator.sock"
        #expect(FileManager.default.fileExists(atPath: socket))
        let daemon = try await start.value
        let live = try daemon.send(raw: Array("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8))
        #expect(live.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(manager.waiting == nil)

        let before = Self.microseconds
        kill(daemon.pid, SIGHUP)
        let reloading = try await manager.next().split(separator: "\n")
        #expect(reloading.first == "RELOADING=1")
        let time = try #require(reloading.last?.wholeMatch(of: /MONOTONIC_USEC=([0-9]+)/)?.output.1)
        #expect(try (before...Self.microseconds).contains(#require(Int64(time))))
        #expect(try await manager.next() == "READY=1")

        #expect(try await daemon.end(SIGTERM) == 0)
        #expect(manager.waiting == "STOPPING=1")
        #expect(manager.waiting == nil)
    }

    /// The clock that systemd compares with.
    private static var microseconds: Int64 {
        Int64(DispatchTime.now().uptimeNanoseconds / 1000)
    }

    @Test func aStartThatFailsIsNotReady() async throws {
        let manager = try NotifySocket(isAbstract: false)
        let first = try await Daemon()
        await #expect(throws: Missing.self) {
            try await Daemon(arguments: ["--listen", "127.0.0.1:\(first.port)"], launcher: manager.launcher())
        }
        // systemd may be told that the daemon stops, and never that it is ready.
        while let message = manager.waiting { #expect(message == "STOPPING=1") }
    }

    @Test func theWatchdogGetsSignsOfLife() async throws {
        let manager = try NotifySocket(isAbstract: false)
        let daemon = try await Daemon(launcher: manager.launcher("WATCHDOG_USEC=20000"))
        var received: [String] = []
        while received.count < 6 { received.append(try await manager.next()) }
        #expect(received.count { $0 == "READY=1" } == 1)
        #expect(received.count { $0 == "WATCHDOG=1" } == 5)
        #expect(try await daemon.end(SIGTERM) == 0)
    }

    /// Variables of another process (sd_watchdog_enabled(3)), and those that make no sense.
    @Test(arguments: [
        ["WATCHDOG_USEC=1000", "WATCHDOG_PID=1"], ["WATCHDOG_USEC=0"], ["WATCHDOG_USEC=-5"], ["WATCHDOG_USEC=x"],
    ])
    func nobodyElsesWatchdogIsServed(variables: [String]) async throws {
        let manager = try NotifySocket(isAbstract: false)
        let launcher = manager.launcher() + variables
        let daemon = try await Daemon(launcher: launcher)
        #expect(try await manager.next() == "READY=1")
        #expect(try await daemon.end(SIGTERM) == 0)
        #expect(manager.waiting == "STOPPING=1")
    }

    /// A socket that nobody has is reported, and stops nobody.
    @Test(arguments: ["/nowhere/notify", "notify", "@nobody", "/" + String(repeating: "x", count: 200)])
    func aManagerThatIsGoneStopsNobody(socket: String) async throws {
        let daemon = try await Daemon(launcher: ["/usr/bin/env", "NOTIFY_SOCKET=\(socket)", "WATCHDOG_USEC=20000"])
        try await daemon.wait(forLog: "the service manager cannot be told")
        #expect(try await daemon.end(SIGTERM) == 0)
    }

    /// A manager that hangs and reads nothing more.
    @Test func aManagerThatHangsStopsNobody() async throws {
        let manager = try NotifySocket(isAbstract: false)
        manager.fill()
        let daemon = try await Daemon(launcher: manager.launcher("WATCHDOG_USEC=20000"))
        try await daemon.wait(forLog: "the service manager cannot be told")
        #expect(try await daemon.end(SIGTERM) == 0)
    }

    /// The exposure that systemd-analyze computes, at most 2.0 of 10.
    @Test func theServiceIsInASandbox() async throws {
        let check = try await Program.run(
            "/usr/bin/systemd-analyze",
            ["security", "--offline=true", "--threshold=20", "--no-pager", Self.units + "/libraryd.service"])
        #expect(check.code == 0, "\(check.output.suffix(100))")
        #expect(check.output.contains("Overall exposure level for libraryd.service: "))
    }

    @Test(arguments: ["libraryd.service", "libraryd.socket", "user/libraryd.service", "user/libraryd.socket"])
    func theUnitsAreUnderstood(name: String) async throws {
        let unit = try String(contentsOfFile: Self.units + "/" + name, encoding: .utf8)
        #expect(try await ServerConfiguration.unitFault(unit) == nil)
    }

    /// A setting that the daemon does not know would end the start.
    @Test(arguments: ["libraryd.service", "user/libraryd.service"])
    func theDaemonKnowsTheSettingsOfItsServices(name: String) async throws {
        let unit = try String(contentsOfFile: Self.units + "/" + name, encoding: .utf8)
        let line = try #require(unit.firstMatch(of: /ExecStart=\S+ (.+)/)?.output.1)
        let words = line.split(separator: " ").map { String($0).replacing("%t", with: "/run/user/1000") }
        #expect(words.first == "serve")
        let config = Program.repository + "/packaging/debian/config.json"
        let arguments = words.dropFirst().map { $0 == "/etc/libraryd/config.json" ? config : $0 }
        let check = try await Program.run(
            Program.path("libraryd"), ["config"] + arguments, environment: ["HOME": "/nowhere"])
        #expect(check.code == 0, "\(check.error)")
        #expect(check.error == "")
    }

    /// A socket unit may have the socket of the settings. It stays when the daemon ends.
    @Test func theSocketOfAUnitIsServed() async throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/s"
        let start = Task {
            try await Daemon(
                folder: folder, arguments: ["--socket", path],
                launcher: ["/usr/bin/systemd-socket-activate", "--listen", path, "--setenv", "HOME"])
        }
        var client: Int32?
        try await wait(until: "a socket at \(path)") {
            client = try UnixSocket.connect(to: path)
            return client != nil
        }
        let daemon = try await start.value
        #expect(daemon.address == "unix:" + path)
        #expect(try await daemon.end(SIGTERM) == 0)
        client.map { _ = close($0) }
        #expect(FileManager.default.fileExists(atPath: path))
    }

    /// Each system call of the daemon's work is one that the unit allows.
    @Test(.enabled(if: Program.mayTrace, "strace may not trace here")) func theSandboxAllowsTheWork() async throws {
        let home = TemporaryFolder()
        let trace = home.path + "/trace"
        let daemon = try await Daemon(launcher: ["/usr/bin/strace", "-f", "-qq", "-c", "-U", "name", "-o", trace])
        try await daemon.login("ada", home: home)
        let csv = Program.repository + "/examples/booker-winners.csv"
        #expect(try await daemon.libctl("authors", "import", csv, home: home).code == 0)
        #expect(try await daemon.libctl("authors", "list", "--search", "wolf", home: home).code == 0)
        for line in ["backup \(home.path)/backup", "check", "healthcheck", "key rotate", "user list"] {
            let command = line.split(separator: " ").map(String.init) + ["--data", daemon.data]
            #expect(
                try await Program.run(Program.path("libraryd"), command, environment: ["HOME": home.path]).code == 0)
        }
        kill(daemon.pid, SIGHUP)
        #expect(try await daemon.end(SIGTERM) == 0)
        let names = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
            .map { $0.trimmingCharacters(in: .whitespaces) }.filter { $0.contains(/^[a-z0-9_]+$/) }
        #expect(names.contains("fdatasync") && names.contains("accept4"))
        let allowed = try await Self.calls("@system-service")
            .subtracting(Self.calls("@privileged")).subtracting(Self.calls("@resources"))
        #expect(allowed.contains("fdatasync"))
        let unit = try String(contentsOfFile: Self.units + "/libraryd.service", encoding: .utf8)
        let single = Set(unit.matches(of: /SystemCallFilter=([a-z_]+)\n/).map { String($0.output.1) })
        // SQLite gives files of root to the owner of the database, and the service does not run as root.
        let others: Set = ["total", "syscall", "fchown"]
        #expect(Set(names).subtracting(allowed).subtracting(single).subtracting(others) == [])
    }

    /// The system calls of a group of systemd, with those of the groups within.
    private static func calls(_ group: String) async throws -> Set<String> {
        let list = try await Program.run("/usr/bin/systemd-analyze", ["syscall-filter", "--no-pager", group])
        var calls: Set<String> = []
        for line in list.output.split(separator: "\n").map({ $0.trimmingCharacters(in: .whitespaces) }) {
            if line.hasPrefix("@"), line != group { calls.formUnion(try await Self.calls(line)) }
            if line.contains(/^[a-z0-9_]+$/) { calls.insert(line) }
        }
        return calls
    }
}
