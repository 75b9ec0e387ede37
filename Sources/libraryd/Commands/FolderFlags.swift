import ArgumentParser
import Foundation
import LibraryServer
import LibraryStore
import Logging
import Shared

/// The flags that say where the library is, for commands other than `serve`.
struct FolderFlags: ParsableArguments {
    @Option(
        help: "Folder for the database and the key. (default: ~/.local/share/libraryd)", completion: .directory)
    var data: String?

    @Option(help: "JSON file with settings, named like the options of serve.", completion: .file())
    var config: String?

    /// - Parameter warns: whether unknown variables are reported on standard error.
    func settings(warns: Bool = true) throws -> Settings {
        let options = ["data": data, "config": config].compactMapValues { $0 }
        let settings = try Settings(options: options, environment: ProcessInfo.processInfo.environment)
        if warns { Exit.warn(of: settings.unknownVariables) }
        return settings
    }

    /// The settings, if the library's folder belongs to this user or is missing.
    /// - Throws: ``CommandError`` `noPermission`.
    func ownSettings() throws -> Settings {
        let settings = try settings()
        try FolderOwner.require(settings.data)
        return settings
    }

    /// Sends the command to the running daemon, or takes the folder's lock and performs the command in this process.
    func perform<Answer: JSONReadable>(_ command: OperatorCommand<Answer>) async throws -> Answer {
        let settings = try ownSettings()
        if let answer = try OperatorSocket.ask(command, at: DataFolder.operatorSocketPath(in: settings.data)) {
            return answer
        }
        guard try FileStatus(path: DataFolder.databasePath(in: settings.data)) != nil else {
            throw CommandError(
                .notFound, "there is no library in \(settings.data)", hint: "start libraryd once, or use --data DIR")
        }
        let folder = try DataFolder(path: settings.data)
        try folder.requireLibraryNotLost()
        let store = try SQLiteStore(path: folder.databasePath)
        defer { store.close() }
        let app = try await App(
            store: store, keys: folder.keys, tokenLifetime: settings.tokenLifetime,
            refreshLifetime: settings.refreshLifetime, passwords: Passwords(),
            logger: Logger(label: "libraryd") { _ in SwiftLogNoOpLogHandler() })
        do {
            // Encoded and decoded, as the answer over the socket is.
            return try Answer(json: try await app.perform(command.request).json, unknownMembers: .rejected)
        } catch {
            throw CommandError(error, library: folder.databasePath)
        }
    }
}
