import ArgumentParser
import Shared

struct PasswdCommand: ParsableCommand, SessionCommand {
    static let title = "passwd"
    static let configuration = CommandConfiguration(
        "passwd", "Change your password; all other logins of yours end.",
        discussion: """
            Asks for the current password, and twice for the new one. With --password-stdin or --password-file the first
            line is the current password and the second line the new one.
            """,
        examples: "passwd", "passwd --password-stdin < old-and-new")

    @OptionGroup var password: PasswordOptions
    @OptionGroup var options: GlobalOptions

    func run(_ session: Session) throws {
        let user = try session.authorized { try session.client.call(Endpoints.me, authorization: $0) }
        let change = try password.change(for: user.name, session)
        try change.validate(name: user.name)
        try session.authorized {
            try session.client.call(Endpoints.changePassword, authorization: $0, body: change)
        }
        session.talk.say("changed the password of \(user.name); all other logins have ended")
    }
}
