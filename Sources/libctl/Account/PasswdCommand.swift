import ArgumentParser
import Shared

struct PasswdCommand: ParsableCommand, ContextCommand {
    static let title = "passwd"
    static let configuration = CommandConfiguration(
        "passwd", "Change your password; all your other logins and API keys end.",
        discussion: """
            Asks for the current password, and twice for the new one. With --password-stdin or --password-file the \
            first line is the current password and the second line the new one.
            """,
        showsRecords: false, examples: "passwd", "passwd --password-stdin < old-and-new")

    @OptionGroup var password: PasswordOptions
    @OptionGroup var options: GlobalOptions

    func run(_ context: CommandContext) throws {
        let user = try context.authorized { try context.client.send(Endpoints.me.call(), authorization: $0) }
        let change = try password.change(for: user.name, context)
        try change.validate(name: user.name)
        do {
            try context.authorized {
                try context.client.send(Endpoints.changePassword.call(change), authorization: $0)
            }
        } catch let problem as Problem where problem.knownCode == .passwordWrong {
            throw CommandError(problem).saying(
                hint: "if you forgot it: libraryd user passwd \(user.name), on the daemon's machine")
        }
        context.diagnostics.say("changed the password of \(user.name); all other logins and all API keys have ended")
    }
}
