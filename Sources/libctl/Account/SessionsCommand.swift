import ArgumentParser
import Shared

struct SessionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions", abstract: "List and end your logins.",
        subcommands: [List.self, Kept.self, Revoke.self])

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

    /// Reads `credentials.json` only; no daemon is asked.
    struct Kept: ParsableCommand, ContextCommand {
        static let title = "sessions kept"
        static let configuration = CommandConfiguration(
            "kept", "List the logins that are kept here, and until when each is good.",
            discussion: """
                Asks no daemon, so a login that was ended elsewhere is listed too; 'libctl whoami' asks. A login is \
                good until expires_at at the latest, and ends when it is not used for seven days. --server and --user \
                choose logins.
                """,
            examples: "sessions kept", "sessions kept --json", "sessions kept --fields server,user,expires_at")

        @OptionGroup var options: GlobalOptions

        func run(_ context: CommandContext) throws {
            let all = try context.credentials.read().logins
            let chosen = all.filter { login in
                (options.server == nil || login.server == context.server.origin)
                    && (options.user.map(login.isUser) ?? true)
            }
            try context.output.show(chosen.map { KeptLogin($0) })
            if chosen.isEmpty { context.diagnostics.say("no \(all.isEmpty ? "" : "such ")login is kept here") }
        }
    }

    struct Revoke: ParsableCommand, ContextCommand {
        static let title = "sessions revoke"
        static let configuration = CommandConfiguration(
            "revoke", "End logins: their tokens stop working at once.",
            discussion: "To end the login of this machine too: libctl logout --all",
            showsRecords: false, examples: "sessions revoke --others", "sessions revoke 6f9619ff",
            "sessions revoke 6f9619ff-8b86-4011-b42d-00c04fc964ff")

        @Argument(
            help: "Id of the login, or its beginning as 'sessions list' shows it.",
            completion: .custom(Candidates.sessions)) var id: [String] = []
        @Flag(help: "End all logins but the one in use.") var others = false
        @OptionGroup var options: GlobalOptions

        func validate() throws {
            guard id.isEmpty == others else {
                throw CommandError(
                    .usage, others ? "ids and --others contradict each other" : "no login is named",
                    hint: "libctl sessions list shows the ids; --others ends all but this login")
            }
        }

        func run(_ context: CommandContext) throws {
            if others {
                try context.authorized {
                    try context.client.send(Endpoints.endSessions.call(.others), authorization: $0)
                }
                return context.diagnostics.say("ended all other logins")
            }
            let ids = try wholeIDs(context)
            try context.forEach(ids, noun: "session") { id in
                try context.authorized {
                    try context.client.send(Endpoints.endSession.call(id), authorization: $0)
                }
            }
            context.diagnostics.say("ended \(id.count == 1 ? "the login" : "\(id.count) logins")")
        }

        /// Completes each beginning of an id of at least 4 characters. A text that begins no id stays as it is, and the
        /// daemon tells that there is no such login.
        /// - Throws: ``CommandError`` `usage` if several ids begin so.
        private func wholeIDs(_ context: CommandContext) throws -> [String] {
            let uuid = 36
            guard id.contains(where: { (4..<uuid).contains($0.utf8.count) }) else { return id }
            let all = try context.logins().map(\.id)
            return try id.map { text in
                let found = text.utf8.count < 4 ? [] : all.filter { $0.hasPrefix(text.lowercased()) }
                guard found.count < 2 else {
                    throw CommandError(
                        .usage, "\(found.count) logins have ids that begin with \(text)",
                        hint: "libctl sessions list --fields id,client shows whole ids")
                }
                return found.first ?? text
            }
        }
    }
}

/// A login in `credentials.json`, without its secrets.
private struct KeptLogin: Displayable {
    static let fields: [DisplayField<KeptLogin>] = [
        .init("server") { .string($0.login.server) }, .init("user") { .string($0.login.user) },
        .init("current", .word) { .bool($0.login.current) },
        .init("expires_at", .time) { .string($0.login.refreshExpiresAt.description) },
        .init("token_expires_at", .time) { .string($0.login.expiresAt.description) },
        .init("daemon", .word) { $0.login.daemon.map { .string($0.daemon) } },
        .init("public_id", .word) { $0.login.daemon.map { .string($0.user) } },
    ]
    static let columns = ["server", "user", "current", "expires_at"]

    let login: Credential
    var identifier: String { login.server }

    init(_ login: Credential) {
        self.login = login
    }
}

extension CommandContext {
    func logins() throws -> [LoginSession] {
        try authorized { try client.send(Endpoints.sessions.call(), authorization: $0) }.sessions
    }
}
