import ArgumentParser
import Shared

struct SessionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions", abstract: "List and end your logins.", subcommands: [List.self, Revoke.self])

    struct List: ParsableCommand, SessionCommand {
        static let title = "sessions list"
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List your logins on all machines, the latest first.")

        @OptionGroup var options: GlobalOptions

        func run(_ session: Session) throws {
            try session.output.show(try session.logins())
        }
    }

    struct Revoke: ParsableCommand, SessionCommand {
        static let title = "sessions revoke"
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "End logins: their tokens stop working at once.",
            discussion: "To end the login of this machine too: libctl logout --all")

        @Argument(help: "Id of the login.", completion: .custom(Candidates.sessions)) var id: [String] = []
        @Flag(help: "All but the one in use.") var others = false
        @OptionGroup var options: GlobalOptions

        func validate() throws {
            guard id.isEmpty == others else { throw ValidationError("say which logins: ids, or --others") }
        }

        func run(_ session: Session) throws {
            if others {
                let path = Endpoints.endSessions.path + QueryItem.string(SessionScope.others.items)
                try session.authorized { try session.client.call(Endpoints.endSessions, path: path, authorization: $0) }
                return session.talk.say("ended all other logins")
            }
            try session.forEach(id, noun: "session") { id in
                try session.authorized {
                    try session.client.call(
                        Endpoints.endSession, path: Endpoints.endSession.path(id), authorization: $0)
                }
            }
            session.talk.say("ended \(id.count == 1 ? "the login" : "\(id.count) logins")")
        }
    }
}

extension Session {
    func logins() throws -> [LoginSession] {
        try authorized { try client.call(Endpoints.sessions, authorization: $0) }.sessions
    }
}
