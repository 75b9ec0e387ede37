import ArgumentParser
import Glibc
import Shared

/// The source of a new password: there is no option for the password itself, because other users see the arguments of
/// a process (proc(5)).
struct PasswordInput: ParsableArguments {
    static let help = """
        Asks twice on a terminal, without echo; elsewhere it reads the first line of standard input, as with \
        --password-stdin.
        """

    @Flag(help: "Read the password from the first line of standard input.")
    var passwordStdin = false

    @Option(help: "Read the password from the first line of a file.", completion: .file())
    var passwordFile: String?

    func read(_ prompt: String) throws -> String {
        switch (passwordStdin, passwordFile) {
        case (true, _?):
            throw CommandError(
                .usage, "--password-stdin and --password-file contradict each other", hint: "leave one of them out")
        case (false, let path?):
            let descriptor = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC)
            guard descriptor >= 0 else { throw CommandError(.noInput, "\(path): \(systemError())") }
            defer { close(descriptor) }
            return try Self.firstLine(of: descriptor, named: path)
        case (true, nil): return try Self.firstLine(of: STDIN_FILENO, named: "standard input")
        case (false, nil):
            guard isatty(STDIN_FILENO) == 1 else {
                return try Self.firstLine(of: STDIN_FILENO, named: "standard input")
            }
            return try Self.askTwice(prompt)
        }
    }

    /// In bytes: longer than any password.
    private static let limit = 64 << 10

    private static func firstLine(of descriptor: Int32, named name: String) throws -> String {
        let bytes: [UInt8]
        do {
            bytes = try FileContents.read(descriptor, limit: limit)
        } catch {
            throw CommandError(.ioError, "\(name): \(error)")
        }
        var line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard let password = String(validating: line, as: UTF8.self) else {
            throw CommandError(
                .dataError, "the password is not valid UTF-8", hint: "save the file as UTF-8: iconv -t utf-8")
        }
        guard !password.isEmpty else {
            throw CommandError(
                .usage, "there is no password on the first line of \(name)",
                hint: "run the command on a terminal, or with --password-file FILE")
        }
        return password
    }

    /// Asks on the terminal without echo (getpass(3)).
    private static func askTwice(_ prompt: String) throws -> String {
        func ask(_ prompt: String) -> String? { getpass(prompt).map { String(cString: $0) } }
        let (first, second) = (ask(prompt), ask("Again: "))
        guard let first, first == second else {
            throw CommandError(.usage, "the two passwords differ", hint: "run the command again")
        }
        return first
    }
}
