import Foundation
import TestSupport
import Testing

/// The help and the completions of both programs.
@Suite(.serialized) struct ProgramTests {
    @Test(arguments: [[], ["serve"], ["user"], ["user", "list"], ["user", "promote"], ["user", "demote"]])
    func theDaemonExplainsItself(command: [String]) async throws {
        let help = try await Program.run(Program.path("libraryd"), command + ["--help"])
        #expect(help.code == 0)
        #expect(help.output.hasPrefix("OVERVIEW: "))
        #expect(HelpText.silentArguments(help.output).isEmpty)
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
