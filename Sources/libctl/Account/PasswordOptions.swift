import ArgumentParser
import Glibc
import Shared

/// The source of a password. A password is never an argument, because every process on the machine can read the
/// command line (proc(5)).
struct PasswordOptions: ParsableArguments {
    @Flag(help: "Read the password from standard input. A terminal is asked instead.")
    var passwordStdin = false

    @Option(help: "Read the password from a file.", completion: .file())
    var passwordFile: String?

    /// The password from the source that the options name, else from a prompt.
    func password(for user: String, _ context: CommandContext) throws -> String {
        try read(context, from: { try line($0, isFirst: true) }) {
            try $0.askSecret("Password for \(Escaping.terminal(user)): ")
        }
    }

    /// The password of a new account, from the source that the options name, else from two prompts.
    func newPassword(for user: String, _ context: CommandContext) throws -> String {
        try read(context, from: { try line($0, isFirst: true) }) {
            try askTwice("Password for \(Escaping.terminal(user))", "password", for: user, $0)
        }
    }

    /// The current and the new password from the source that the options name, else from prompts.
    func change(for user: String, _ context: CommandContext) throws -> PasswordChange {
        try read(
            context,
            from: {
                let current = try line($0, isFirst: true)
                return PasswordChange(currentPassword: current, newPassword: try line($0, isFirst: false))
            }
        ) {
            let current = try $0.askSecret("Current password for \(Escaping.terminal(user)): ")
            let new = try askTwice("New password", "new_password", for: user, $0)
            return PasswordChange(currentPassword: current, newPassword: new)
        }
    }

    /// Asks for a new password, and once more, so that a typing error is noticed.
    /// - Parameter field: the name of the password in the error, if the daemon would refuse it.
    private func askTwice(
        _ prompt: String, _ field: String, for user: String, _ terminal: Terminal
    ) throws -> String {
        let password = try terminal.askSecret(
            "\(prompt) (at least \(Registration.minimumPasswordScalars) characters): ")
        if let fault = Registration.fault(inPassword: password, name: user, field: field) {
            throw InvalidFields([fault])
        }
        if try terminal.askSecret("Again: ") != password {
            throw CommandError(
                .invalid, "the two passwords differ", hint: "run the command again, and enter the same password twice")
        }
        return password
    }

    /// Reads from the source that the options name, or asks. A source that is a terminal is asked, too, because a
    /// terminal shows what is typed, except at a prompt for a secret.
    private func read<Value>(
        _ context: CommandContext, from read: (InputReader) throws -> Value, ask: (Terminal) throws -> Value
    ) throws -> Value {
        func readOrAsk(_ descriptor: Int32) throws -> Value {
            try isatty(descriptor) == 1 ? context.ask(ask) : read(InputReader(descriptor))
        }
        switch (passwordStdin, passwordFile) {
        case (true, _?):
            throw CommandError(
                .usage, "--password-stdin and --password-file contradict each other", hint: "leave one of them out")
        case (true, nil): return try readOrAsk(context.io.input)
        case (false, let path?):
            let descriptor = try PrivateFile.openInput(path)
            defer { close(descriptor) }
            return try readOrAsk(descriptor)
        case (false, nil): return try context.ask(ask)
        }
    }

    /// The password on the next line, unchanged but for the end of the line.
    /// - Parameter isFirst: whether a byte order mark may be before it, which editors and shells of Windows write.
    /// - Throws: ``CommandError`` `dataError` if it is not UTF-8, `usage` if it is empty.
    private func line(_ reader: InputReader, isFirst: Bool) throws -> String {
        var line = try reader.line() ?? []
        if isFirst, line.starts(with: byteOrderMark) { line.removeFirst(byteOrderMark.count) }
        guard let password = String(validating: line, as: UTF8.self) else {
            throw CommandError(
                .dataError, "the password is not valid UTF-8", hint: "save the file as UTF-8: iconv -t utf-8")
        }
        guard !password.isEmpty else {
            throw CommandError(.usage, "the password is empty", hint: "the first line of the input is the password")
        }
        return password
    }
}

extension CommandContext {
    /// Calls `body` with the terminal, to ask for a password. First looks for the daemon, so that nothing is typed in
    /// vain.
    fileprivate func ask<Value>(_ body: (Terminal) throws -> Value) throws -> Value {
        guard let terminal = Terminal(io) else {
            throw CommandError(
                .usage, "the password is missing: \(whyNobodyIsAsked)",
                hint: "use --password-file FILE, or --password-stdin < FILE")
        }
        defer { terminal.close() }
        try lookForDaemon()
        return try body(terminal)
    }

    /// - Throws: ``CommandError`` if no daemon answers, or what answers is not libraryd.
    fileprivate func lookForDaemon() throws {
        guard !client.hasAnswered else { return }
        do {
            _ = try client.send(Endpoints.live.call(), timeoutMilliseconds: 5000, isPatient: false)
        } catch let failure where CommandError(failure).problem != nil {
            // The daemon is there; if it refuses the request itself too, that tells why.
        }
    }
}

/// The user to register or to log in.
struct UserArgument: ParsableArguments {
    @Argument(help: "Name of the user.") var name: String?

    /// - Parameter command: the command for which the name is needed, for the message if it is missing.
    func name(_ context: CommandContext, for command: String) throws -> String {
        if let name { return name }
        if let name = context.user { return name }
        guard let terminal = Terminal(context.io) else {
            throw CommandError(.usage, "the name of the user is missing", hint: "libctl \(command) NAME")
        }
        defer { terminal.close() }
        try context.lookForDaemon()
        return try terminal.ask("User: ")
    }
}
