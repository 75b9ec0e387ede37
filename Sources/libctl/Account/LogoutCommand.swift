import ArgumentParser
import Shared

struct LogoutCommand: ParsableCommand, ContextCommand {
    static let title = "logout"
    static let configuration = CommandConfiguration(
        "logout", "End the session and forget its token.",
        discussion: "Without a login there is nothing to end, and that is no failure.",
        showsRecords: false, examples: "logout", "logout --all")

    @Flag(help: "End your logins on all machines.")
    var all = false

    @OptionGroup var options: GlobalOptions

    func run(_ context: CommandContext) throws {
        if context.io.variable("LIBCTL_TOKEN") != nil {
            try end(context)
            return context.diagnostics.say("logged out")
        }
        let kept = try context.credentials.read()
        guard let credential = try context.login(in: kept) else {
            let failure = context.notLoggedIn(kept)
            return context.diagnostics.say(
                "\(failure.reason)\(failure.hint.map { $0.hasPrefix("libctl") ? "" : "; \($0)" } ?? "")")
        }
        do {
            try end(context)
        } catch let failure where !all && Self.hasEnded(failure) {
            // The daemon has ended the session already; only the stored login remains to be deleted.
        }
        try context.credentials.update { all, _ in all.remove(credential) }
        context.diagnostics.say("logged out \(credential.user)\(all ? " everywhere" : "")")
    }

    private static func hasEnded(_ error: any Error) -> Bool {
        let code = CommandError(error).problem?.knownCode
        return code == .tokenRevoked || code == .refreshTokenInvalid
    }

    private func end(_ context: CommandContext) throws {
        try context.authorized { authorization in
            if all {
                try context.client.send(Endpoints.endSessions.call(.all), authorization: authorization)
            } else {
                try context.client.send(Endpoints.logout.call(), authorization: authorization)
            }
        }
    }
}
