import ArgumentParser
import Glibc
import Shared

@main
struct Libctl: ParsableCommand {
    static let version = "0.1.0"

    static let overview = """
        Results go to standard output, everything else to standard error. On a terminal a list is a table, in a \
        pipe it \
        is tab-separated; -o chooses. The exit code says what went wrong.
        """

    static let configuration = CommandConfiguration(
        commandName: "libctl",
        abstract: "Drives a libraryd: registers, logs in, and keeps authors.",
        discussion: """
            \(overview)

            Help topics, for 'libctl help TOPIC':
            \(HelpTopic.allCases.map { "  \($0.rawValue): \($0.abstract)" }.joined(separator: "\n"))
            """,
        version: version,
        subcommands: [
            RegisterCommand.self, LoginCommand.self, LogoutCommand.self, WhoamiCommand.self, TokenCommand.self,
            PasswdCommand.self, SessionsCommand.self, StatusCommand.self, AuthorsCommand.self,
            UsersCommand.self,
            ConfigCommand.self, APICommand.self,
        ])

    static func main() {
        openClosedStandardDescriptors()
        // A write beyond the file size limit (setrlimit(2)) fails with EFBIG, instead of the signal ending the
        // process.
        signal(SIGXFSZ, SIG_IGN)
        let (arguments, io) = (SystemText.arguments(), IO.standard)
        CompletionRoot.limitTime(arguments, io: io)
        let code = run(arguments, io: io)
        Interruption.endProgram()
        Glibc.exit(code)
    }

    /// Runs one command line and returns its exit code.
    static func run(_ arguments: [String], io: IO) -> Int32 {
        if let code = CompletionRoot.run(arguments, io: io) { return code }
        let asJSON = GlobalOptions.asksForJSON(arguments)
        do {
            if arguments.first == "help", let word = arguments.dropFirst().first, !word.hasPrefix("-") {
                if let topic = HelpTopic(rawValue: word) {
                    try show(topic.text, io)
                    return 0
                }
                let known = configuration.subcommands.map { $0._commandName } + HelpTopic.allCases.map(\.rawValue)
                guard known.contains(word) else { throw unknownCommand(word, behind: ["libctl", "help"], known) }
            }
            // Options for the build (`make completions`), like the argument parser's --generate-completion-script.
            if arguments == ["--generate-manual"] {
                try show(Manual.page(), io)
                return 0
            }
            if arguments == ["--generate-error-list"] {
                try show(ErrorList.page(), io)
                return 0
            }
            var command = try parseAsRoot(GlobalOptions.moveBehindCommand(arguments))
            guard let sessionCommand = command as? any ContextCommand & ParsableCommand else {
                try command.run()
                return 0
            }
            if let name = SystemText.firstNotText(in: arguments, files: sessionCommand.allFiles) {
                throw CommandError(.usage, "\(name) is not valid UTF-8")
            }
            return run(sessionCommand, io: io)
        } catch {
            return endOfParsing(error, arguments, asJSON: asJSON, io: io)
        }
    }

    private static func run(_ command: any ContextCommand, io: IO) -> Int32 {
        do {
            let session = try CommandContext(command.options, io: io, readsConfig: type(of: command).readsConfig)
            defer { session.keepRenewed() }
            do {
                try command.run(session)
            } catch {
                // Prints the results from before the failure.
                try? session.output.end()
                throw error
            }
            try session.output.end()
            return 0
        } catch {
            let failure = CommandError(error)
            Diagnostics.report(failure, title: type(of: command).title, asJSON: command.options.wantsJSON, io: io)
            return failure.exit.rawValue
        }
    }

    /// Reports what parsing threw, and returns the exit code. The argument parser throws help and the version too, as
    /// errors with the exit code 0.
    private static func endOfParsing(_ error: any Error, _ arguments: [String], asJSON: Bool, io: IO) -> Int32 {
        do {
            if let failure = error as? CommandError { throw failure }
            guard exitCode(for: error).isSuccess else { throw usageFailure(error, arguments) }
            try show(fullMessage(for: error), io)
            return 0
        } catch {
            let failure = CommandError(error)
            Diagnostics.report(failure, title: "usage", asJSON: asJSON, io: io)
            return failure.exit.rawValue
        }
    }

    /// The usage error for arguments that could not be parsed, with a hint.
    private static func usageFailure(_ error: any Error, _ arguments: [String]) -> CommandError {
        var path = ["libctl"]
        var known = configuration.subcommands
        for word in GlobalOptions.moveBehindCommand(arguments) {
            if known.isEmpty || word.hasPrefix("-") || word == "help" { break }
            guard let command = known.first(where: { $0._commandName == word }) else {
                return unknownCommand(word, behind: path, known.map { $0._commandName })
            }
            path.append(word)
            known = command.configuration.subcommands
        }
        if let refusal = PasswordOptions.refusal(of: arguments, to: path) { return refusal }
        return CommandError(
            .usage, Secrets.ofParser(message(for: error)), hint: "\(path.joined(separator: " ")) --help")
    }

    private static func unknownCommand(_ word: String, behind path: [String], _ known: [String]) -> CommandError {
        // Not quoted: a word that resembles no command may be anything, such as a password.
        guard let closest = closest(to: word, among: known) else {
            return CommandError(.usage, "there is no such command", hint: "\(path.joined(separator: " ")) --help")
        }
        return CommandError(
            .usage, "there is no command \(Secrets.quoted((path.dropFirst() + [word]).joined(separator: " ")))",
            hint: "did you mean '\((path + [closest]).joined(separator: " "))'?")
    }

    /// Writes a text that is not the result of a command, such as a help topic, to standard output.
    static func show(_ text: String, _ io: IO) throws {
        let output = OutputWriter(io.output)
        try output.write(text + "\n")
        try output.flush()
    }
}
