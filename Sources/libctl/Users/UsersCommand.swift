import ArgumentParser
import Shared

/// The `users` commands, for admins.
struct UsersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users", abstract: "List users and change their roles and access; for admins.",
        discussion: "The first admin is made on the daemon's machine: libraryd user promote NAME",
        subcommands: [List.self, Promote.self, Demote.self, Disable.self, Enable.self, Remove.self])

    struct List: ParsableCommand, ContextCommand {
        static let title = "users list"
        static let configuration = CommandConfiguration(
            "list", "List all users.", examples: "users list", "users list --json")

        @OptionGroup var options: GlobalOptions

        func run(_ context: CommandContext) throws {
            try context.output.show(try context.users())
        }
    }

    struct Promote: UserChange {
        static let title = "users promote"
        static let patch = UserPatch(admin: true)
        static let configuration = CommandConfiguration(
            "promote", "Make users admins.", examples: "users promote ada")
        @OptionGroup var target: Target
        @OptionGroup var options: GlobalOptions
    }

    struct Demote: UserChange {
        static let title = "users demote"
        static let patch = UserPatch(admin: false)
        static let configuration = CommandConfiguration(
            "demote", "Make admins plain users again.", examples: "users demote ada")
        @OptionGroup var target: Target
        @OptionGroup var options: GlobalOptions
    }

    struct Disable: UserChange {
        static let title = "users disable"
        static let patch = UserPatch(disabled: true)
        static let configuration = CommandConfiguration(
            "disable", "Log users out everywhere and keep them from logging in.", examples: "users disable eve mallory")
        @OptionGroup var target: Target
        @OptionGroup var options: GlobalOptions
    }

    struct Enable: UserChange {
        static let title = "users enable"
        static let patch = UserPatch(disabled: false)
        static let configuration = CommandConfiguration(
            "enable", "Let disabled users log in again.", examples: "users enable eve")
        @OptionGroup var target: Target
        @OptionGroup var options: GlobalOptions
    }

    struct Remove: ParsableCommand, ContextCommand {
        static let title = "users rm"
        static let configuration = CommandConfiguration(
            "rm", "Delete users and all their authors.",
            discussion: "Asks on a terminal, and shows which users would go; elsewhere it needs --yes.",
            showsRecords: false, examples: "users rm eve", "users rm eve --yes")

        @OptionGroup var target: Target
        @Flag(name: .shortAndLong, help: "Do not ask.") var yes = false
        @OptionGroup var options: GlobalOptions

        func run(_ context: CommandContext) throws {
            let users = try context.users()
            if !yes {
                let chosen = try target.names.map { try context.user($0, among: users) }
                try context.confirm(
                    chosen.map { "  \($0.name) with \(counted($0.authors, "author"))" },
                    "Delete \(chosen.count == 1 ? "this user" : "these \(chosen.count) users")?",
                    otherwise: "nothing was deleted")
            }
            try context.forEach(target.names, noun: "user") { name in
                let user = try context.user(name, among: users)
                try context.authorized {
                    try context.client.send(Endpoints.deleteUser.call(user.publicID), authorization: $0)
                }
                context.diagnostics.say("deleted \(user.name)")
            }
        }
    }

    struct Target: ParsableArguments {
        @Argument(
            help: ArgumentHelp("Name or public id of the user.", valueName: "name"),
            completion: .custom(Candidates.users))
        var names: [String]
    }
}

/// A command that changes users and shows the changed users.
protocol UserChange: ParsableCommand, ContextCommand {
    static var patch: UserPatch { get }
    var target: UsersCommand.Target { get }
}

extension UserChange {
    func run(_ context: CommandContext) throws {
        let users = try context.users()
        let list = try context.output.list(of: User.self, single: target.names.count == 1)
        try context.forEach(target.names, noun: "user") { name in
            let call = Endpoints.updateUser.call(try context.user(name, among: users).publicID, Self.patch)
            try list.add(
                try context.authorized {
                    try context.client.send(call, authorization: $0)
                })
        }
        try list.end()
    }
}

extension CommandContext {
    func users() throws -> [User] {
        try authorized { try client.send(Endpoints.users.call(), authorization: $0) }.users
    }

    /// The user with that name, ignoring case, or with that public id.
    /// - Throws: ``CommandError`` `notFound`.
    func user(_ text: String, among users: [User]) throws -> User {
        try item(text, among: users, "there is no user", list: "libctl users list")
    }
}
