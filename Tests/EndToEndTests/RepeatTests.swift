import Foundation
import Shared
import TestSupport
import Testing

/// Requests that are sent again because the daemon was killed before its answer.
@Suite(.serialized) struct RepeatTests {
    private let home = TemporaryFolder()

    /// However much of the file was stored before the kill, each line is stored once and the second answer is whole.
    @Test func aFileSurvivesAKill() async throws {
        var daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let token = try await daemon.libctl("token", home: home).output.trimmingCharacters(in: .whitespacesAndNewlines)
        let lines = (1...20_000).map { #"{"name":"N\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n")
        let file = home.path + "/authors.ndjson"
        try Data(lines.utf8).write(to: URL(fileURLWithPath: file))
        let answer = home.path + "/answer"
        let arguments = [
            "-sN", "-H", "Authorization: Bearer \(token)", "-H", "Content-Type: application/x-ndjson", "-H",
            "Idempotency-Key: k", "--data-binary", "@" + file, "-o", answer, daemon.address + "/authors",
        ]
        func answered() -> Int {
            (try? Data(contentsOf: URL(fileURLWithPath: answer)).count { $0 == UInt8(ascii: "\n") }) ?? 0
        }
        async let first = Program.run("/usr/bin/curl", arguments)
        while answered() == 0 { try await Task.sleep(for: .milliseconds(10)) }
        #expect(try await daemon.end(SIGKILL) == 128 + SIGKILL)
        _ = try await first
        // The kill must have come before the end, or nothing was tested.
        #expect(answered() < 20_000)

        daemon = try await Daemon(folder: daemon.folder, arguments: ["--listen", "127.0.0.1:\(daemon.port)"])
        #expect(try await Program.run("/usr/bin/curl", arguments).code == 0)
        let results = try Data(contentsOf: URL(fileURLWithPath: answer)).split(separator: UInt8(ascii: "\n")).map {
            try BulkResult(json: Array($0), unknownMembers: .rejected)
        }
        #expect(results.map(\.line) == Array(1...20_000))
        #expect(results.allSatisfy { $0.outcome == BulkResult.Outcome.created.rawValue })
        #expect(results.compactMap(\.id) == Array(1...20_000))
        let list = try await daemon.libctl("authors", "list", "-o", "id", home: home)
        #expect(list.output.split(separator: "\n").count == 20_000)
    }

    /// The command goes on by itself once the daemon has been restarted. An atomic file is stored once, whether the
    /// kill came before, during or after its transaction.
    @Test(arguments: [[], ["--atomic"]])
    func anImportSurvivesAKill(options: [String]) async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let lines = (1...20_000).map { #"{"name":"N\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n")
        let logged = try logSize(daemon)
        async let importing = Program.run(
            Program.path("libctl"), ["authors", "import", "-", "--verbose"] + options,
            environment: ["HOME": home.path, "LIBCTL_SERVER": daemon.address], input: lines)
        while try !hasBegun(daemon, options, logged: logged) {}
        #expect(try await daemon.end(SIGKILL) == 128 + SIGKILL)
        try await daemon.start(["--listen", "127.0.0.1:\(daemon.port)"])
        let imported = try await importing
        #expect(imported.code == 0, "\(imported.error)")
        #expect(imported.error.contains("created 20000, 0 failed\n") && imported.error.contains("undo it with: "))
        // The import must have been interrupted, or nothing was tested. The kill may come between two requests too.
        #expect(imported.error.contains(" is not whole: ") || imported.error.contains(": no libraryd answers at "))
        let list = try await daemon.libctl("authors", "list", "-o", "id", home: home)
        #expect(list.output.split(separator: "\n").count == 20_000)
        #expect(try FileManager.default.contentsOfDirectory(atPath: daemon.data).allSatisfy { !$0.contains("spool") })
    }

    /// Whether some authors are stored or, of an atomic file, whether the daemon has begun to receive it. A program
    /// started for this would take as long as the import.
    private func hasBegun(_ daemon: Daemon, _ options: [String], logged: Int) throws -> Bool {
        if options.isEmpty { return try logSize(daemon) > logged + 200_000 }
        let folder = "/proc/\(daemon.pid)/fd/"
        return try FileManager.default.contentsOfDirectory(atPath: folder).contains {
            (try? FileManager.default.destinationOfSymbolicLink(atPath: folder + $0))
                .map { $0.hasPrefix(daemon.data) && $0.hasSuffix(" (deleted)") } == true
        }
    }

    /// The size of the write-ahead log in bytes.
    private func logSize(_ daemon: Daemon) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: daemon.data + "/library.db-wal")
        return try #require(attributes[.size] as? Int)
    }

    /// Each repeat sends the body from its beginning, though the body is not in memory.
    @Test func aLongBodyIsSentAgainWhole() async throws {
        let server = try FakeServer(answer: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nbroken")
        let lines = (1...20_000).map { #"{"name":"N\#($0)","book":"B","country":"C","booker_prize":false}"# }
        let result = try await Program.run(
            Program.path("libctl"), ["authors", "import", "-", "--atomic"],
            environment: ["HOME": home.path, "LIBCTL_SERVER": server.address, "LIBCTL_TOKEN": "x"],
            input: lines.joined(separator: "\n"))
        #expect(result.code == 76)
        let requests = server.requests
        #expect(requests.count == 3)
        #expect(Set(requests).count == 1)
        let body = try #require(requests.first?.components(separatedBy: "\r\n\r\n").last)
        #expect(body.split(separator: "\n").map(String.init) == lines)
        #expect(body.utf8.count > SpooledFile.largestPiece)
    }
}
