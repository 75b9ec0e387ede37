import ArgumentParser
import Shared

struct WhoamiCommand: ParsableCommand, SessionCommand {
    static let title = "whoami"
    static let configuration = CommandConfiguration(
        "whoami", "Show who is logged in, by asking the daemon.", examples: "whoami", "whoami --json")

    @OptionGroup var options: GlobalOptions

    func run(_ session: Session) throws {
        let user = try session.authorized { try session.client.call(Endpoints.me, authorization: $0) }
        if options.format == nil, !options.json, options.fields == nil {
            try session.output.line(user.name)
        } else {
            try session.output.show(user)
        }
    }
}
