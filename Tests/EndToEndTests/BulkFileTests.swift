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
        // Chunked, so that the daemon does not know the length in advance.
        let again = try await curl(
            "--data-binary", "@-", "-H", "Content-Type: application/x-ndjson", "-H", "Transfer-Encoding: chunked",
            daemon.address + "/authors?on_conflict=skip", input: lines(20_000))
        #expect(again.filter { $0.contains(#""outcome":"skipped""#) }.count == 20_000)
        let list = try await curl("-H", "Accept: text/csv", daemon.address + "/authors")
        #expect(list.count == 20_001)
        #expect(list.first == "id,name,book,country,booker_prize,created_at,updated_at,version")
    }

    /// Every line that was reported as stored is stored, and the file can be imported again.
    @Test func anImportThatIsCutShortGoesOn() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let text = lines(40_000)
        async let first = daemon.libctl("authors", "import", "-", home: home, input: text)
        func count() async throws -> Int {
            try await daemon.libctl("authors", "list", "-o", "id", home: home).output.split(separator: "\n").count
        }
        // One author only: a list of all authors would go on as long as the import adds some.
        while try await daemon.libctl("authors", "list", "--limit", "1", "-o", "id", home: home).output.isEmpty {}
        #expect(try await daemon.end(SIGKILL) == 128 + SIGKILL)
        let cut = try await first
        #expect([69, 76].contains(cut.code), "\(cut.error)")
        try await daemon.start(["--listen", "127.0.0.1:\(daemon.port)"])
        let stored = try await count()
        // The message "created N, …" counts whole batches only.
        let said = cut.error.split(separator: " ").dropFirst().first.flatMap { Int($0.prefix { $0 != "," }) } ?? 0
        #expect(stored >= said)
        #expect(stored < 40_000)
        let again = try await daemon.libctl("authors", "import", "-", "--on-conflict", "skip", home: home, input: text)
        #expect(again.code == 0, "\(again.error)")
        #expect(try await count() == 40_000)
        let check = try await Program.run(Program.path("libraryd"), ["check", "--data", daemon.data])
        #expect(check.code == 0, "\(check.error)")
    }

    /// Whichever signal ends the export, the old file stays and no temporary file is left beside it.
    @Test(arguments: [SIGTERM, SIGHUP, SIGINT])
    func anExportThatIsInterruptedLeavesNothing(signal: Int32) async throws {
        let server = try FakeServer(answer: nil)
        let path = home.path + "/library.csv"
        try Data("old".utf8).write(to: URL(fileURLWithPath: path))
        // With job control: without it, bash lets a background command ignore SIGINT (bash(1), Signals).
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

    /// A reply that ends with its connection may have lost lines, so the export writes no file.
    @Test func anExportThatMayNotBeWholeIsNone() async throws {
        let line =
            #"{"id":1,"name":"A","book":"B","country":"C","booker_prize":false,"created_at":"2026-11-25T00:00:00.000Z","#
            + #""updated_at":"2026-11-25T00:00:00.000Z","version":1}"# + "\n"
        for (length, code) in [("", Int32(76)), ("Content-Length: \(line.utf8.count)\r\n", 0)] {
            let server = try FakeServer(
                answer: "HTTP/1.0 200 OK\r\nContent-Type: application/x-ndjson\r\n\(length)\r\n\(line)")
            let path = home.path + "/library.ndjson"
            let result = try await Program.run(
                Program.path("libctl"), ["authors", "export", path],
                environment: ["HOME": home.path, "LIBCTL_SERVER": server.address, "LIBCTL_TOKEN": "x"])
            #expect(result.code == code, "\(result.error)")
            #expect(FileManager.default.fileExists(atPath: path) == (code == 0))
        }
    }

    @Test func aFileThatBreaksOffIsTheSendersFault() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let token = try await daemon.libctl("token", home: home).output.dropLast()
        for key in ["", "Idempotency-Key: k\r\n"] {
            let answer = try daemon.send(
                raw: Array(
                    """
                    POST /authors HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n\(key)Content-Length: 500\r
                    Content-Type: application/x-ndjson\r\n\r\n{"name":
                    """.utf8))
            #expect(answer.hasPrefix("HTTP/1.1 400 ") || answer.isEmpty, "\(answer)")
        }
        #expect(!daemon.log.contains("a request failed"))
    }

    /// An export writes into a target that is not a regular file, and follows a symbolic link.
    @Test func anExportGoesWhereItIsTold() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        _ = try await daemon.libctl("authors", "add", "--name", "A", "--book", "B", "--country", "C", home: home)
        let line = """
            ids='-o tsv --fields id --no-headers -q'; libctl authors export /dev/stdout $ids | cat; mkfifo pipe; cat pipe > out & \
            libctl authors export pipe $ids; wait; cat out; touch target; ln -s target link; \
            libctl authors export link $ids; cat target; readlink link; ls
            """
        let result = try await Program.run(
            "/bin/sh", ["-c", line], environment: ["HOME": home.path, "LIBCTL_SERVER": daemon.address],
            folder: home.path)
        #expect(result.error == "")
        #expect(result.output == "1\n1\n1\ntarget\nlink\nout\npipe\ntarget\n")
    }
}
