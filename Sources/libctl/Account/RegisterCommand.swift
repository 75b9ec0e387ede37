import ArgumentParser
import Shared

struct RegisterCommand: ParsableCommand, ContextCommand {
    static let title = "register"
    static let configuration = CommandConfiguration(
        "register", "Create an account.",
        discussion: "Asks for the password twice, unless an option says where it is. Does not log in.",
        examples: "register ada", "register ada --password-stdin < password")

    @OptionGroup var user: UserArgument
    @OptionGroup var password: PasswordOptions
    @OptionGroup var options: GlobalOptions

    func run(_ context: CommandContext) throws {
        let name = try user.name(context)
        if let fault = Registration.fault(inName: name) { throw InvalidFields([fault]) }
        let registration = Registration(name: name, password: try password.password(for: name, twice: true, context))
        try registration.validate()
        let registered = try context.client.send(Endpoints.register.call(registration))
        if options.wantsJSON { try context.output.json(registered) }
        context.diagnostics.say("registered \(registered.name); now: libctl login \(registered.name)")
    }
}
