public import ArgumentParser
public import Shared

struct TokenCommand: ParsableCommand, SessionCommand {
    static let title = "token"
    static let configuration = CommandConfiguration(
        "token", "Print the access token, refreshed if need be.",
        discussion: "For other programs: curl -H \"Authorization: Bearer $(libctl token)\" …",
        examples: "token", "token --min-ttl 5m")

    @Option(help: "How long the token must still be good, such as 5m. (default: 10s)")
    var minTTL: Lifetime = Lifetime(seconds: 10)

    @OptionGroup var options: GlobalOptions

    func run(_ session: Session) throws {
        try session.output.line(try session.token(validFor: minTTL.seconds))
    }
}

extension Lifetime: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(argument)
    }
}
