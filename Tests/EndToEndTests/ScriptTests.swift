import ArgumentParser
import Foundation
import TestSupport
import Testing

@testable import libctl

/// The scripts in `examples/`, in real shells.
@Suite(.serialized) struct ScriptTests {
    private let home = TemporaryFolder()

    @Test func theExampleScriptChangesNothingOfItsUsers() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        _ = try await daemon.libctl("authors", "add", "--name", "A", "--book", "B", "--country", "C", home: home)
        let before = try await daemon.libctl("authors", "list", "-o", "ndjson", home: home).output
        let repository = Program.repository
        for (code, output) in [
            (0, "60 winners\ndeleted P. H. Newby, Something to Answer For\nthe author is gone\n"),
            // The account is there already.
            (6, ""),
        ] as [(Int32, String)] {
            let result = try await Program.run(
                "/bin/bash",
                [repository + "/examples/library.sh", "example", repository + "/examples/booker-winners.csv"],
                environment: ["HOME": home.path, "LIBCTL_SERVER": daemon.address])
            #expect(result.code == code, "\(result.error)")
            #expect(result.output == output)
            #expect(try await daemon.libctl("whoami", home: home).output == "ada\n")
            #expect(try await daemon.libctl("authors", "list", "-o", "ndjson", home: home).output == before)
        }
    }

    /// The processes that have the text in their command line.
    private static func processes(naming text: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int32($0) != nil }.filter {
            let line = try? Data(contentsOf: URL(fileURLWithPath: "/proc/\($0)/cmdline"))
            return line.map { String(decoding: $0, as: UTF8.self).contains(text) } ?? false
        }
    }

    /// It prints what it does, and leaves no file and no process.
    @Test func theExampleOfAServiceWorks() async throws {
        let temporary = TemporaryFolder()
        let result = try await Program.run(
            "/bin/bash", [Program.repository + "/examples/operations.sh"],
            environment: [
                "HOME": home.path, "TMPDIR": temporary.path, "PATH": Program.buildFolder + ":/usr/bin:/bin",
            ])
        #expect(result.code == 0, "\(result.error)")
        let lines = result.output.split(separator: "\n").map(String.init)
        for line in [
            "ada is created", "Hilary Mantel\tWolf Hall", "libraryd_ready 1", "401", "ok", "library.db: OK",
            "restored: authors: 60, users: 1", "exit code 4", "exit code 5", "127.0.0.1",
        ] {
            #expect(lines.contains(line), "\(line): \(result.output)")
        }
        let files = FileManager.default
        #expect(try files.contentsOfDirectory(atPath: temporary.path) == [])
        #expect(try files.contentsOfDirectory(atPath: home.path) == [])
        try await wait(until: "no process of the script is there") {
            try Self.processes(naming: temporary.path).isEmpty
        }
    }

    /// It prints what it does, and leaves no process.
    @Test func twoDaemonsShareADatabase() async throws {
        let result = try await Program.run(
            "/bin/bash", [Program.repository + "/examples/two-daemons.sh"],
            environment: ["HOME": home.path, "PATH": Program.buildFolder + ":/usr/bin:/bin:/usr/sbin"])
        #expect(result.code == 0, "\(result.error)")
        for text in ["has 60 authors", ": 401", "ada\tuser\t60\t", "/library: ok: authors: 60, users: 1"] {
            #expect(result.output.contains(text), "\(text): \(result.output)")
        }
        try await wait(until: "no process of the script is there") {
            try Self.processes(naming: "/tmp/libraryd.").isEmpty
        }
    }

    @Test func aScriptUsesEveryCommand() async throws {
        let script = Program.repository + "/examples/every-command.sh"
        let daemon = try await Daemon()
        let environment = ["HOME": home.path, "LIBCTL_SERVER": daemon.address, "LIBRARYD_DATA": daemon.data]
        let result = try await Program.run("/bin/sh", [script, home.path], environment: environment)
        #expect(result.code == 0, "\(result.error)")
        #expect(result.output == "")

        let text = try String(contentsOfFile: script, encoding: .utf8)
        func leaves(_ type: any ParsableCommand.Type, _ path: [String]) -> [[String]] {
            let subcommands = type.configuration.subcommands
            return subcommands.isEmpty ? [path] : subcommands.flatMap { leaves($0, path + [$0._commandName]) }
        }
        let commands = leaves(Libctl.self, [])
        #expect(commands.count > 25)
        for command in commands {
            let words = command.joined(separator: " ")
            #expect(text.contains("libctl \(words)") || text.contains("libctl --user bob \(words)"), "\(words)")
        }
    }
}
