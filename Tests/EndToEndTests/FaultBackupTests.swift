import Foundation
import TestSupport
import Testing

/// Backups of a library in use.
extension FaultTests {
    /// Four clients write while the daemon is backed up. The backup has all that was stored before it began and only
    /// what was sent, and it is undamaged.
    @Test func aBackupUnderLoadHasWhatWasThereBefore() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let batches = (0..<4).map { writer in (0..<10_000).map { "W\(writer)-\($0)" } }
        func names() async throws -> Set<Substring> {
            let list = try await daemon.libctl("authors", "list", "-o", "tsv", "--fields", "name", home: home)
            #expect(list.code == 0, "\(list.error)")
            return Set(list.output.split(separator: "\n"))
        }
        var before: [Set<Substring>] = []
        try await withThrowingTaskGroup(of: Void.self) { group in
            for names in batches {
                let lines = names.map { #"{"name":"\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n")
                // The daemon stops before all the lines have been sent.
                group.addTask { [home] in
                    let add = try await daemon.libctl("authors", "add", "-f", "-", home: home, input: lines)
                    #expect(add.code != 0)
                }
            }
            for number in 0..<3 {
                while try await names().count < 200 * (number + 1) {}
                before.append(try await names())
                #expect(try await libraryd("backup", "\(number).db", data: daemon.data).code == 0)
            }
            #expect(try await daemon.end(SIGTERM) == 0)
            try await group.waitForAll()
        }
        for (number, before) in before.enumerated() {
            #expect(try await libraryd("restore", "\(number).db", data: daemon.data).code == 0)
            try await daemon.start()
            let login = try await daemon.libctl("login", "ada", "--password-stdin", home: home, input: "correct horse")
            #expect(login.code == 0, "\(login.error)")
            let restored = try await names()
            #expect(before.subtracting(restored) == [])
            #expect(restored.subtracting(batches.joined().map { $0[...] }) == [])
            #expect(try await daemon.end(SIGTERM) == 0)
        }
    }

    /// A backup and a restore that find no room say so, and leave nothing behind.
    @Test(.enabled(if: Program.mayMount, "nothing may be mounted here"))
    func aFullDiskIsSaidToBeFull() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let lines = (0..<2000).map { #"{"name":"N\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n")
        let add = try await daemon.libctl("authors", "import", "-", home: home, input: lines)
        #expect(add.code == 0, "\(add.error)")
        #expect(try await libraryd("backup", "good.db", data: daemon.data).code == 0)
        #expect(try await daemon.end(SIGTERM) == 0)
        let disk = home.path + "/disk"
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
        let launcher = mounting("mount -t tmpfs -o size=300k,mode=0700 tmpfs '\(disk)'")
        for command in [
            "libraryd backup '\(disk)/b.db' --data '\(daemon.data)'", "libraryd restore good.db --data '\(disk)'",
        ] {
            let result = try await Program.run(
                launcher[0],
                launcher.dropFirst() + ["sh", "-c", "\(command); code=$?; ls '\(disk)'; exit $code"],
                environment: ["HOME": home.path], folder: home.path)
            #expect(result.code == 74, "\(result.error)")
            #expect(result.error.contains(": No space left on device\n  hint: free space there"), "\(result.error)")
            #expect(result.output == (command.contains("restore") ? "libraryd.lock\n" : ""), "\(result.output)")
        }
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
            try await libraryd("check", data: daemon.data).output.contains(": ok: authors: 2, users: 1, schema: "))

        #expect(try await daemon.end(SIGTERM) == 0)
        #expect(try await libraryd("backup", "down.db", data: daemon.data).code == 0)
        let restored = try await libraryd("restore", "up.db", data: daemon.data)
        #expect(restored.output.hasPrefix("restored: authors: 1, users: 1\nthe library that was there: "))
        try await daemon.start(["--listen", "127.0.0.1:\(daemon.port)"])
        // The login is in the backup, but may have been ended since, so the restore has ended it.
        #expect(try await daemon.libctl("authors", "list", home: home).code == 4)
        let login = try await daemon.libctl("login", "ada", "--password-stdin", home: home, input: "correct horse")
        #expect(login.code == 0)
        #expect(try await names() == "A\n")
    }
}
