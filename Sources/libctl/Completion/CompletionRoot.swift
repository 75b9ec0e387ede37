import ArgumentParser
import Glibc
import Shared

/// The command tree for completion. It has the global options at its root too, because a user may write them before
/// the command (``GlobalOptions/moveBehindCommand(_:)``).
struct CompletionRoot: ParsableCommand {
    static let configuration = Libctl.configuration

    @OptionGroup var options: GlobalOptions

    private static let question = "---completion"

    /// Sets a deadline for the process if a shell started it for candidates, so that the shell never waits long.
    static func limitTime(_ arguments: [String], io: IO) {
        if arguments.first == question { CompletionDeadline.start(io) }
    }

    /// Writes the completion script or the candidates, and returns the exit code; `nil` if the arguments ask for
    /// neither.
    static func run(_ arguments: [String], io: IO) -> Int32? {
        guard let first = arguments.first else { return nil }
        if first == question {
            // No failure is reported to a shell. The deadline ends first, so that it cannot cut off the candidates.
            if let candidates = answer(arguments), candidates.contains(where: { !$0.isWhitespace }) {
                CompletionDeadline.end()
                try? Libctl.show(candidates, io)
            }
            return 0
        }
        guard let shell = shellOfScript(arguments) else { return nil }
        do {
            let script = completionScript(for: shell)
            try Libctl.show(shell == .bash ? script + "\n\n" + BashCompletion.addition : script, io)
            return 0
        } catch {
            let failure = CommandError(error)
            Diagnostics.report(failure, title: "completion", asJSON: false, io: io)
            return failure.exit.rawValue
        }
    }

    /// The shell of `--generate-completion-script [SHELL]`, without SHELL that of the user; `nil` for other arguments,
    /// and for a shell that the argument parser does not know.
    private static func shellOfScript(_ arguments: [String]) -> CompletionShell? {
        let option = "--generate-completion-script"
        guard let first = arguments.first else { return nil }
        if first.hasPrefix(option + "=") { return CompletionShell(rawValue: String(first.dropFirst(option.count + 1))) }
        guard first == option else { return nil }
        guard arguments.count > 1 else { return .autodetected() }
        return arguments.count == 2 ? CompletionShell(rawValue: arguments[1]) : nil
    }

    /// The candidates. The argument parser throws them as an error with the exit code 0.
    private static func answer(_ arguments: [String]) -> String? {
        do {
            _ = try parseAsRoot(arguments)
            return nil
        } catch {
            return exitCode(for: error).isSuccess ? fullMessage(for: error) : nil
        }
    }
}

private enum CompletionDeadline {
    private static let standard: Int64 = 350

    static func start(_ io: IO) {
        let given = io.variable("LIBCTL_COMPLETION_MS").flatMap { Int64(decimal: $0) }
        let milliseconds = min(max(1, given ?? standard), 60_000)
        signal(SIGALRM) { _ in _exit(0) }
        let left = timeval(tv_sec: Int(milliseconds / 1000), tv_usec: Int(milliseconds % 1000) * 1000)
        var timer = itimerval(it_interval: timeval(), it_value: left)
        setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
    }

    static func end() {
        signal(SIGALRM, SIG_IGN)
    }
}
