import ArgumentParser
import Shared

struct WhoamiCommand: ParsableCommand, ContextCommand {
    static let title = "whoami"
    static let configuration = CommandConfiguration(
        "whoami", "Show who is logged in, by asking the daemon.", examples: "whoami", "whoami --json")

    @OptionGroup var options: GlobalOptions

    func run(_ context: CommandContext) throws {
        let user = try context.authorized { try context.client.send(Endpoints.me.call(), authorization: $0) }
        if options.choosesResults { try context.output.show(user) } else { try context.output.line(user.name) }
    }
}
