import ArgumentParser
import Shared

struct SessionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions", abstract: "List and end your logins.", subcommands: [List.self, Revoke.self])

    struct List: ParsableCommand, ContextCommand {
        static let title = "sessions list"
        static let configuration = CommandConfiguration(
            "list", "List your logins on all machines, the latest first.",
            examples: "sessions list", "sessions list --fields client,last_used_at")

        @OptionGroup var options: GlobalOptions

        func run(_ context: CommandContext) throws {
            try context.output.show(try context.logins())
        }
    }

    struct Revoke: ParsableCommand, ContextCommand {
        static let title = "sessions revoke"
        static let configuration = CommandConfiguration(
            "revoke", "End logins: their tokens stop working at once.",
            discussion: "To end the login of this machine too: libctl logout --all",
            examples: "sessions revoke --others", "sessions revoke 6f9619ff-8b86-4011-b42d-00c04fc964ff")

        @Argument(help: "Id of the login.", completion: .custom(Candidates.sessions)) var id: [String] = []
        @Flag(help: "All but the one in use.") var others = false
        @OptionGroup var options: GlobalOptions

        func validate() throws {
            guard id.isEmpty == others else { throw ValidationError("name the logins: ids, or --others") }
        }

        func run(_ context: CommandContext) throws {
            if others {
                try context.authorized {
                    try context.client.send(Endpoints.endSessions.call(.others), authorization: $0)
                }
                return context.diagnostics.say("ended all other logins")
            }
            try context.forEach(id, noun: "session") { id in
                try context.authorized {
                    try context.client.send(Endpoints.endSession.call(id), authorization: $0)
                }
            }
            context.diagnostics.say("ended \(id.count == 1 ? "the login" : "\(id.count) logins")")
        }
    }
}

extension CommandContext {
    func logins() throws -> [LoginSession] {
        try authorized { try client.send(Endpoints.sessions.call(), authorization: $0) }.sessions
    }
}
