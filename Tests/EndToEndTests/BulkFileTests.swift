import Foundation
import TestSupport
import Testing

/// Files of authors over real sockets.
@Suite(.serialized) struct BulkFileTests {
    private let home = TemporaryFolder()

    private func lines(_ count: Int) -> String {
        (1...count).map { #"{"name":"N\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n") + "\n"
    }

    @Test func curlSendsAndReceivesFiles() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let token = try await daemon.libctl("token", home: home).output.dropLast()
        func curl(_ arguments: String..., input: String = "") async throws -> [Substring] {
            let result = try await Program.run(
                "/usr/bin/curl", ["-sS", "--fail", "-H", "Authorization: Bearer \(token)"] + arguments, input: input)
            #expect(result.code == 0, "\(result.error)")
            return result.output.split { $0.isNewline }
        }
        let results = try await curl(
            "--data-binary", "@-", "-H", "Content-Type: application/x-ndjson", daemon.address + "/authors",
            input: lines(20_000))
        #expect(results.count == 20_000)
        #expect(results.allSatisfy { $0.contains(#""outcome":"created""#) })
        // Chunked, so that nobody knows how long it is going to be.
        let again = try await curl(
            "--data-binary", "@-", "-H", "Content-Type: application/x-ndjson", "-H", "Transfer-Encoding: chunked",
            daemon.address + "/authors?on_conflict=skip", input: lines(20_000))
        #expect(again.filter { $0.contains(#""outcome":"skipped""#) }.count == 20_000)
        let list = try await curl("-H", "Accept: text/csv", daemon.address + "/authors")
        #expect(list.count == 20_001)
        #expect(list.first == "id,name,book,country,booker_prize,created_at,updated_at,version")
    }

    /// What was told to be stored is, and the file can be imported again.
    @Test func anImportThatIsCutShortGoesOn() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let text = lines(40_000)
        async let first = daemon.libctl("authors", "import", "-", home: home, input: text)
        func count() async throws -> Int {
            try await daemon.libctl("authors", "list", "-o", "id", home: home).output.split(separator: "\n").count
        }
        // Not the whole list, which could follow the import to its end.
        while try await daemon.libctl("authors", "list", "--limit", "1", "-o", "id", home: home).output.isEmpty {}
        #expect(try await daemon.end(SIGKILL) == 128 + SIGKILL)
        let cut = try await first
        #expect([69, 76].contains(cut.code), "\(cut.error)")
        try await daemon.start(["--listen", "127.0.0.1:\(daemon.port)"])
        let stored = try await count()
        // "created N, …" is said of whole batches only.
        let said = cut.error.split(separator: " ").dropFirst().first.flatMap { Int($0.prefix { $0 != "," }) } ?? 0
        #expect(stored >= said)
        #expect(stored < 40_000)
        let again = try await daemon.libctl("authors", "import", "-", "--on-conflict", "skip", home: home, input: text)
        #expect(again.code == 0, "\(again.error)")
        #expect(try await count() == 40_000)
        let check = try await Program.run(Program.path("libraryd"), ["check", "--data", daemon.data])
        #expect(check.code == 0, "\(check.error)")
    }

    /// Whatever ends it: what was there stays, and nothing is left beside it.
    @Test(arguments: [SIGTERM, SIGHUP, SIGINT])
    func anExportThatIsInterruptedLeavesNothing(signal: Int32) async throws {
        let server = try FakeServer(answer: nil)
        let path = home.path + "/library.csv"
        try Data("old".utf8).write(to: URL(fileURLWithPath: path))
        // From a shell with job control, which does not let its children ignore SIGINT.
        let line = """
            set -m; libctl authors export library.csv & until ls library.csv.* > /dev/null 2>&1; do kill -0 $!; done; \
            kill -\(signal) $!; wait $!
            """
        let result = try await Program.run(
            "/bin/bash", ["-c", line],
            environment: ["HOME": home.path, "LIBCTL_SERVER": server.address, "LIBCTL_TOKEN": "x"], folder: home.path)
        #expect(result.code == 128 + signal, "\(result.error)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: home.path) == ["library.csv"])
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
    }
}
