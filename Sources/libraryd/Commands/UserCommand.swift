import ArgumentParser
import Glibc
import LibraryServer
import LibraryStore
import Shared

struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "List and create users, and change who is an admin and who may log in.",
        discussion: "Works whether the daemon is up or down. A change takes effect with the next request.",
        subcommands: [
            List.self, Add.self, Promote.self, Demote.self, Disable.self, Enable.self, Delete.self, Passwd.self,
            Key.self,
        ])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List all users: name, role, authors, public id, and whether they are disabled.")

        @OptionGroup var flags: FolderFlags
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Exit.reporting("user list", asJSON: output.wantsJSON) {
                let list = try await flags.perform(.list)
                Listing(
                    list.users,
                    [
                        .init("name", \.name), .init("role") { $0.admin ? "admin" : "user" },
                        .init("authors") { String($0.authors) }, .init("public_id", \.publicID),
                        .init("state") { $0.disabled ? "disabled" : "enabled" },
                    ]
                ).show(output.format ?? .automatic)
            }
        }
    }

    /// The user, and the flags that say where the library is.
    struct Target: ParsableArguments {
        @OptionGroup var flags: FolderFlags
        @Argument(help: "Name of the user.", completion: .custom(CompletionAnswer.users)) var name: String

        /// - Parameter command: may ask for what the command needs.
        func perform(_ command: (String) throws -> OperatorCommand<UserList>, _ outcome: String) async throws {
            try await Exit.reporting {
                _ = try await flags.perform(try command(name))
                print("\(name) \(outcome)")
            }
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a user, also while registration is closed.",
            discussion: PasswordInput.help)
        @OptionGroup var target: Target
        @OptionGroup var password: PasswordInput

        func run() async throws {
            try await target.perform(
                { .add($0, password: try password.read("Password for \($0): ")) }, "is created")
        }
    }

    struct Promote: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a user an admin.")
        @OptionGroup var target: Target

        func run() async throws { try await target.perform(OperatorCommand.promote, "is an admin") }
    }

    struct Demote: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make an admin a plain user again.")
        @OptionGroup var target: Target

        func run() async throws { try await target.perform(OperatorCommand.demote, "is a plain user") }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Log a user out everywhere and keep the user from logging in.")
        @OptionGroup var target: Target

        func run() async throws { try await target.perform(OperatorCommand.disable, "is disabled") }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a disabled user log in again.")
        @OptionGroup var target: Target

        func run() async throws { try await target.perform(OperatorCommand.enable, "is enabled") }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a user and all authors of the user.",
            discussion: "Asks on a terminal; elsewhere it needs --yes. Make a backup first: nothing brings them back.")
        @OptionGroup var target: Target
        @Flag(name: .shortAndLong, help: "Do not ask.") var yes = false

        func run() async throws {
            try await target.perform(
                { name in
                    if !yes { try Self.ask(name) }
                    return .delete(name)
                }, "is deleted")
        }

        private static func ask(_ name: String) throws {
            guard isatty(STDIN_FILENO) == 1 else {
                throw CommandError(.usage, "there is no terminal to ask on", hint: "add --yes if you mean it")
            }
            StandardError.write("Delete \(name) and all authors of this user? [y/N] ")
            guard ["y", "yes"].contains(readLine()?.lowercased()) else {
                throw CommandError(.declined, "nothing was deleted")
            }
        }
    }

    struct Passwd: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set another password for a user and log the user out everywhere.",
            discussion: PasswordInput.help)
        @OptionGroup var target: Target
        @OptionGroup var password: PasswordInput

        func run() async throws {
            try await target.perform(
                { .passwd($0, password: try password.read("New password: ")) }, "has a new password")
        }
    }
}
