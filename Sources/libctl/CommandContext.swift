import Glibc
import Shared

/// All that a command may touch.
final class CommandContext {
    let io: IO
    let options: GlobalOptions
    let server: Server
    let client: Client
    let output: Output
    let diagnostics: Diagnostics
    let credentials: CredentialsFile
    /// Where `config.json` and `credentials.json` are.
    let folder: String
    /// Which of several logins to use, if anything says so.
    let user: String?
    let config: Config?
    /// A login that was renewed and could not be written down yet, with the one in whose place it comes.
    var unkept: (old: Credential, new: Credential)?

    /// - Parameter readsConfig: whether `config.json` has to be right.
    init(_ options: GlobalOptions, io: IO, readsConfig: Bool = true) throws {
        var io = io
        if options.noInput { io.terminal = nil }
        self.io = io
        self.options = options
        let diagnostics = Diagnostics(options: options, io: io)
        self.diagnostics = diagnostics
        folder = try io.configurationFolder()
        config = readsConfig ? try Config(folder: folder) : nil
        output = try Output(options: options, io: io, config: config)
        server = try Server.choose(flag: options.server, io: io, configured: config?[.server])
        user = try Self.chooseUser(flag: options.user, io: io, config: config)
        credentials = CredentialsFile(folder: folder, patience: io.patience)
        client = Client(
            server: server, transport: io.transport(server), trace: { diagnostics.trace($0) },
            wait: { why, seconds in
                diagnostics.progress("\(why); waiting \(seconds) s")
                io.sleep(seconds)
                diagnostics.endProgress()
            })
    }

    /// Chooses: the flag, `LIBCTL_USER`, `config.json`.
    private static func chooseUser(flag: String?, io: IO, config: Config?) throws -> String? {
        let given: (name: String, source: String, status: ExitStatus)? =
            if let flag { (flag, "--user", .usage) } else {
                try io.text("LIBCTL_USER").map { ($0, "LIBCTL_USER", .configuration) }
            }
        guard let given else { return config?[.user] }
        // What is behind the colon would be a password, as other programs take it.
        guard !given.name.contains(":") else {
            throw CommandError(
                given.status, "\(given.source) takes a name, and names have no colon",
                hint: "passwords are asked for, or read: --password-file, --password-stdin")
        }
        return given.name
    }

    /// Calls `body` with an `Authorization` value, refreshing the token first if it has expired, and once more if the
    /// daemon says so, or no longer knows the key that signed it.
    func authorized<Value>(_ body: (_ authorization: String) throws -> Value) throws -> Value {
        if let token = try environmentToken() { return try body("Bearer " + token) }
        let credential = try credential(validFor: 10)
        do {
            return try body("Bearer " + credential.token)
        } catch let problem as Problem where [.tokenExpired, .tokenMalformed].contains(problem.knownCode) {
            return try body("Bearer " + (try refresh(credential)).token)
        }
    }

    /// Whether there is a token to send.
    var isLoggedIn: Bool {
        get throws {
            try environmentToken() != nil || login(in: credentials.read()) != nil
        }
    }

    /// The access token, good for at least so many seconds.
    /// - Throws: ``CommandError`` `invalid` if the daemon gives out none that is good for so long.
    func token(validFor seconds: Int64) throws -> String {
        if let token = try environmentToken() { return token }
        let credential = try credential(validFor: seconds)
        guard io.now().adding(seconds: seconds) < credential.expiresAt else {
            let life = (credential.expiresAt.milliseconds - io.now().milliseconds) / 1000
            throw CommandError(
                .invalid, "a new token is good for \(life) s only", hint: "ask for less than --min-ttl \(life)s")
        }
        return credential.token
    }

    /// What LIBCTL_TOKEN says.
    private func environmentToken() throws -> String? {
        guard let token = try io.text("LIBCTL_TOKEN") else { return nil }
        guard token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw CommandError(
                .configuration, "LIBCTL_TOKEN is no token: it has white space or other characters in it")
        }
        return token
    }

    /// The access token as it stands. Never refreshed: whoever may be cut off at any moment could lose the new one, and
    /// with the old one the login would end.
    func currentToken() throws -> String {
        if let token = try environmentToken() { return token }
        let credential = try credential()
        guard io.now() < credential.expiresAt else { throw CommandError(.notLoggedIn, "the token has expired") }
        return credential.token
    }

    private func credential(validFor seconds: Int64) throws -> Credential {
        let credential = try credential()
        return io.now().adding(seconds: seconds) < credential.expiresAt ? credential : try refresh(credential)
    }

    private func credential() throws -> Credential {
        let all = try credentials.read()
        guard let credential = login(in: all) else {
            let other = user == nil ? all.logins.last { $0.server == server.origin } : nil
            throw CommandError(
                .notLoggedIn, "not logged in at \(server.origin)\(user.map { " as \($0)" } ?? "")",
                hint: other.map { "use --user \($0.user), who is logged in" }
                    ?? "libctl login\(user.map { " \($0)" } ?? "")")
        }
        if let unkept, unkept.old == credential { return unkept.new }
        return credential
    }

    /// The login that commands act as.
    func login(in all: Credentials) -> Credential? {
        all.find(server: server.origin, user: user)
    }
}

extension CommandContext {
    /// Calls `body` with the file of that path, or with standard input for `-`.
    func reading<Value>(_ file: String, _ body: (_ descriptor: Int32) throws -> Value) throws -> Value {
        if file == "-" { return try body(io.input) }
        let descriptor = try PrivateFile.openInput(file)
        defer { close(descriptor) }
        return try body(descriptor)
    }

    /// Asks on the terminal whether to go on.
    /// - Parameter lines: what it is about, shown before the question.
    /// - Throws: ``CommandError`` `declined`, or `usage` where there is nobody to ask.
    func confirm(_ lines: [String], _ question: String, otherwise: String) throws {
        let terminal = try requireTerminal()
        defer { terminal.close() }
        let text = (lines + [question]).map(Escaping.terminal).joined(separator: "\n")
        let answer = try terminal.ask("\(text) [y/N] ")
        guard ["y", "yes"].contains(answer.lowercased()) else { throw CommandError(.declined, otherwise) }
    }

    var whyNobodyIsAsked: String {
        options.noInput ? "--no-input is set, so nothing can be asked" : "there is no terminal to ask on"
    }

    /// - Throws: ``CommandError`` `usage` where there is nobody to ask.
    func requireTerminal() throws -> Terminal {
        guard let terminal = Terminal(io) else {
            throw CommandError(.usage, whyNobodyIsAsked, hint: "add --yes if you mean it")
        }
        return terminal
    }
}

/// A command of the tree that does something.
protocol ContextCommand {
    var options: GlobalOptions { get }
    /// What an error is about: the command's words.
    static var title: String { get }
    /// Whether `config.json` has to be right for it.
    static var readsConfig: Bool { get }
    /// Values that are names of files.
    var files: [String] { get }
    func run(_ context: CommandContext) throws
}

extension ContextCommand {
    static var readsConfig: Bool { true }
}
