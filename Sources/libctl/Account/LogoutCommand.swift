import ArgumentParser
import Shared

struct LogoutCommand: ParsableCommand, SessionCommand {
    static let title = "logout"
    static let configuration = CommandConfiguration(
        "logout", "End the session and forget its token.", examples: "logout", "logout --all")

    @Flag(help: "End your logins on all machines.")
    var all = false

    @OptionGroup var options: GlobalOptions

    func run(_ session: Session) throws {
        if session.io.variable("LIBCTL_TOKEN") != nil {
            try end(session)
            return session.talk.say("logged out")
        }
        guard let credential = session.login(in: try session.credentials.read()) else {
            throw CommandError(.notLoggedIn, "not logged in at \(session.server.origin)")
        }
        do {
            try end(session)
        } catch let failure where !all && Self.hasEnded(failure) {
            // The daemon has ended the session already; all that is left is to forget it.
        }
        try session.credentials.update { all, _ in all.remove(credential) }
        session.talk.say("logged out \(credential.user)\(all ? " everywhere" : "")")
    }

    private static func hasEnded(_ error: any Error) -> Bool {
        let code = CommandError(error).problem?.knownCode
        return code == .tokenRevoked || code == .refreshTokenInvalid
    }

    private func end(_ session: Session) throws {
        let path = Endpoints.endSessions.path + QueryItem.string(SessionScope.all.items)
        try session.authorized { authorization in
            if all {
                try session.client.call(Endpoints.endSessions, path: path, authorization: authorization)
            } else {
                try session.client.call(Endpoints.logout, authorization: authorization)
            }
        }
    }
}
