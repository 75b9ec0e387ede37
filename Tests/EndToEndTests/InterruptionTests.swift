import Foundation
import TestSupport
import Testing

/// An import that a signal ends.
@Suite(.serialized) struct InterruptionTests {
    private let home = TemporaryFolder()

    /// The import says what is stored, keeps its rejects, and ends by the signal, although the pipe that it reads from
    /// stays open.
    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func anImportSaysWhatIsStored(signal: Int32) async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        // More than a batch: its first 2000 lines are stored, and the rest waits for the end of the input.
        let lines = [",B,C"] + (1...2500).map { "N\($0),B,C" }
        try Data(("name,book,country\n" + lines.joined(separator: "\n") + "\n").utf8).write(
            to: URL(fileURLWithPath: home.path + "/library.csv"))
        let script = """
            set -m; mkfifo pipe; (cat library.csv; exec sleep 600) > pipe & feeder=$!
            libctl authors import pipe --rejects bad.csv & import=$!
            until [ "$(libctl authors list --limit 2000 -o id | wc -l)" = 2000 ]; do kill -0 $import || exit 1; done
            kill -\(signal) $import; wait $import; echo "code $?"; kill -9 -$feeder; cat bad.csv; ls
            """
        let result = try await Program.run(
            "/bin/bash", ["-c", script],
            environment: [
                "HOME": home.path, "LIBCTL_SERVER": daemon.address, "PATH": Program.buildFolder + ":/usr/bin:/bin",
            ], folder: home.path)
        #expect(result.output.contains("code \(128 + signal)\n"), "\(result.output) \(result.error)")
        #expect(result.output.hasSuffix("name,book,country\n,B,C\nbad.csv\nlibrary.csv\npipe\n"), "\(result.output)")
        let said = """
            libctl: authors import: interrupted: 2000 lines are stored
              hint: run it again with --on-conflict skip

            """
        #expect(result.error.contains(said), "\(result.error)")
    }

    /// An import that is one request says what became of it: while the file is read nothing is stored, and while the
    /// daemon has the request nobody knows.
    @Test(arguments: [
        ("--atomic", false, "nothing is stored", "run it again"),
        ("--dry-run", false, "nothing was changed", "run it again"),
        ("--atomic", true, "the daemon may have stored all lines, or none", "run it again with --on-conflict skip"),
        ("--dry-run", true, "nothing was changed", "run it again"),
    ])
    func anImportInOneRequestSaysWhatIsStored(flag: String, isSent: Bool, said: String, hint: String) async throws {
        let server = try FakeServer(answer: nil)
        // More than a pipe holds: once all is written, the import has begun.
        let lines = (1...20_000).map { "N\($0),B,C" }
        try Data(("name,book,country\n" + lines.joined(separator: "\n") + "\n").utf8).write(
            to: URL(fileURLWithPath: home.path + "/library.csv"))
        let script = """
            set -m; mkfifo pipe; (cat library.csv; touch written; \(isSent ? "" : "exec sleep 600")) > pipe & feeder=$!
            libctl authors import pipe \(flag) & import=$!
            until [ -e \(isSent ? "sent" : "written") ]; do kill -0 $import || exit 1; sleep 0.1; done
            kill -INT $import; wait $import; echo "code $?"; kill -9 -$feeder 2> /dev/null
            """
        async let run = Program.run(
            "/bin/bash", ["-c", script],
            environment: [
                "HOME": home.path, "LIBCTL_SERVER": server.address, "LIBCTL_TOKEN": "abc",
                "PATH": Program.buildFolder + ":/usr/bin:/bin",
            ], folder: home.path)
        if isSent {
            try await wait(until: "a request") { !server.requests.isEmpty }
            try Data().write(to: URL(fileURLWithPath: home.path + "/sent"))
        }
        let result = try await run
        #expect(result.output == "code 130\n")
        // The shell reports its jobs too.
        let message = "libctl: authors import: interrupted: \(said)\n  hint: \(hint)\n"
        #expect(result.error.contains(message), "\(result.error)")
    }
}
