import ArgumentParser
import CommandHelp
import Shared

struct TokenCommand: ParsableCommand, ContextCommand {
    static let title = "token"
    static let configuration = CommandConfiguration(
        "token", "Print an access token that is valid.",
        discussion: "For other programs: curl -H \"Authorization: Bearer $(libctl token)\" …",
        showsRecords: false, examples: "token", "token --min-ttl 5m")

    @Option(help: "How long the token must still be valid, such as 5m.")
    var minTTL: TimeSpan = TimeSpan(seconds: 10)

    @OptionGroup var options: GlobalOptions

    func run(_ context: CommandContext) throws {
        try context.output.line(try context.token(validFor: minTTL.seconds), named: "token")
    }
}
