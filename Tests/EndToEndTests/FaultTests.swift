import Foundation
import Shared
import TestSupport
import Testing

/// What the daemon syncs, what it does when the disk fails, and backups of a library in use.
@Suite(.serialized) struct FaultTests {
    let home = TemporaryFolder()

    func libraryd(_ arguments: String..., data: String) async throws -> Program.Result {
        try await Program.run(
            Program.path("libraryd"), arguments + ["--data", data], environment: ["HOME": home.path], folder: home.path)
    }

    /// A kill does not show whether a write was on the disk before its answer was sent; a trace does.
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
            let flags = try #require(
                info.split(separator: "\n").first { $0.hasPrefix("flags:") }?.split(separator: "\t").last)
            modes.append(try #require(Int(flags, radix: 8)) & Int(O_ACCMODE))
        }
        #expect(modes.filter { $0 == O_RDWR }.count == 1)
        #expect(modes.filter { $0 == O_RDONLY }.count > 1)
    }

    /// While the log may not grow, reads go on and writes fail with an error. Writes resume without a restart.
    @Test func aFileThatMayNotGrowIsNoEnd() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        func add(_ name: String) async throws -> Program.Result {
            try await daemon.libctl("authors", "add", "--name", name, "--book", "B", "--country", "C", home: home)
        }
        #expect(try await add("before").code == 0)
        let size = try #require(
            try FileManager.default.attributesOfItem(atPath: daemon.data + "/library.db-wal")[.size] as? Int)
        try await limit(daemon, "fsize=\(size + 1000)")
        for number in 0..<3 {
            let refused = try await add("refused \(number)")
            #expect(refused.code == 75, "\(refused.error)")
            #expect(try await daemon.libctl("authors", "list", "--fields", "name", home: home).output == "before\n")
        }
        try await limit(daemon, "fsize=unlimited")
        #expect(try await add("after").code == 0)
        #expect(try await daemon.libctl("authors", "list", "--fields", "name", home: home).output == "before\nafter\n")
        #expect(try await daemon.end(SIGTERM) == 0)
        #expect(try await libraryd("check", data: daemon.data).code == 0)
    }

    /// A launcher: runs shell commands as root in a new mount namespace, then the program. The namespace ends with
    /// it.
    func mounting(_ commands: String) -> [String] {
        ["/usr/bin/unshare", "--map-root-user", "--mount", "sh", "-c", commands + #" && exec "$@""#, "sh"]
    }

    /// A daemon whose data folder is a disk of 2 MiB, and that disk: only the process of the launcher, which has become
    /// the daemon, sees it.
    func daemonOnASmallDisk() async throws -> (daemon: Daemon, disk: String) {
        let folder = TemporaryFolder()
        let data = folder.path + "/data"
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: false)
        let daemon = try await Daemon(
            folder: folder, launcher: mounting("mount -t tmpfs -o size=2m,mode=0700 tmpfs '\(data)'"))
        return (daemon, "/proc/\(daemon.pid)/root" + data)
    }

    func fill(_ disk: String) async throws {
        let filler = try await Program.run("/usr/bin/dd", ["if=/dev/zero", "of=\(disk)/filler", "bs=4096"])
        #expect(filler.error.contains("No space left"))
    }

    /// - Parameter limit: of prlimit(1), such as `fsize=1000`.
    func limit(_ daemon: Daemon, _ limit: String) async throws {
        let limited = try await Program.run("/usr/bin/prlimit", ["--pid", "\(daemon.pid)", "--\(limit):"])
        #expect(limited.code == 0, "\(limited.error)")
    }

    /// Another file fills the disk: writes fail with status 507, reads go on, and writes resume once that file is
    /// deleted.
    @Test(.enabled(if: Program.mayMount, "nothing may be mounted here"))
    func aFullDiskIsNoEnd() async throws {
        let (daemon, disk) = try await daemonOnASmallDisk()
        try await daemon.login("ada", home: home)
        let token = try await daemon.libctl("token", home: home).output.dropLast()
        func post(_ name: String) async throws -> String {
            try await Program.run(
                "/usr/bin/curl",
                [
                    "-s", "-w", "%{http_code}", "-H", "Authorization: Bearer \(token)", "--json",
                    #"{"name":"\#(name)","book":"B","country":"C"}"#, daemon.address + "/authors",
                ]
            ).output
        }
        #expect(try await post("before").hasSuffix("201"))
        try await fill(disk)
        // SQLite may still find room in pages that its log already has.
        var refused = ""
        for number in 0..<100 where !refused.hasSuffix("507") { refused = try await post("filling \(number)") }
        #expect(refused.contains(#""code":"storage_full""#), "\(refused)")
        let names = try await daemon.libctl("authors", "list", "--fields", "name", home: home)
        #expect(names.output.hasPrefix("before\n"))
        #expect(try await daemon.libctl("authors", "show", "1", home: home).code == 0)

        try FileManager.default.removeItem(atPath: disk + "/filler")
        #expect(try await post("after").hasSuffix("201"))
        let all = try await daemon.libctl("authors", "list", "--fields", "name", home: home)
        #expect(all.output == names.output + "after\n")
        // A backup inspects its copy.
        let backup = try await libraryd("backup", home.path + "/copy.db", data: disk)
        #expect(backup.code == 0, "\(backup.error)")
        #expect(try await daemon.end(SIGTERM) == 0)
    }

    /// The error names the folder or file that cannot be written to, and nothing in it changes.
    @Test(.enabled(if: Program.mayMount, "nothing may be mounted here"), arguments: ["", "/library.db"])
    func aReadOnlyLibraryIsRefused(file: String) async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        #expect(try await daemon.end(SIGTERM) == 0)
        let path = daemon.data + file
        let library = URL(fileURLWithPath: daemon.data + "/library.db")
        let before = try Data(contentsOf: library)
        let readOnly = mounting("mount --bind '\(path)' '\(path)' && mount -o remount,bind,ro '\(path)'")
        let start = try await Program.run(
            readOnly[0],
            readOnly.dropFirst() + [Program.path("libraryd"), "--data", daemon.data, "--listen", "127.0.0.1:0"])
        #expect(start.code == 74, "\(start.output)")
        #expect(start.error.hasPrefix("libraryd: \(path)"), "\(start.error)")
        #expect(start.output == "")
        #expect(try Data(contentsOf: library) == before)
        // `check` only reads, so it still works.
        if !file.isEmpty {
            let check = try await Program.run(
                readOnly[0], readOnly.dropFirst() + [Program.path("libraryd"), "check", "--data", daemon.data])
            #expect(check.code == 0, "\(check.error)")
        }
        try await daemon.start()
        #expect(
            try await daemon.libctl("register", "bob", "--password-stdin", home: home, input: "correct horse").code == 0
        )
    }

    /// An operator command that connects while the daemon has no free descriptor waits, and the daemon survives.
    @Test func anOperatorWithoutADescriptorWaits() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        try await limit(daemon, "nofile=5")
        async let list = libraryd("user", "list", data: daemon.data)
        try await Task.sleep(for: .milliseconds(300))
        try await limit(daemon, "nofile=1024")
        let listed = try await list
        #expect(listed.output.hasPrefix("ada\tuser\t0\t"), "\(listed.error) \(daemon.log)")
        let status = try await daemon.libctl("status", home: home)
        #expect(status.code == 0, "\(status.error) \(daemon.log)")
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
