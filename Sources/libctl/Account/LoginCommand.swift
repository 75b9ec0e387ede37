import ArgumentParser
import FoundationEssentials
import Shared

struct LoginCommand: ParsableCommand, ContextCommand {
    static let title = "login"
    static let configuration = CommandConfiguration(
        "login", "Log in and keep the token.",
        discussion: "The token is kept in ~/.config/libctl/credentials.json and refreshed when it has expired.",
        showsRecords: false, examples: "login ada", "login ada --password-file ~/.library-password",
        "login ada --server https://library.example.org")

    @OptionGroup var user: UserArgument
    @OptionGroup var password: PasswordOptions
    @OptionGroup var options: GlobalOptions

    func run(_ context: CommandContext) throws {
        let name = try user.name(context, for: Self.title)
        // Checked here because a colon would end the name in HTTP Basic (RFC 7617, section 2).
        if let fault = Registration.fault(inName: name) { throw InvalidFields([fault]) }
        let given = try password.password(for: name, context)
        let room = try context.roomForLogin()
        defer { room.cancel() }
        try context.logIn(name, given, in: room)
        context.diagnostics.say("logged in as \(name) at \(context.server.origin)")
    }
}

extension CommandContext {
    /// Logs in and saves the login, which is then the one that commands use.
    func logIn(_ name: String, _ password: String, in room: Replacement) throws {
        let login = try client.send(
            Endpoints.login.call(), authorization: Self.basic(name, password),
            clientName: ClientName(host: io.host()).text)
        try keep(Credential(server: server.origin, user: name, login: login, at: io.now()), in: room)
    }

    /// The value of `Authorization` for HTTP Basic (RFC 7617). The name has no colon.
    static func basic(_ name: String, _ password: String) -> String {
        "Basic " + Data("\(name):\(password)".utf8).base64EncodedString()
    }
}
