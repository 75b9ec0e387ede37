import CommandHelp
import Shared

/// Answers the shells: the completion scripts, and the candidates for a word.
enum CompletionAnswer {
    /// Sets a deadline for the process if a shell started it for candidates, so that the shell never waits long.
    static func limitTime(_ arguments: [String], io: IO) {
        if CompletionRequest.isOne(arguments) { CompletionDeadline.start(io.variable("LIBCTL_COMPLETION_MS")) }
    }

    /// Writes the completion script or the candidates, and returns the exit code; `nil` if the arguments ask for
    /// neither.
    static func run(_ arguments: [String], io: IO) -> Int32? {
        if CompletionRequest.isOne(arguments) {
            // No failure is reported to a shell.
            let lines = CompletionRequest(arguments)?.lines(completion, environment: io.variable) ?? []
            guard !lines.isEmpty else { return 0 }
            CompletionDeadline.end()
            try? Libctl.show(lines.joined(separator: "\n"), io)
            return 0
        }
        guard let script = CompletionScript.asked(by: arguments, program: "libctl") else { return nil }
        do {
            try Libctl.show(script, io)
            return 0
        } catch {
            let failure = CommandError(error)
            Diagnostics.report(failure, title: "completion", asJSON: false, io: io)
            return failure.exit.rawValue
        }
    }

    private static var completion: Completion {
        Completion(
            Libctl.self, optionsOfGroups: Usage.RootOptions.self,
            topics: HelpTopic.allCases.map { Candidate($0.rawValue, $0.abstract) })
    }
}
