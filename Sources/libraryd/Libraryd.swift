import ArgumentParser
import Glibc
import LibraryServer
import LibraryStore
import Shared

@main
struct Libraryd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "libraryd",
        abstract: "Keeps a library of authors and serves it over HTTP.",
        version: "0.1.0",
        subcommands: [
            ServeCommand.self, UserCommand.self, BackupCommand.self, RestoreCommand.self, CheckCommand.self,
            KeyCommand.self, ImportFlaskCommand.self,
        ],
        defaultSubcommand: ServeCommand.self)

    static func main() async {
        // Whatever is created is private, whatever the shell's umask says.
        umask(0o077)
        Signals.ignore()
        do {
            try requireText()
            var command = try parseAsRoot()
            guard var asynchronous = command as? any AsyncParsableCommand else { return try command.run() }
            try await asynchronous.run()
        } catch {
            end(error)
        }
    }

    /// Swift would put U+FFFD in the place of what is not UTF-8: another name, or another path. That goes for names of
    /// files too, because SQLite opens only those that are UTF-8 (https://www.sqlite.org/c3ref/open.html).
    private static func requireText() throws {
        if let name = SystemText.firstNotText(in: SystemText.arguments()) {
            throw ValidationError("\(name) is not valid UTF-8")
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

    /// What the arguments should not have had in them is not repeated.
    private static func end(_ error: any Error) -> Never {
        let message = message(for: error)
        let shown = Secrets.ofParser(message)
        guard shown != message else { exit(withError: error) }
        StandardError.write(fullMessage(for: error).replacing(message, with: shown) + "\n")
        exit(withError: exitCode(for: error))
    }
}

/// Signals that would end a process which does not know them (signal(7)), and mean nothing here.
enum Signals {
    /// A full disk or a closed terminal must end a write with an error, not the daemon; timers are not used; the rest
    /// is what people and programs send to daemons that read their settings anew.
    ///
    /// What is left: SIGTERM and SIGINT stop the daemon; SIGQUIT, SIGKILL, SIGXCPU and those of a fault in the program
    /// end it.
    static let ignored =
        [
            SIGHUP, SIGPIPE, SIGXFSZ, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT,
        ] + Array(SIGRTMIN...SIGRTMAX)

    static func ignore() {
        for number in ignored { signal(number, SIG_IGN) }
    }

    /// Real-time signals; glibc keeps the two before them for itself.
    private static let (SIGRTMIN, SIGRTMAX): (Int32, Int32) = (34, 64)
}

/// Standard error, unbuffered.
enum StandardError {
    static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}

/// How a command ends.
enum Exit {
    /// Runs the command; what it throws becomes a line on standard error and an exit code.
    static func reporting(_ command: () async throws -> Void) async throws {
        do {
            try await command()
            // Who reads it may leave.
            guard fflush(nil) == 0 || errno == EPIPE else {
                throw CommandError(.ioError, "the output could not be written: \(systemError())")
            }
        } catch {
            let failure = CommandError(error)
            // A report may have several lines.
            let lines = failure.reason.split(separator: "\n").map { Escaping.terminal(String($0)) }
            var text = "libraryd: \(lines.joined(separator: "\n"))\n"
            if let hint = failure.hint { text += "  hint: \(Escaping.terminal(hint))\n" }
            StandardError.write(text)
            throw ExitCode(failure.exit.rawValue)
        }
    }
}
