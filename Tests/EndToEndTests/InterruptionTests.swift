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
}
