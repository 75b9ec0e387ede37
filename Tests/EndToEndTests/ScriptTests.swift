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
