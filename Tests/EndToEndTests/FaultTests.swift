import Foundation
import Shared
import TestSupport
import Testing

/// What the daemon asks of the disk, what it does when it does not get it, and backups of a library in use.
@Suite(.serialized) struct FaultTests {
    private let home = TemporaryFolder()

    private func libraryd(_ arguments: String..., data: String) async throws -> Program.Result {
        try await Program.run(
            Program.path("libraryd"), arguments + ["--data", data], environment: ["HOME": home.path], folder: home.path)
    }

    /// A kill cannot tell whether a write reached the disk before it was answered; a trace can.
    @Test(.enabled(if: Program.mayTrace, "strace may not trace here"))
    func eachWriteIsSyncedBeforeItIsAnswered() async throws {
        let trace = home.path + "/trace"
        let daemon = try await Daemon(
            launcher: [
                "/usr/bin/strace", "-f", "-qq", "-y", "-s", "64", "-o", trace, "-e",
                "trace=read,recvfrom,recvmsg,write,writev,sendto,sendmsg,fdatasync,fsync",
            ])
        try await daemon.login("ada", home: home)
        for number in 0..<5 {
            let add = try await daemon.libctl(
                "authors", "add", "--name", "\(number)", "--book", "B", "--country", "C", home: home)
            #expect(add.code == 0)
        }
        #expect(try await daemon.end(SIGTERM) == 0)
        let steps: [String] = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n").compactMap {
            if $0.contains("POST /authors HTTP/1.1") { return "asked" }
            if $0.contains("sync("), $0.contains("library.db-wal>") { return "synced" }
            return $0.contains("HTTP/1.1 201 Created") ? "answered" : nil
        }
        let created = steps.drop { $0 != "asked" }.split(separator: "asked", omittingEmptySubsequences: true)
        #expect(created.count == 5)
        for steps in created { #expect(steps.starts(with: ["synced", "answered"])) }
    }

    @Test func oneDescriptorCanWriteToTheDatabase() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let folder = "/proc/\(daemon.pid)/"
        var modes: [Int] = []
        for descriptor in try FileManager.default.contentsOfDirectory(atPath: folder + "fd") {
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: folder + "fd/" + descriptor)
            guard target == daemon.data + "/library.db" else { continue }
            let info = try String(contentsOfFile: folder + "fdinfo/" + descriptor, encoding: .utf8)
            let flags = try require(
                info.split(separator: "\n").first { $0.hasPrefix("flags:") }?.split(separator: "\t").last)
            modes.append(try require(Int(flags, radix: 8)) & Int(O_ACCMODE))
        }
        #expect(modes.filter { $0 == O_RDWR }.count == 1)
        #expect(modes.filter { $0 == O_RDONLY }.count > 1)
    }

    /// Reads go on, writes fail and say so, and resume by themselves.
    @Test func aFileThatMayNotGrowIsNoEnd() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        func add(_ name: String) async throws -> Program.Result {
            try await daemon.libctl("authors", "add", "--name", name, "--book", "B", "--country", "C", home: home)
        }
        func limit(_ bytes: String) async throws {
            let limited = try await Program.run("/usr/bin/prlimit", ["--pid", "\(daemon.pid)", "--fsize=\(bytes):"])
            #expect(limited.code == 0, "\(limited.error)")
        }
        #expect(try await add("before").code == 0)
        let size = try require(
            try FileManager.default.attributesOfItem(atPath: daemon.data + "/library.db-wal")[.size] as? Int)
        try await limit("\(size + 1000)")
        for number in 0..<3 {
            let refused = try await add("refused \(number)")
            #expect(refused.code == 75, "\(refused.error)")
            #expect(try await daemon.libctl("authors", "list", "--fields", "name", home: home).output == "before\n")
        }
        try await limit("unlimited")
        #expect(try await add("after").code == 0)
        #expect(try await daemon.libctl("authors", "list", "--fields", "name", home: home).output == "before\nafter\n")
        #expect(try await daemon.end(SIGTERM) == 0)
        #expect(try await libraryd("check", data: daemon.data).code == 0)
    }

    /// An operator who comes while the daemon has no descriptor left waits, and does not end it.
    @Test func anOperatorWithoutADescriptorWaits() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        func limit(_ count: String) async throws {
            let limited = try await Program.run("/usr/bin/prlimit", ["--pid", "\(daemon.pid)", "--nofile=\(count):"])
            #expect(limited.code == 0, "\(limited.error)")
        }
        try await limit("5")
        async let list = libraryd("user", "list", data: daemon.data)
        try await Task.sleep(for: .milliseconds(300))
        try await limit("1024")
        #expect(try await list.output.hasPrefix("ada\tuser\t0\t"))
        #expect(try await daemon.libctl("status", home: home).code == 0)
    }

    @Test func backupsWorkWithTheDaemonUpAndDownAndRestoresWithItDown() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        func names() async throws -> String {
            try await daemon.libctl("authors", "list", "--fields", "name", home: home).output
        }
        _ = try await daemon.libctl("authors", "add", "--name", "A", "--book", "B", "--country", "C", home: home)
        // A relative path is relative to the operator's folder, not to the daemon's.
        let backup = try await libraryd("backup", "up.db", data: daemon.data)
        #expect(backup.output.hasPrefix("up.db: authors: 1, users: 1, bytes: "), "\(backup.error)")
        _ = try await daemon.libctl("authors", "add", "--name", "Z", "--book", "B", "--country", "C", home: home)
        let refused = try await libraryd("restore", "up.db", data: daemon.data)
        #expect(refused.code == 75)
        #expect(refused.error.contains("(pid \(daemon.pid))"))
        #expect(try await names() == "A\nZ\n")
        let destructive = try await libraryd("backup", daemon.data + "/library.db", data: daemon.data)
        #expect(destructive.code == 64)
        #expect(destructive.error.contains("\n  hint: "))
        #expect(
            try await libraryd("check", data: daemon.data).output.hasSuffix(": ok: authors: 2, users: 1, schema: 1\n"))

        #expect(try await daemon.end(SIGTERM) == 0)
        #expect(try await libraryd("backup", "down.db", data: daemon.data).code == 0)
        let restored = try await libraryd("restore", "up.db", data: daemon.data)
        #expect(restored.output.hasPrefix("restored: authors: 1, users: 1\nthe library that was there: "))
        try await daemon.start(["--listen", "127.0.0.1:\(daemon.port)"])
        // The login is in the backup, but it might have been ended since.
        #expect(try await daemon.libctl("authors", "list", home: home).code == 4)
        let login = try await daemon.libctl("login", "ada", "--password-stdin", home: home, input: "correct horse")
        #expect(login.code == 0)
        #expect(try await names() == "A\n")
    }

    @Test func aDeletedDatabaseIsNoticed() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        #expect(try await daemon.libctl("status", home: home).code == 0)
        try FileManager.default.removeItem(atPath: daemon.data + "/library.db")
        let ready = try await Program.run("/usr/bin/curl", ["-s", daemon.address + "/readyz"])
        #expect(ready.output.contains("\"code\":\"not_ready\""), "\(ready.output)")
        let add = try await daemon.libctl("authors", "add", "--name", "A", "--book", "B", "--country", "C", home: home)
        #expect(add.code == 75, "\(add.error)")
    }
}
