import Foundation
import LibraryStore
import Shared
import TestSupport
import Testing

/// Every acknowledged author is stored, and every stored author was sent, whatever happens to the daemon or its disk.
///
/// `make test` takes samples. `make crash` runs `CRASH_ROUNDS=200` kills and fails every single write and sync.
@Suite(.serialized) struct CrashTests {
    static let rounds = ProcessInfo.processInfo.environment["CRASH_ROUNDS"].flatMap { Int($0) }

    let home = TemporaryFolder()

    func check(_ daemon: Daemon) async throws {
        let check = try await Program.run(Program.path("libraryd"), ["check", "--data", daemon.data])
        #expect(check.code == 0, "\(check.error)")
    }

    func stored(_ daemon: Daemon) async throws -> Set<Substring> {
        let list = try await daemon.libctl("authors", "list", "-o", "tsv", "--fields", "id,name", home: home)
        #expect(list.code == 0, "\(list.error)")
        return Set(list.output.split(separator: "\n"))
    }

    private func newestID(_ daemon: Daemon) async throws -> Int {
        let list = try await daemon.libctl(
            "authors", "list", "--sort", "id:desc", "--limit", "1", "-o", "id", home: home)
        return Int(list.output.dropLast()) ?? 0
    }

    @Test func eightWritersAndAKill() async throws {
        let rounds = Self.rounds ?? 4
        // A new library for each ten rounds, because all of it is read after each kill. Four libraries at once,
        // because their clients mostly wait for a daemon that was killed.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, first) in stride(from: 0, to: rounds, by: 10).enumerated() {
                if number >= 4 { try await group.next() }
                group.addTask { try await kill(first..<min(first + 10, rounds)) }
            }
            try await group.waitForAll()
        }
    }

    private func kill(_ rounds: Range<Int>) async throws {
        var daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        var acknowledged: Set<Substring> = []
        var sent: Set<Substring> = []
        var newest = 0
        for round in rounds {
            let running = daemon
            let batches = (0..<8).map { writer in (0..<1000).map { "R\(round)-W\(writer)-\($0)" } }
            for batch in batches { sent.formUnion(batch.map { $0[...] }) }
            try await withThrowingTaskGroup(of: String.self) { group in
                for names in batches {
                    let lines = names.map { #"{"name":"\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n")
                    group.addTask { [home] in
                        try await running.libctl(
                            "authors", "add", "-f", "-", "-o", "tsv", "--fields", "id,name", home: home, input: lines
                        ).output
                    }
                }
                // By then some writes have been answered, even on a slow machine.
                while try await newestID(running) <= newest + batches.count {}
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...800)))
                #expect(try await running.end(SIGKILL) == 128 + SIGKILL)
                for try await output in group { acknowledged.formUnion(output.split(separator: "\n")) }
            }
            daemon = try await Daemon(folder: daemon.folder, arguments: ["--listen", "127.0.0.1:\(daemon.port)"])
            let kept = try await stored(daemon)
            newest = try await newestID(daemon)
            #expect(acknowledged.subtracting(kept) == [])
            #expect(Set(kept.compactMap { $0.split(separator: "\t").last }).subtracting(sent) == [])
            try await check(daemon)
        }
        #expect(acknowledged.count > rounds.count)
    }

    enum Fault: String, CaseIterable {
        case kill = "signal=KILL"
        case inputOutput = "error=EIO"
        case full = "error=ENOSPC"

        /// Runs a program whose system call of that number fails.
        func launcher(_ call: String, _ number: Int, trace: String) -> [String] {
            [
                "/usr/bin/strace", "-f", "-qq", "-o", trace, "-e", "trace=\(call)", "-e",
                "inject=\(call):\(rawValue):when=\(number)",
            ]
        }

        static func happened(_ trace: String) throws -> Bool {
            let text = try String(contentsOfFile: trace, encoding: .utf8)
            return text.contains("INJECTED") || text.contains("killed by SIGKILL")
        }
    }

    /// Fails the first write of one daemon, the second write of the next daemon, and so on until a daemon ends
    /// without a fault; then the same with syncs. Writes and syncs fail in separate runs: strace counts each call
    /// apart, and a daemon that ends in its second write never reaches its second sync.
    @Test(
        .enabled(if: Program.mayTrace, "strace may not trace here"), arguments: Fault.allCases,
        ["pwrite64", "fdatasync"])
    func anyWriteOrSyncMayFail(fault: Fault, call: String) async throws {
        let first = try await Daemon()
        try await first.login("ada", home: home)
        let port = first.port
        #expect(try await first.end(SIGTERM) == 0)
        var acknowledged: Set<Substring> = []
        var sent: Set<Substring> = []
        var number = 1
        while number < 1000 {
            let trace = home.path + "/trace"
            let daemon = try? await Daemon(
                folder: first.folder, arguments: ["--listen", "127.0.0.1:\(port)"],
                launcher: fault.launcher(call, number, trace: trace))
            if let daemon {
                for step in 0..<3 {
                    let name = "N\(number)-\(step)"
                    sent.insert(name[...])
                    let added = try await daemon.libctl(
                        "authors", "add", "--name", name, "--book", "B", "--country", "C", "-o", "tsv", "--fields",
                        "id,name", home: home)
                    #expect([0, 69, 70, 75, 76, 1].contains(added.code), "\(added.error)")
                    if added.code == 0 { acknowledged.formUnion(added.output.split(separator: "\n")) }
                }
                _ = try await daemon.end(SIGTERM)
            }
            let again = try await Daemon(folder: first.folder, arguments: ["--listen", "127.0.0.1:\(port)"])
            let stored = try await stored(again)
            #expect(acknowledged.subtracting(stored) == [], "call \(number)")
            #expect(Set(stored.compactMap { $0.split(separator: "\t").last }).subtracting(sent) == [])
            try await check(again)
            #expect(try await again.end(SIGTERM) == 0)
            guard try Fault.happened(trace) else {
                // At least one daemon must have had a fault, or nothing was tested.
                #expect(number > 1)
                return
            }
            // Writes are many, so only some of them are tested; syncs are few.
            number += Self.rounds == nil && call == "pwrite64" ? 7 : 1
        }
        Issue.record("no life without a fault in 1000")
    }

    /// The same for the start that migrates an older library: the library is as it was, or migrated, and the next start
    /// ends the migration.
    @Test(
        .enabled(if: Program.mayTrace, "strace may not trace here"), arguments: Fault.allCases,
        ["pwrite64", "fdatasync"])
    func aMigrationMayFailAnywhere(fault: Fault, call: String) async throws {
        let older = home.path + "/older.db"
        try OlderLibrary.make(older, count: 400)
        let whole = home.path + "/whole.db"
        try FileManager.default.copyItem(atPath: older, toPath: whole)
        try SQLiteStore(path: whole).close()
        let expected = try OlderLibrary.contents(whole)
        #expect(expected.count == 811)
        var number = 1
        while number < 1000 {
            let (folder, trace) = (TemporaryFolder(), home.path + "/trace")
            let data = folder.path + "/data"
            try FileManager.default.createDirectory(
                atPath: data, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try FileManager.default.copyItem(atPath: older, toPath: data + "/library.db")
            let launcher = fault.launcher(call, number, trace: trace)
            let check = try await Program.run(
                launcher[0], launcher.dropFirst() + [Program.path("libraryd"), "user", "list", "--data", data])
            let isFaulty = try Fault.happened(trace)
            #expect(isFaulty || check.code == 0, "\(check.error)")
            try SQLiteStore(path: data + "/library.db").close()
            #expect(try OlderLibrary.contents(data + "/library.db") == expected, "call \(number)")
            #expect(try Inspection(file: data + "/library.db", isBackup: false).faults == [])
            guard isFaulty else {
                #expect(number > 1)
                return
            }
            number += Self.rounds == nil ? (call == "pwrite64" ? 29 : 3) : 1
        }
        Issue.record("no migration without a fault in 1000")
    }
}
