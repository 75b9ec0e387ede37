import ArgumentParser
import Foundation
import LibraryPostgres
import LibraryServer
import LibraryStore
import Logging
import Shared

/// The flags that say where the library is, for commands other than `serve`.
struct FolderFlags: ParsableArguments {
    @Option(
        help: "Folder for the database and the key. (default: ~/.local/share/libraryd)", completion: .directory)
    var data: String?

    @Option(help: "PostgreSQL database that has the library, as serve takes it.")
    var database: String?

    @Option(help: "JSON file with settings, named like the options of serve.", completion: .file())
    var config: String?

    /// - Parameter warns: whether unknown variables are reported on standard error.
    func settings(warns: Bool = true) throws -> Settings {
        let options = ["data": data, "database": database, "config": config].compactMapValues { $0 }
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

    /// Sends the command to the running daemon, or takes the folder's lock and performs the command in this process. On
    /// a PostgreSQL database it is performed in this process, beside the daemons.
    func perform<Answer: JSONReadable>(_ command: OperatorCommand<Answer>) async throws -> Answer {
        let settings = try ownSettings()
        if let database = settings.database {
            return try await settings.withLibrary(in: database) { try await Self.perform(command, $0) }
        }
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
        return try await Self.perform(command, try await settings.app(store))
    }

    static func perform<Answer: JSONReadable>(_ command: OperatorCommand<Answer>, _ app: App) async throws -> Answer {
        do {
            // Encoded and decoded, as the answer over the socket is.
            return try Answer(json: try await app.perform(command.request).json, unknownMembers: .rejected)
        } catch {
            throw CommandError(error, library: app.store.place)
        }
    }
}

extension Settings {
    /// Runs `body` with the library in a PostgreSQL database.
    /// - Throws: ``CommandError`` `notFound` if there is none.
    func withLibrary<Value>(in database: DatabaseURL, _ body: (App) async throws -> Value) async throws -> Value {
        let store = try await openLibrary(in: database, creates: false)
        defer { store.close() }
        return try await body(try await app(store))
    }

    /// Opens the library in a PostgreSQL database.
    /// - Parameter creates: whether an empty database becomes one.
    func openLibrary(in database: DatabaseURL, creates: Bool) async throws -> PostgresStore {
        let keys = KeyFiles(folder: data)
        let secret = try FileStatus(path: data) == nil ? nil : keys.current()
        guard secret != nil || creates else {
            throw CommandError(
                .configuration, "there is no signing.key in \(data)",
                hint: "copy it from another daemon of \(database), or start libraryd once")
        }
        // A new secret is stored once it is the database's.
        let current = secret ?? .random(count: 32)
        let store = try await PostgresStore(
            database, folder: data, secret: current, history: history, creates: creates)
        if secret == nil { try keys.create(current) }
        return store
    }

    fileprivate func app(_ store: any Store) async throws -> App {
        try await App(
            store: store, keys: KeyFiles(folder: data), tokenLifetime: tokenLifetime, refreshLifetime: refreshLifetime,
            passwords: Passwords(), clock: store.clock,
            logger: Logger(label: "libraryd") { _ in SwiftLogNoOpLogHandler() })
    }
}
