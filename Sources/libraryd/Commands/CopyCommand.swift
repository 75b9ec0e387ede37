import ArgumentParser
import LibraryPostgres
import LibraryServer
import LibraryStore
import Shared

struct CopyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy",
        abstract: "Copy the library into an empty PostgreSQL database, while the daemon is down.",
        discussion: """
            Ids, versions, changes, logins and passwords stay as they are. All of the library is copied or nothing; \
            the library in the file stays as it is. Then start the daemon with the same --database.
            """)

    @OptionGroup var flags: FolderFlags

    func run() async throws {
        try await Exit.reporting {
            let settings = try flags.ownSettings()
            guard let database = settings.database else {
                throw CommandError(
                    .usage, "no database is named", hint: "libraryd copy --database postgresql://HOST/NAME")
            }
            guard try FileStatus(path: DataFolder.databasePath(in: settings.data)) != nil else {
                throw CommandError(
                    .notFound, "there is no library in \(settings.data)", hint: "use --data DIR, or start libraryd")
            }
            let folder = try DataFolder(path: settings.data)
            try folder.requireLibraryNotLost()
            let store = try SQLiteStore(path: folder.databasePath)
            defer { store.close() }
            do {
                let copied = try await PostgresStore.copy(
                    store, to: database, folder: settings.data, secret: try folder.keys.load().current)
                print(
                    "copied to \(database): users: \(copied.users), authors: \(copied.authors), changes: "
                        + "\(copied.changes), sessions: \(copied.sessions), API keys: \(copied.keys)")
            } catch {
                throw CommandError(error, library: database.description)
            }
        }
    }
}
