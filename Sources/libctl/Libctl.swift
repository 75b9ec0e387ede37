import ArgumentParser
import CommandHelp
import Glibc
import Shared

@main
struct Libctl: ParsableCommand {
    static let version = "0.1.0"

    static let overview = """
        Results go to standard output, everything else to standard error. On a terminal a list is a table, in a \
        pipe it is tab-separated; -o chooses. The exit code says what went wrong.
        """

    static let configuration = CommandConfiguration(
        commandName: "libctl",
        abstract: "Client of libraryd, which keeps a library of authors.",
        discussion: """
            \(overview)

            Help topics, for 'libctl help TOPIC':
            \(HelpTopic.allCases.map { "  \($0.rawValue): \($0.abstract)" }.joined(separator: "\n"))
            """,
        version: version,
        subcommands: [
            RegisterCommand.self, LoginCommand.self, LogoutCommand.self, WhoamiCommand.self, TokenCommand.self,
            PasswdCommand.self, UnregisterCommand.self, SessionsCommand.self, KeysCommand.self, StatusCommand.self,
            AuthorsCommand.self, UndoCommand.self, UsersCommand.self, ConfigCommand.self, APICommand.self,
        ])

    static func main() {
        openClosedStandardDescriptors()
        // A write beyond the file size limit (setrlimit(2)) fails with EFBIG, instead of the signal ending the
        // process.
        signal(SIGXFSZ, SIG_IGN)
        let (arguments, io) = (SystemText.arguments(), IO.standard)
        CompletionAnswer.limitTime(arguments, io: io)
        let code = run(arguments, io: io)
        Interruption.endProgram()
        Glibc.exit(code)
    }

    /// Runs one command line and returns its exit code.
    static func run(_ arguments: [String], io: IO) -> Int32 {
        if let code = CompletionAnswer.run(arguments, io: io) { return code }
        let arguments = GlobalOptions.joinDashes(arguments)
        do {
            if let text = try generatedText(arguments) {
                try show(text, io)
                return 0
            }
            if arguments.first == "help" { try checkHelp(arguments.dropFirst()) }
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
            return endOfParsing(error, arguments, io: io)
        }
    }

    /// The text of a help topic or of a file that the build makes; `nil` for other arguments.
    private static func generatedText(_ arguments: [String]) throws -> String? {
        switch arguments {
        case ["--generate-manual"]: try ManualPage.text()
        case ["--generate-error-list"]: ErrorList.page()
        case _ where arguments.count == 2 && arguments[0] == "help": HelpTopic(rawValue: arguments[1])?.text
        default: nil
        }
    }

    /// Passes if the words name a command.
    private static func checkHelp(_ words: ArraySlice<String>) throws {
        var path = CommandPath(root: Libctl.self)
        for word in words where !word.hasPrefix("-") {
            guard path.descend(to: word) || word == "help" && path.words.count == 1 else {
                throw Usage.unknownCommand(word, path, asked: ["help"])
            }
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
            let failure = command.explained(CommandError(error))
            Diagnostics.report(failure, title: type(of: command).title, asJSON: command.options.wantsJSON, io: io)
            return failure.exit.rawValue
        }
    }

    /// Reports what parsing threw, and returns the exit code. The argument parser throws help and the version too, as
    /// errors with the exit code 0.
    private static func endOfParsing(_ error: any Error, _ arguments: [String], io: IO) -> Int32 {
        do {
            if let failure = error as? CommandError { throw failure }
            guard exitCode(for: error).isSuccess else { throw Usage.error(error, arguments) }
            try show(fullMessage(for: error), io)
            return 0
        } catch {
            let failure = CommandError(error)
            let asJSON = GlobalOptions.asksForJSON(arguments)
            Diagnostics.report(failure, title: "usage", asJSON: asJSON, io: io)
            return failure.exit.rawValue
        }
    }

    /// Writes a text that is not the result of a command, such as a help topic, to standard output.
    static func show(_ text: String, _ io: IO) throws {
        let output = OutputWriter(io.output)
        try output.write(text + "\n")
        try output.flush()
    }
}
