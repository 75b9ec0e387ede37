import ArgumentParser
import Glibc
import Shared

@main
struct Libctl: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "libctl",
        abstract: "Drives a libraryd: registers, logs in, and keeps authors.",
        discussion: """
            Results go to standard output, everything else to standard error. On a terminal a list is a table, in a pipe
            it is tab-separated; -o chooses. The exit code says what went wrong: see the README.
            """,
        version: version,
        subcommands: [
            RegisterCommand.self, LoginCommand.self, LogoutCommand.self, WhoamiCommand.self, TokenCommand.self,
            PasswdCommand.self, SessionsCommand.self, StatusCommand.self, AuthorsCommand.self, UsersCommand.self,
        ])

    static func main() {
        let (arguments, io) = (Array(CommandLine.arguments.dropFirst()), IO.standard)
        CompletionRoot.limitTime(arguments, io: io)
        Glibc.exit(run(arguments, io: io))
    }

    /// Runs one command line and returns its exit code.
    static func run(_ arguments: [String], io: IO) -> Int32 {
        if let code = CompletionRoot.run(arguments, io: io) { return code }
        let asJSON = asksForJSON(arguments)
        do {
            var command = try parseAsRoot(GlobalOptions.moveBehindCommand(arguments))
            guard let sessionCommand = command as? any SessionCommand & ParsableCommand else {
                try command.run()
                return 0
            }
            return run(sessionCommand, io: io)
        } catch {
            return endOfParsing(error, asJSON: asJSON, io: io)
        }
    }

    private static func run(_ command: any SessionCommand, io: IO) -> Int32 {
        do {
            let session = try Session(command.options, io: io)
            do {
                try command.run(session)
            } catch {
                // What was found before the failure is still worth having.
                try? session.output.flush()
                throw error
            }
            try session.output.flush()
            return 0
        } catch {
            let failure = CommandFailure(error)
            Talk.report(failure, title: type(of: command).title, asJSON: command.options.wantsJSON, io: io)
            return failure.status.rawValue
        }
    }

    /// Help and the version are errors to the argument parser too, with the exit code 0.
    private static func endOfParsing(_ error: any Error, asJSON: Bool, io: IO) -> Int32 {
        do {
            guard exitCode(for: error).isSuccess else {
                throw CommandFailure(.usage, message(for: error), hint: "libctl --help")
            }
            let output = Writer(io.output)
            try output.write(fullMessage(for: error) + "\n")
            try output.flush()
            return 0
        } catch {
            let failure = CommandFailure(error)
            Talk.report(failure, title: "usage", asJSON: asJSON, io: io)
            return failure.status.rawValue
        }
    }

    /// Before the arguments are understood, only their look tells whether errors should be JSON.
    private static func asksForJSON(_ arguments: [String]) -> Bool {
        let formats = ["json", "ndjson"]
        return arguments.contains("--json")
            || zip(arguments, arguments.dropFirst()).contains {
                ["-o", "--output"].contains($0) && formats.contains($1)
            }
    }
}
