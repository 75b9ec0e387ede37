import ArgumentParser
import CMalloc
import Glibc
import LibraryServer
import LibraryStore
import Shared

@main
struct Libraryd: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "libraryd",
        abstract: "Keeps a library of authors and serves it over HTTP.",
        version: version,
        subcommands: [
            ServeCommand.self, UserCommand.self, BackupCommand.self, RestoreCommand.self, CheckCommand.self,
            KeyCommand.self, AuditCommand.self, ImportFlaskCommand.self, CopyCommand.self, HealthcheckCommand.self,
            ConfigCommand.self,
        ],
        defaultSubcommand: ServeCommand.self)

    static func main() async {
        openClosedStandardDescriptors()
        // New files are private, whatever umask the daemon inherits.
        umask(0o077)
        Signals.ignore()
        // By default each thread may get an arena (mallopt(3)), and each arena keeps memory that the others could use.
        // Called before the second thread begins: from then on the number is fixed.
        if getenv("MALLOC_ARENA_MAX") == nil { mallopt(M_ARENA_MAX, 2) }
        let arguments = SystemText.arguments()
        if CompletionAnswer.run(arguments) { return }
        do {
            if let page = try ManualPages.asked(by: arguments) { return print(page) }
            try requireText()
            // The argument parser shows the general help instead.
            if arguments.first == "help", let failure = UsageError.unknownCommand(arguments) { throw failure }
            var command = try parseAsRoot()
            guard var asynchronous = command as? any AsyncParsableCommand else { return try command.run() }
            try await asynchronous.run()
        } catch {
            end(error)
        }
    }

    /// Rejects arguments and variables that are not UTF-8: Swift would replace the other bytes by U+FFFD, and so make
    /// another name or path of the text. File names are included, because SQLite opens only UTF-8 names
    /// (https://www.sqlite.org/c3ref/open.html).
    private static func requireText() throws {
        if let name = SystemText.firstNotText(in: SystemText.arguments()) {
            throw CommandError(.usage, "\(name) is not valid UTF-8")
        }
        let folders = ["HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"]
        let variables = SystemText.environment().filter {
            $0.key.hasPrefix(Settings.environmentPrefix) || folders.contains($0.key)
        }
        guard let name = variables.sorted(by: { $0.key < $1.key }).first(where: { !SystemText.isText($0.value) })?.key
        else { return }
        StandardError.write("libraryd: \(name) is not valid UTF-8\n")
        throw ExitCode(ExitStatus.configuration.rawValue)
    }

    /// Ends the program: after help and the version, which the argument parser throws as errors, with their text; after
    /// a command, which has reported its error, with its exit code; otherwise with the usage error.
    private static func end(_ error: any Error) -> Never {
        guard !exitCode(for: error).isSuccess, !(error is ExitCode) else { exit(withError: error) }
        let failure = UsageError.of(error, SystemText.arguments())
        Exit.report(failure)
        Glibc.exit(failure.exit.rawValue)
    }
}

/// Signals that end a process by default (signal(7)), and that the daemon ignores.
enum Signals {
    /// A write at the file size limit or to a closed pipe must fail with an error, and a closed terminal must not end
    /// the daemon. Users and programs send SIGUSR1 and SIGUSR2 to make a daemon open its log again, which this daemon
    /// does not need. ``Hangups`` handles SIGHUP once the daemon runs. Timers are not used.
    ///
    /// Not ignored: SIGTERM and SIGINT stop the daemon; SIGQUIT, SIGKILL, SIGXCPU and the signals of a fault in the
    /// program end it.
    static let ignored =
        [
            SIGHUP, SIGPIPE, SIGXFSZ, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT,
        ] + Array(SIGRTMIN...SIGRTMAX)

    static func ignore() {
        for number in ignored { signal(number, SIG_IGN) }
    }

    /// The range of real-time signals; glibc reserves 32 and 33 for itself (signal(7)).
    private static let (SIGRTMIN, SIGRTMAX): (Int32, Int32) = (34, 64)
}

/// Standard error, unbuffered.
enum StandardError {
    static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}

/// Reports the errors of commands.
enum Exit {
    /// Runs the command. An error is reported on standard error and by the exit code.
    /// - Parameters:
    ///   - name: the words of the command, for errors as JSON.
    ///   - asJSON: whether an error is one JSON object.
    static func reporting(
        _ name: String = "", asJSON: Bool = false, _ command: () async throws -> Void
    ) async throws {
        do {
            try await command()
            // The reader of the output may have closed the pipe, which is no failure.
            guard fflush(nil) == 0 || errno == EPIPE else {
                throw CommandError(.ioError, "the output could not be written: \(systemError())")
            }
        } catch {
            let failure = CommandError(error)
            if asJSON {
                StandardError.write(String(decoding: failure.report(of: name), as: UTF8.self))
            } else {
                report(failure)
            }
            throw ExitCode(failure.exit.rawValue)
        }
    }

    static func warn(of variables: [UnknownVariable]) {
        for variable in variables { warn(variable.reason, hint: variable.hint) }
    }

    /// Reports a warning; the command goes on.
    static func warn(_ reason: String, hint: String? = nil) {
        report(CommandError(.done, reason, hint: hint))
    }

    static func report(_ failure: CommandError) {
        // Escaped line by line, because the reason may be a report of several lines.
        let lines = failure.reason.split(separator: "\n").map { Escaping.terminal(String($0)) }
        var text = "libraryd: \(lines.joined(separator: "\n"))\n"
        if let hint = failure.hint { text += "  hint: \(Escaping.terminal(hint))\n" }
        StandardError.write(text)
    }
}
