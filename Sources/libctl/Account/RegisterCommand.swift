import ArgumentParser
import Shared

struct RegisterCommand: ParsableCommand, SessionCommand {
    static let title = "register"
    static let configuration = CommandConfiguration(
        "register", "Create an account.",
        discussion: "Asks for the password twice, unless an option says where it is. Does not log in.",
        examples: "register ada", "register ada --password-stdin < password")

    @OptionGroup var user: UserArgument
    @OptionGroup var password: PasswordOptions
    @OptionGroup var options: GlobalOptions

    func run(_ session: Session) throws {
        let name = try user.name(session)
        if let fault = Registration.fault(inName: name) { throw InvalidFields([fault]) }
        let registration = Registration(name: name, password: try password.password(for: name, twice: true, session))
        try registration.validate()
        let registered = try session.client.call(Endpoints.register, body: registration)
        if options.wantsJSON { try session.output.json(registered) }
        session.talk.say("registered \(registered.name); now: libctl login \(registered.name)")
    }
}
