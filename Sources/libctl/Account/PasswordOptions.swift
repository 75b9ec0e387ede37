import ArgumentParser
import Glibc
import Shared

/// The source of a password. A password is never an argument, because every process on the machine can read the
/// command line (proc(5)).
struct PasswordOptions: ParsableArguments {
    @Flag(help: "Read the password from standard input.")
    var passwordStdin = false

    @Option(help: "Read the password from a file.", completion: .file())
    var passwordFile: String?

    /// The error for a password on the command line, in the spellings of other programs; `nil` if there is none.
    /// - Parameter path: the words of the command.
    static func refusal(of arguments: [String], to path: [String]) -> CommandError? {
        let names = ["--password", "--pass", "--passwd", "--pwd"]
        let takesPassword = ["register", "login", "passwd"].contains(path.last)
        let isGiven = arguments.prefix { $0 != "--" }.contains { word in
            names.contains(String(word.prefix { $0 != "=" })) || takesPassword && word.hasPrefix("-p")
        }
        guard isGiven else { return nil }
        return CommandError(
            .usage, "a password on the command line is seen by others on this machine",
            hint: "use --password-stdin or --password-file FILE, or let libctl ask for it")
    }

    /// The password from the source that the options name, else from a prompt.
    /// - Parameter twice: whether to prompt twice, so that a typing error in a new password is noticed.
    func password(for user: String, twice: Bool = false, _ context: CommandContext) throws -> String {
        let name = Escaping.terminal(user)
        return try read(context, reader: { try line($0) }) { terminal in
            let password = try terminal.askSecret("Password for \(name): ")
            if twice { try again(password, terminal) }
            return password
        }
    }

    /// The current and the new password from the source that the options name, else from prompts.
    func change(for user: String, _ context: CommandContext) throws -> PasswordChange {
        let name = Escaping.terminal(user)
        return try read(
            context, reader: { PasswordChange(currentPassword: try line($0), newPassword: try line($0)) }
        ) { terminal in
            let current = try terminal.askSecret("Current password for \(name): ")
            let new = try terminal.askSecret("New password: ")
            try again(new, terminal)
            return PasswordChange(currentPassword: current, newPassword: new)
        }
    }

    private func again(_ password: String, _ terminal: Terminal) throws {
        if try terminal.askSecret("Again: ") != password { throw CommandError(.invalid, "the two passwords differ") }
    }

    private func read<Value>(
        _ context: CommandContext, reader read: (InputReader) throws -> Value, ask: (Terminal) throws -> Value
    ) throws -> Value {
        switch (passwordStdin, passwordFile) {
        case (true, _?): throw CommandError(.usage, "--password-stdin and --password-file contradict each other")
        case (true, nil): return try read(InputReader(context.io.input))
        case (false, let path?):
            let descriptor = try PrivateFile.openInput(path)
            defer { close(descriptor) }
            return try read(InputReader(descriptor))
        case (false, nil):
            guard let terminal = Terminal(context.io) else {
                throw CommandError(
                    .usage, "\(context.whyNobodyIsAsked) for the password",
                    hint: "use --password-stdin or --password-file FILE")
            }
            defer { terminal.close() }
            return try ask(terminal)
        }
    }

    /// The password on the next line, unchanged but for the end of the line.
    /// - Throws: ``CommandError`` `dataError` if it is not UTF-8, `usage` if it is empty.
    private func line(_ reader: InputReader) throws -> String {
        let line = try reader.line() ?? []
        guard let password = String(validating: line, as: UTF8.self) else {
            throw CommandError(.dataError, "the password is not valid UTF-8")
        }
        guard !password.isEmpty else { throw CommandError(.usage, "the password is empty") }
        return password
    }
}

/// The user to register or to log in.
struct UserArgument: ParsableArguments {
    @Argument(help: "Name of the user.") var name: String?

    func name(_ context: CommandContext) throws -> String {
        if let name { return name }
        if let name = context.user { return name }
        guard let terminal = Terminal(context.io) else {
            throw CommandError(.usage, "the name of the user is missing", hint: "add it after the command")
        }
        defer { terminal.close() }
        return try terminal.ask("User: ")
    }
}
