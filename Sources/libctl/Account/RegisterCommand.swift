import ArgumentParser
import Shared

struct RegisterCommand: ParsableCommand, ContextCommand {
    static let title = "register"
    static let configuration = CommandConfiguration(
        "register", "Create an account and log in.",
        discussion: """
            Asks for the password twice, unless an option says where it is. The new login becomes the one that \
            commands use, as after 'libctl login'.
            """,
        showsRecords: false, examples: "register ada", "register ada --password-stdin < password",
        "register bob --no-login --password-file bobs-password")

    @OptionGroup var user: UserArgument
    @OptionGroup var password: PasswordOptions
    @Flag(help: "Do not log in.") var noLogin = false
    @OptionGroup var options: GlobalOptions

    func run(_ context: CommandContext) throws {
        let name = try user.name(context, for: Self.title)
        if let fault = Registration.fault(inName: name) { throw InvalidFields([fault]) }
        let registration = Registration(name: name, password: try password.newPassword(for: name, context))
        try registration.validate()
        let room = try noLogin ? nil : roomForLogin(context)
        defer { room?.cancel() }
        let registered = try context.client.send(Endpoints.register.call(registration))
        if options.wantsJSON { try context.output.json(registered) }
        guard let room else {
            return context.diagnostics.say("registered \(name); now: libctl login \(name)")
        }
        do {
            try context.logIn(name, registration.password, in: room)
        } catch {
            let failure = CommandError(error)
            throw failure.saying(
                "\(name) is registered, but not logged in: \(failure.reason)", hint: "libctl login \(name)")
        }
        context.diagnostics.say("registered \(name) and logged in at \(context.server.origin)")
    }

    /// Reserves the place of the login before there is an account, so that nothing is done if it cannot be kept.
    private func roomForLogin(_ context: CommandContext) throws -> Replacement {
        do {
            return try context.roomForLogin()
        } catch let failure as CommandError where failure.exit == .ioError {
            throw failure.saying(hint: "make room there, or use --no-login")
        }
    }
}
