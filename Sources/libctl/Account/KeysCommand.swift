import ArgumentParser
import CommandHelp
import Shared

struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Create, list and revoke API keys for programs.",
        discussion: """
            A program sends a key as a Bearer token, and libctl takes it from LIBCTL_TOKEN. A key works until it \
            expires or is revoked, or your password changes. It is good for your authors; your account needs a login.
            """,
        subcommands: [Add.self, List.self, Remove.self])

    struct Add: ParsableCommand, ContextCommand {
        static let title = "keys add"
        static let configuration = CommandConfiguration(
            "add", "Create an API key and print it; it is shown this once.",
            showsRecords: false, examples: "keys add nightly-export --scope read",
            "keys add import --scope write --expires 90d", "keys add cron --scope read > cron.key")

        @Argument(help: "Name of the key, by which you recognize it.") var name: String
        @Option(help: "What the key may do: read, or write, which reads too.") var scope: KeyScope
        @Option(help: "How long the key is valid, such as 90d. (default: until it is revoked)") var expires: TimeSpan?
        @OptionGroup var options: GlobalOptions

        func run(_ context: CommandContext) throws {
            let wanted = APIKeyRequest(name: name, scope: scope, expiresIn: expires?.seconds)
            _ = try wanted.validated()
            let created = try context.authorized {
                try context.client.send(Endpoints.createKey.call(wanted), authorization: $0)
            }
            if options.wantsJSON {
                try context.output.json(created)
            } else {
                try context.output.line(created.secret)
            }
            context.diagnostics.say("created the key \(created.key.name); it is not shown again")
        }
    }

    struct List: ParsableCommand, ContextCommand {
        static let title = "keys list"
        static let configuration = CommandConfiguration(
            "list", "List your API keys, without their secrets.",
            examples: "keys list", "keys list --fields name,last_used_at")

        @OptionGroup var options: GlobalOptions

        func run(_ context: CommandContext) throws {
            let keys = try context.keys()
            try context.output.show(keys)
            if keys.isEmpty { context.sayEmpty("you have no API keys") }
        }
    }

    struct Remove: ParsableCommand, ContextCommand {
        static let title = "keys rm"
        static let configuration = CommandConfiguration(
            "rm", "Revoke API keys: the next request with them is refused.",
            showsRecords: false, examples: "keys rm nightly-export")

        @Argument(
            help: ArgumentHelp("Name or id of the key.", valueName: "name"), completion: .custom(Candidates.keys))
        var names: [String]
        @OptionGroup var options: GlobalOptions

        func run(_ context: CommandContext) throws {
            let keys = try context.keys()
            try context.forEach(names, noun: "key") { name in
                let key = try context.item(name, among: keys, "you have no API key", list: "libctl keys list")
                try context.authorized {
                    try context.client.send(Endpoints.deleteKey.call(key.id), authorization: $0)
                }
                context.diagnostics.say("revoked the key \(key.name)")
            }
        }
    }
}

extension CommandContext {
    fileprivate func keys() throws -> [APIKey] {
        try authorized { try client.send(Endpoints.keys.call(), authorization: $0) }.keys
    }
}
