import Glibc
import Shared

/// Everything that a command may use: input and output, options, server, client, credentials.
final class CommandContext {
    let io: IO
    let options: GlobalOptions
    let server: Server
    let client: Client
    let output: Output
    let diagnostics: Diagnostics
    /// The folder of `config.json` and `credentials.json`, or why there is none.
    private let place: Result<String, CommandError>
    /// The user whose login to use, if the flag, `LIBCTL_USER` or `config.json` names one.
    let user: String?
    let config: Config?
    /// A refreshed login that could not be saved yet (`new`), and the login that it replaces (`old`).
    var unkept: (old: Credential, new: Credential)?
    /// The login of another address of the daemon, which has proven that it is the same daemon.
    var proven: Credential?

    /// - Parameter readsConfig: whether to read `config.json`, which must then be valid.
    init(_ options: GlobalOptions, io: IO, readsConfig: Bool = true) throws {
        var io = io
        if options.noInput { io.terminal = nil }
        self.io = io
        self.options = options
        let diagnostics = Diagnostics(options: options, io: io)
        self.diagnostics = diagnostics
        place = Result { () throws(CommandError) in try io.configurationFolder() }
        config = readsConfig ? try (try? place.get()).map { try Config(folder: $0) } : nil
        output = try Output(options: options, io: io, config: config, warn: diagnostics.warn)
        var server = try Server.choose(flag: options.server, io: io, configured: config?[.server])
        server.certificates = Server.certificates(flag: options.cacert, io: io, configured: config?[.cacert])
        self.server = server
        user = try Self.chooseUser(flag: options.user, io: io, config: config)
        client = Client(
            server: server, transport: io.transport(server), limit: options.timeout?.seconds,
            trace: { diagnostics.trace($0) },
            wait: { why, seconds in
                diagnostics.progress("\(why); waiting \(seconds) s")
                io.sleep(seconds)
                diagnostics.endProgress()
            })
    }

    /// - Throws: ``CommandError`` `configuration` if there is no folder for files.
    var folder: String { get throws { try place.get() } }
    var credentials: CredentialsFile { get throws { CredentialsFile(folder: try folder, patience: io.patience) } }

    /// The first of: the flag, `LIBCTL_USER`, `config.json`.
    private static func chooseUser(flag: String?, io: IO, config: Config?) throws -> String? {
        let given: (name: String, source: String, status: ExitStatus)? =
            if let flag { (flag, "--user", .usage) } else {
                try io.text("LIBCTL_USER").map { ($0, "LIBCTL_USER", .configuration) }
            }
        guard let given else { return config?[.user] }
        // Other programs, such as curl, take `NAME:PASSWORD`. The error does not repeat the value, which may be that.
        guard !given.name.contains(":") else {
            throw CommandError(
                given.status, "\(given.source) takes a name, and names have no colon",
                hint: "passwords are asked for, or read: --password-file, --password-stdin")
        }
        return given.name
    }

    /// Calls `body` with a value for `Authorization`. Refreshes the token first if it expires within 10 seconds.
    /// Refreshes it and calls `body` again if the daemon reports the token as expired, or as malformed: the daemon
    /// reports the latter if it no longer has the key that signed the token.
    func authorized<Value>(_ body: (_ authorization: String) throws -> Value) throws -> Value {
        if let token = try environmentToken() { return try Self.namingItsSource(token, body) }
        let credential = try credential(validFor: 10)
        do {
            return try body("Bearer " + credential.token)
        } catch let problem as Problem where problem.knownCode == .adminRequired {
            throw CommandError(problem).saying(
                hint: "libraryd user promote \(credential.user), on the daemon's machine")
        } catch let problem as Problem where [.tokenExpired, .tokenMalformed].contains(problem.knownCode) {
            return try body("Bearer " + (try refresh(credential)).token)
        }
    }

    /// Says of a token that the daemon refuses that it is the one in `LIBCTL_TOKEN`: a new login would not replace it.
    private static func namingItsSource<Value>(
        _ token: String, _ body: (_ authorization: String) throws -> Value
    ) throws -> Value {
        do {
            return try body("Bearer " + token)
        } catch let problem as Problem where problem.status == 401 {
            let failure = CommandError(problem)
            if token.hasPrefix(APIKey.prefix) {
                throw failure.saying(
                    problem.knownCode == .tokenExpired
                        ? "the API key in LIBCTL_TOKEN has expired"
                        : "the API key in LIBCTL_TOKEN was revoked, or is not one of this daemon's",
                    hint: "unset LIBCTL_TOKEN to use your login, and make a new key: libctl keys add")
            }
            let reason = failure.reason.replacing("the token", with: "the token in LIBCTL_TOKEN")
            throw failure.saying(reason, hint: "unset LIBCTL_TOKEN to use your login, or set it to a new token")
        }
    }

    /// Whether there is a token to send.
    var isLoggedIn: Bool {
        get throws {
            if try environmentToken() != nil { return true }
            if case .failure = place { return false }
            return try login(in: credentials.read()) != nil
        }
    }

    /// Passes if there is a token to send, or a login to refresh one.
    /// - Throws: ``CommandError`` `notLoggedIn`.
    func requireLogin() throws {
        if try environmentToken() == nil { _ = try credential() }
    }

    /// The access token, refreshed unless it is valid for at least so many seconds.
    /// - Throws: ``CommandError`` `invalid` if a new token expires sooner as well.
    func token(validFor seconds: Int64) throws -> String {
        if let token = try environmentToken() { return token }
        let credential = try credential(validFor: seconds)
        guard io.now().adding(seconds: seconds) < credential.expiresAt else {
            let life = (credential.expiresAt.milliseconds - io.now().milliseconds) / 1000
            throw CommandError(
                .invalid, "a new token is valid for \(life) s only", hint: "ask for less than --min-ttl \(life)s")
        }
        return credential.token
    }

    /// The token in `LIBCTL_TOKEN`, if that is set.
    private func environmentToken() throws -> String? {
        guard let token = try io.text("LIBCTL_TOKEN") else { return nil }
        guard token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw CommandError(
                .configuration, "LIBCTL_TOKEN is not a token: it has white space or other characters in it",
                hint: "unset LIBCTL_TOKEN to use your login, or set it to a new token")
        }
        return token
    }

    /// The access token without a refresh, for shell completion. Its process may be ended at any moment; if a new
    /// refresh token were lost that way, the next use of the old token would end the session.
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
        guard let credential = try login(in: all) else { throw notLoggedIn(all) }
        if let unkept, unkept.old == credential { return unkept.new }
        return credential
    }
}

extension CommandContext {
    /// Calls `body` with a descriptor of the file at that path, or of standard input for `-`.
    func reading<Value>(_ file: String, _ body: (_ descriptor: Int32) throws -> Value) throws -> Value {
        if file == "-" { return try body(io.input) }
        let descriptor = try PrivateFile.openInput(file)
        defer { close(descriptor) }
        return try body(descriptor)
    }

    /// Tells a person why there is no result. Says nothing if results or messages go into a file or a pipe, or if the
    /// results are JSON.
    func sayEmpty(_ text: String) {
        if output.isTerminal, diagnostics.isTerminal, !options.wantsJSON { diagnostics.say(text) }
    }

    /// Asks a yes-or-no question on the terminal.
    /// - Parameters:
    ///   - lines: shown before the question.
    ///   - otherwise: the message of the error if the answer is not yes.
    /// - Throws: ``CommandError`` `declined`, or `usage` if there is no terminal or `--no-input` is set.
    func confirm(_ lines: [String], _ question: String, otherwise: String) throws {
        let terminal = try requireTerminal()
        defer { terminal.close() }
        let text = (lines + [question]).map(Escaping.terminal).joined(separator: "\n")
        let answer = try terminal.ask("\(text) [y/N] ")
        guard ["y", "yes"].contains(answer.lowercased()) else { throw CommandError(.declined, otherwise) }
    }

    /// The item with that name, ignoring case, or with that ``Displayable/identifier``.
    /// - Parameters:
    ///   - missing: the beginning of the message if there is none.
    ///   - command: that shows all.
    /// - Throws: ``CommandError`` `notFound`.
    func item<Item: Named>(
        _ text: String, among items: [Item], _ missing: String, list command: String
    ) throws -> Item {
        let name = text.lowercased()
        if let item = items.first(where: { $0.identifier == text || $0.name.lowercased() == name }) { return item }
        let near = closest(to: text, among: items.map(\.name))
        throw CommandError(
            .notFound, "\(missing) \(Secrets.quoted(text))", hint: near.map { "did you mean \($0)?" } ?? command)
    }

    var whyNobodyIsAsked: String {
        options.noInput ? "--no-input is set" : "there is no terminal to ask on"
    }

    /// - Throws: ``CommandError`` `usage` if there is no terminal or `--no-input` is set.
    func requireTerminal() throws -> Terminal {
        guard let terminal = Terminal(io) else {
            throw CommandError(
                .usage, "this needs a confirmation: \(whyNobodyIsAsked)", hint: "add --yes if you mean it")
        }
        return terminal
    }
}

/// A command that runs, as opposed to a command that only groups subcommands.
protocol ContextCommand {
    var options: GlobalOptions { get }
    /// The words of the command, such as "authors list", for error messages.
    static var title: String { get }
    /// Whether the command reads `config.json`, which must then be valid.
    static var readsConfig: Bool { get }
    /// Arguments and values of options that are file names.
    var files: [String] { get }
    func run(_ context: CommandContext) throws
    /// The failure of this command with more words about what the user named.
    func explained(_ failure: CommandError) -> CommandError
}

extension ContextCommand {
    static var readsConfig: Bool { true }
    func explained(_ failure: CommandError) -> CommandError { failure }
}
