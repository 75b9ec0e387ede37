import ArgumentParser
import Foundation
import Logging
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
                for user in try await flags.perform(OperatorRequest(.list)).users {
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
                _ = try await flags.perform(OperatorRequest(.promote, name: name))
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
                _ = try await flags.perform(OperatorRequest(.demote, name: name))
                print("\(name) is a plain user")
            }
        }
    }
}

/// Where the library is, for commands that do not serve it.
struct FolderFlags: ParsableArguments {
    @Option(help: "Folder for the database and the key. (default: ~/.local/share/libraryd)")
    var data: String?

    @Option(help: "JSON file with settings, named like the flags of serve.")
    var config: String?

    /// Asks the running daemon, or takes the folder's lock and does the work here.
    func perform(_ request: OperatorRequest) async throws -> UserList {
        var all = Flags.parseOrExit([])
        all.data = data
        all.config = config
        let settings = try await Settings(flags: all, environment: ProcessInfo.processInfo.environment)
        if let users = try OperatorSocket.ask(request, at: DataFolder.operatorSocketPath(in: settings.data)) {
            return users
        }
        guard try FileStatus(path: DataFolder.databasePath(in: settings.data)) != nil else {
            throw StartupError(
                .notFound, "there is no library in \(settings.data)", hint: "start libraryd once, or say --data DIR")
        }
        let folder = try DataFolder(path: settings.data)
        let store = try Store(path: folder.databasePath)
        defer { store.close() }
        let app = try await App(
            store: store, key: try folder.signingKey(), tokenLifetime: settings.tokenLifetime,
            refreshLifetime: settings.refreshLifetime, passwords: Passwords(),
            logger: Logger(label: "libraryd") { _ in SwiftLogNoOpLogHandler() })
        return try await app.perform(request)
    }
}
