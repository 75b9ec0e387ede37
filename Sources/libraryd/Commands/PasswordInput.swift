import Glibc
import Shared

/// Reads a new password: there is no option for it, because other users see the arguments of a process.
enum PasswordInput {
    static let help = "Asks twice on a terminal, without echo; elsewhere it reads the first line of standard input."

    static func read(_ prompt: String) throws -> String {
        guard isatty(STDIN_FILENO) == 1 else {
            guard let line = readLine(), !line.isEmpty else {
                throw CommandError(
                    .usage, "there is no password on standard input",
                    hint: "run the command on a terminal, or with < FILE")
            }
            return line
        }
        let (first, second) = (ask(prompt), ask("Again: "))
        guard let first, first == second else {
            throw CommandError(.usage, "the two passwords differ", hint: "run the command again")
        }
        return first
    }

    /// Asks on the terminal without echo (getpass(3)).
    private static func ask(_ prompt: String) -> String? {
        getpass(prompt).map { String(cString: $0) }
    }
}
