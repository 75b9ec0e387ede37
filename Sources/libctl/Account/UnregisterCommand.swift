import ArgumentParser
import Shared

struct UnregisterCommand: ParsableCommand, ContextCommand {
    static let title = "unregister"
    static let configuration = CommandConfiguration(
        "unregister", "Delete your account with all its authors.",
        discussion: """
            Shows the account, asks whether to delete it, and asks for its password. Without a terminal it needs \
            --yes, and an option that says where the password is. Nothing brings the account back but a backup of the \
            daemon; 'libctl authors export FILE' keeps the authors.
            """,
        showsRecords: false, examples: "unregister", "unregister --yes --password-file ~/.library-password")

    @OptionGroup var password: PasswordOptions
    @Flag(name: .shortAndLong, help: "Do not ask whether to delete it.") var yes = false
    @OptionGroup var options: GlobalOptions

    func run(_ context: CommandContext) throws {
        let user = try context.authorized { try context.client.send(Endpoints.me.call(), authorization: $0) }
        if !yes {
            try context.confirm(
                ["  \(user.name) with \(counted(user.authors, "author")) at \(context.server.origin)"],
                "Delete this account?", otherwise: "nothing was deleted")
        }
        let given = try password.password(for: user.name, context)
        do {
            try context.client.send(
                Endpoints.deleteMe.call(), authorization: CommandContext.basic(user.name, given))
        } catch let problem as Problem where problem.knownCode == .credentialsWrong {
            throw CommandError(problem).saying(
                "the password is wrong",
                hint: "if you forgot it: libraryd user passwd \(user.name), on the daemon's machine")
        }
        do {
            try forgetLogins(of: user, context)
        } catch {
            let failure = CommandError(error)
            throw failure.saying("\(user.name) is deleted, but its login is still kept here: \(failure.reason)")
        }
        context.diagnostics.say("deleted \(user.name) and \(counted(user.authors, "author"))")
    }

    /// Removes the login that was used, and those that the same daemon has issued for the account at other addresses.
    private func forgetLogins(of user: User, _ context: CommandContext) throws {
        // Without a folder for files no login is kept.
        guard let file = try? context.credentials else { return }
        try file.update { all, _ in
            guard let used = context.proven ?? all.find(server: context.server.origin, user: user.name) else { return }
            all.removeAccount(of: used)
        }
    }
}
