import Foundation
import Shared
import TestSupport
import Testing

/// Work that is done in many transactions: whole files, and the deletion of users.
extension CrashTests {
    private static let inParts = 1300

    private static func lines(_ prefix: String, _ count: Int, country: String = "C") -> String {
        (0..<count).map { #"{"name":"\#(prefix)-\#($0)","book":"B","country":"\#(country)"}"# }
            .joined(separator: "\n") + "\n"
    }

    /// Sends a whole file, once.
    /// - Returns: whether the daemon said that it is stored.
    private func send(_ lines: String, to daemon: Daemon, as token: String) async throws -> Bool {
        let sent = try await Program.run(
            "/usr/bin/curl",
            [
                "-sS", "--fail", "--data-binary", "@-", "-H", "Authorization: Bearer \(token)", "-H",
                "Content-Type: application/x-ndjson", daemon.address + "/authors?atomic=true&on_conflict=update",
            ], input: lines)
        return sent.code == 0
    }

    /// The names of all authors without their numbers, and how many there are of each.
    private func counts(_ daemon: Daemon) async throws -> [Substring: Int] {
        let names = try await stored(daemon).compactMap { $0.split(separator: "\t").last?.split(separator: "-").first }
        return Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +)
    }

    /// A file that is stored in many transactions is there as a whole, or not at all.
    @Test func aKillLeavesNoPartOfAFile() async throws {
        var daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let token = String(try await daemon.libctl("token", home: home).output.dropLast())
        var kept: [Substring: Int] = [:]
        let (count, rounds) = (8000, Self.rounds.map { $0 / 5 } ?? 4)
        for round in 0..<rounds {
            let running = daemon
            async let isStored = send(Self.lines("R\(round)", count), to: running, as: token)
            // From before the first transaction to after the last.
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...3000)))
            #expect(try await running.end(SIGKILL) == 128 + SIGKILL)
            let wasAcknowledged = try await isStored
            daemon = try await Daemon(folder: daemon.folder, arguments: ["--listen", "127.0.0.1:\(daemon.port)"])
            let found = try await counts(daemon)
            let isThere = found["R\(round)"] == count
            #expect(isThere || !wasAcknowledged)
            if isThere { kept["R\(round)"] = count }
            #expect(found == kept)
            try await check(daemon)
            // An unfinished file does not hinder the next one.
            let again = daemon
            try await wait(until: "a file that is stored") {
                try await send(Self.lines("S\(round)", 10), to: again, as: token)
            }
            kept["S\(round)"] = 10
        }
    }

    /// How many authors there are of each country.
    private func countries(_ daemon: Daemon) async throws -> [Substring: Int] {
        let list = try await daemon.libctl("authors", "list", "-o", "tsv", "--fields", "country", home: home)
        #expect(list.code == 0, "\(list.error)")
        return Dictionary(list.output.split(separator: "\n").map { ($0, 1) }, uniquingKeysWith: +)
    }

    /// A file that updates authors, and adds some, is there as a whole, or not at all.
    @Test func aKillLeavesNoPartOfAnUpdate() async throws {
        var daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let token = String(try await daemon.libctl("token", home: home).output.dropLast())
        var count = 6000
        #expect(try await send(Self.lines("N", count, country: "C0"), to: daemon, as: token))
        var kept: [Substring: Int] = ["C0": count]
        for round in 1...(Self.rounds.map { $0 / 5 } ?? 4) {
            let (running, lines) = (daemon, Self.lines("N", count + 1000, country: "C\(round)"))
            async let isStored = send(lines, to: running, as: token)
            // From before the first transaction to after the last.
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...2000)))
            #expect(try await running.end(SIGKILL) == 128 + SIGKILL)
            let wasAcknowledged = try await isStored
            daemon = try await Daemon(folder: daemon.folder, arguments: ["--listen", "127.0.0.1:\(daemon.port)"])
            let found = try await countries(daemon)
            let isThere = found == ["C\(round)": count + 1000]
            #expect(isThere || found == kept && !wasAcknowledged, "\(found)")
            if isThere {
                count += 1000
                kept = found
            }
            try await check(daemon)
            // An unfinished file is taken back, and does not hinder the next one.
            let again = daemon
            for country in ["X", String(kept.keys.first ?? "")] {
                try await wait(until: "a file that is stored") {
                    try await send(Self.lines("N", 1, country: country), to: again, as: token)
                }
            }
            #expect(try await countries(daemon) == kept)
            try await check(daemon)
        }
    }

    private func undo(_ body: String, at daemon: Daemon, as token: String) async throws -> Bool {
        let sent = try await Program.run(
            "/usr/bin/curl",
            [
                "-sS", "--fail", "-d", body, "-H", "Authorization: Bearer \(token)", "-H",
                "Content-Type: application/json", daemon.address + "/authors/undo",
            ])
        return sent.code == 0
    }

    /// Changes are taken back as a whole, or not at all, and so is their taking back.
    @Test func aKillLeavesNoPartOfAnUndo() async throws {
        var daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let token = String(try await daemon.libctl("token", home: home).output.dropLast())
        let count = 8000
        #expect(try await send(Self.lines("N", count), to: daemon, as: token))
        var isThere = true
        for _ in 0..<(Self.rounds.map { $0 / 5 } ?? 4) {
            let running = daemon
            async let isDone = undo(#"{"last":\#(count)}"#, at: running, as: token)
            // From before the transaction to after it.
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...1500)))
            #expect(try await running.end(SIGKILL) == 128 + SIGKILL)
            let wasAcknowledged = try await isDone
            daemon = try await Daemon(folder: daemon.folder, arguments: ["--listen", "127.0.0.1:\(daemon.port)"])
            let found = try await counts(daemon)
            #expect(found == ["N": count] || found == [:])
            let wasThere = isThere
            isThere = found == ["N": count]
            #expect(!wasAcknowledged || isThere != wasThere)
            try await check(daemon)
        }
    }

    /// Any write and any sync may fail while a file is stored that updates authors and adds others, and while a user
    /// with many authors is deleted.
    @Test(
        .enabled(if: Program.mayTrace, "strace may not trace here"), arguments: Fault.allCases,
        ["pwrite64", "fdatasync"])
    func workInPartsMayFailAnywhere(fault: Fault, call: String) async throws {
        let first = try await Daemon()
        try await first.login("bob", home: home)
        let other = String(try await first.libctl("token", home: home).output.dropLast())
        #expect(try await send(Self.lines("Old", Self.inParts), to: first, as: other))
        try await first.login("ada", home: home)
        let token = String(try await first.libctl("token", home: home).output.dropLast())
        let old = Self.inParts / 2
        #expect(try await send(Self.lines("New", old, country: "Old"), to: first, as: token))
        let port = first.port
        #expect(try await first.end(SIGTERM) == 0)
        var number = 1
        while number < 5000 {
            let (folder, trace) = (TemporaryFolder(), home.path + "/trace")
            try FileManager.default.copyItem(atPath: first.data, toPath: folder.path + "/data")
            let arguments = ["--listen", "127.0.0.1:\(port)"]
            var isStored = false
            let daemon = try? await Daemon(
                folder: folder, arguments: arguments, launcher: fault.launcher(call, number, trace: trace))
            if let daemon {
                isStored = try await send(Self.lines("New", Self.inParts), to: daemon, as: token)
                // Has exit code 0 if the account is closed; the rows may go later.
                _ = try await Program.run(
                    Program.path("libraryd"), ["user", "delete", "bob", "--yes", "--data", daemon.data])
                _ = try await daemon.end(SIGTERM)
            }
            let again = try await Daemon(folder: folder, arguments: arguments)
            let found = try await countries(again)
            #expect(found == ["C": Self.inParts] || found == ["Old": old] && !isStored, "call \(number): \(found)")
            let users = try await Program.run(
                Program.path("libraryd"), ["user", "list", "--data", again.data, "-o", "ndjson"])
            if users.output.contains("bob") {
                #expect(users.output.contains("\(Self.inParts)"), "call \(number): \(users.output)")
            }
            // Another may have the name at once, or bob is still there.
            try await check(again)
            #expect(try await again.end(SIGTERM) == 0)
            guard try Fault.happened(trace) else {
                #expect(number > 1)
                return
            }
            // Of the writes, only some are tested.
            number += call == "pwrite64" ? (Self.rounds == nil ? 151 : 11) : (Self.rounds == nil ? 4 : 1)
        }
        Issue.record("no life without a fault in 5000")
    }
}
