import Foundation
import TestSupport
import Testing

/// The help and the completions of both programs.
@Suite(.serialized) struct ProgramTests {
    @Test(arguments: [
        [], ["serve"], ["user"], ["user", "list"], ["user", "promote"], ["user", "demote"], ["user", "disable"],
        ["user", "enable"], ["user", "delete"], ["user", "passwd"], ["backup"], ["restore"], ["check"],
        ["key", "rotate"], ["import-flask"], ["user", "add"], ["healthcheck"], ["config"],
    ])
    func theDaemonExplainsItself(command: [String]) async throws {
        let help = try await Program.run(Program.path("libraryd"), command + ["--help"])
        #expect(help.code == 0)
        #expect(help.output.hasPrefix("OVERVIEW: "))
        #expect(HelpText.silentArguments(help.output).isEmpty)
        #expect(HelpText.repeatedDefaults(help.output).isEmpty)
        // A line that is broken twice is followed by one that would have had room in it.
        let lines = help.output.split(separator: "\n", omittingEmptySubsequences: false)
        for (line, next) in zip(lines, lines.dropFirst()) where !line.isEmpty && !line.hasPrefix(" ") {
            guard !next.isEmpty, !next.hasPrefix(" "), !line.hasSuffix(":") else { continue }
            #expect(line.count + 1 + next.prefix { $0 != " " }.count >= 80, "\(line)")
        }
    }

    @Test func theDaemonNamesTheVariablesOfItsSettings() async throws {
        let help = try await Program.run(Program.path("libraryd"), ["serve", "--help"]).output
        for option in help.matches(of: /\n  --([a-z\-]+) </).map({ $0.output.1 }) {
            let name = "LIBRARYD_" + option.uppercased().replacing("-", with: "_")
            #expect(help.contains("  \(name)\n"), "\(name)")
        }
    }

    @Test func everyProgramsCompletionsAreThoseOfTheRepository() async throws {
        for program in ["libctl", "libraryd"] {
            for (shell, file) in [("bash", "\(program).bash"), ("zsh", "_\(program)"), ("fish", "\(program).fish")] {
                let script = try await Program.run(Program.path(program), ["--generate-completion-script", shell])
                let committed = try await Program.run("/bin/cat", [Program.repository + "/completions/" + file])
                #expect(script.code == 0)
                #expect(script.output == committed.output, "run: make completions")
            }
            let check = try await Program.run("/bin/bash", ["-n", Program.repository + "/completions/\(program).bash"])
            #expect(check.code == 0)
        }
    }
}
