import ArgumentParser
import Shared

struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "List the users, and say who is an admin.",
        discussion: "Works whether the daemon is up or down.",
        subcommands: [List.self, Promote.self, Demote.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all users: name, role, authors, public id.")

        @OptionGroup var flags: FolderFlags

        func run() async throws {
            try await Exit.reporting {
                let list: UserList = try await flags.perform(OperatorRequest(.list))
                for user in list.users {
                    print("\(user.name)\t\(user.admin ? "admin" : "user")\t\(user.authors)\t\(user.publicID)")
                }
            }
        }
    }

    struct Promote: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a user an admin.")

        @OptionGroup var flags: FolderFlags
        @Argument(help: "Name of the user.") var name: String

        func run() async throws {
            try await Exit.reporting {
                let _: UserList = try await flags.perform(OperatorRequest(.promote, name: name))
                print("\(name) is an admin")
            }
        }
    }

    struct Demote: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make an admin a plain user again.")

        @OptionGroup var flags: FolderFlags
        @Argument(help: "Name of the user.") var name: String

        func run() async throws {
            try await Exit.reporting {
                let _: UserList = try await flags.perform(OperatorRequest(.demote, name: name))
                print("\(name) is a plain user")
            }
        }
    }
}
