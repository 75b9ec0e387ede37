import Foundation
import Shared
import TestSupport
import Testing

/// `/readyz` on a disk that is full, and with a writer that a disk holds up.
extension FaultTests {
    /// Asks until the reply has the status.
    private func ready(_ daemon: Daemon, until status: String) async throws -> String {
        var text = ""
        try await wait(until: "\(status), not \(text)") {
            let reply = try await Program.run("/usr/bin/curl", ["-s", "-i", daemon.address + "/readyz"])
            #expect(reply.code == 0)
            text = reply.output
            return text.hasPrefix("HTTP/1.1 \(status) ")
        }
        return text
    }

    /// A full disk is told of before anybody has written to it in vain, and no longer once there is room.
    @Test(.enabled(if: Program.mayMount, "nothing may be mounted here"))
    func aFullDiskIsNotReady() async throws {
        let (daemon, disk) = try await daemonOnASmallDisk()
        _ = try await ready(daemon, until: "200")
        try await fill(disk)
        let refusal = try await ready(daemon, until: "503")
        #expect(refusal.contains("application/problem+json"))
        #expect(refusal.contains("Retry-After: 1\r\n"))
        #expect(refusal.contains(#""code":"not_ready""#))
        #expect(refusal.contains(#""detail":"the daemon is not ready: the disk is full""#))
        #expect(
            try await Program.run("/usr/bin/curl", ["-s", daemon.address + "/livez"]).output == #"{"status":"ok"}"#)
        let metrics = try await Program.run("/usr/bin/curl", ["-s", daemon.address + "/metrics"])
        #expect(try MetricsReply(metrics.output)["libraryd_ready"] == 0)
        try await daemon.wait(
            forLog: #""level":"error","message":"writes are not stored","reason":"the disk is full""#)
        try FileManager.default.removeItem(atPath: disk + "/filler")
        _ = try await ready(daemon, until: "200")
        try await daemon.wait(forLog: #""level":"notice","message":"writes are stored again""#)
        #expect(try await daemon.end(SIGTERM) == 0)
    }

    /// After a write that failed, the daemon is ready only once it has stored one, which it tries by itself.
    @Test func aFileThatMayNotGrowIsNotReady() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let size = try #require(try FileStatus(path: daemon.data + "/library.db-wal")).size
        try await limit(daemon, "fsize=\(size)")
        let add = try await daemon.libctl(
            "authors", "add", "--name", "A", "--book", "B", "--country", "C", home: home)
        #expect(add.code == 75, "\(add.error)")
        for _ in 0..<10 {
            let reply = try await Program.run("/usr/bin/curl", ["-s", daemon.address + "/readyz"]).output
            #expect(reply.contains(#""code":"not_ready""#), "\(reply)")
        }
        try await limit(daemon, "fsize=unlimited")
        _ = try await ready(daemon, until: "200")
        #expect(try await daemon.end(SIGTERM) == 0)
    }

    /// While the disk does not finish a commit, the daemon says so at once. The write is stored when the disk does.
    @Test(.enabled(if: Program.mayTrace, "strace may not trace here"))
    func aStuckWriterIsNotReady() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        _ = try await ready(daemon, until: "200")
        // From now on an fsync takes ten minutes, unless the tracer goes.
        let tracer = Process()
        tracer.executableURL = URL(fileURLWithPath: "/usr/bin/strace")
        tracer.arguments = [
            "-f", "-o", "/dev/null", "-p", "\(daemon.pid)", "-e", "trace=fdatasync,fsync", "-e",
            "inject=fdatasync,fsync:delay_enter=600s",
        ]
        let words = home.path + "/strace"
        try Data().write(to: URL(fileURLWithPath: words))
        let output: FileHandle = try #require(FileHandle(forWritingAtPath: words))
        tracer.standardError = output
        try tracer.run()
        try await wait(until: "the tracer") {
            try #require(tracer.isRunning)
            return try String(contentsOfFile: words, encoding: .utf8).contains("attached")
        }
        async let add = daemon.libctl(
            "authors", "add", "--name", "A", "--book", "B", "--country", "C", home: home)
        let refusal = try await ready(daemon, until: "503")
        #expect(refusal.contains(#""detail":"the daemon is not ready: a commit has been on its way to the disk for "#))
        // Reads go on.
        #expect(try await daemon.libctl("authors", "list", home: home).code == 0)
        // The other signals are blocked in a program that Foundation starts here.
        kill(tracer.processIdentifier, SIGKILL)
        tracer.waitUntilExit()
        _ = try await ready(daemon, until: "200")
        // libctl may have given up; the daemon has stored the author, or had not begun to.
        _ = try await add
        #expect(try await daemon.end(SIGTERM) == 0)
    }
}
