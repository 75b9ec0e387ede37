import ArgumentParser
import Foundation
import LibraryPostgres
import LibraryServer
import LibraryStore
import Shared

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the library into one file, whether the daemon is up or down.",
        discussion: """
            The copy is complete, private and inspected before it gets its name. Its SHA-256 and what it holds are \
            written beside it, to FILE.manifest.
            """)

    @OptionGroup var flags: FolderFlags

    @Option(help: "How many backups to keep: older ones become FILE.1, FILE.2 and so on.")
    var keep = 1

    @OptionGroup var output: OutputOptions

    @Argument(help: "File to write; a backup of that name is replaced.", completion: .file())
    var file: String

    func run() async throws {
        try await Exit.reporting("backup", asJSON: output.wantsJSON) {
            guard file != "-" else {
                throw CommandError(
                    .usage, "a backup is a file, and cannot be written to standard output",
                    hint: "libraryd backup FILE && cat FILE")
            }
            let path = absolute(file)
            let manifest = try await flags.perform(.backup(path: path, keep: keep))
            guard let format = output.format else {
                return print(
                    "\(file): authors: \(manifest.authors), users: \(manifest.users), bytes: \(manifest.bytes)")
            }
            Listing(
                one: BackupResult(path: path, manifest: manifest),
                [
                    .init("path", \.path), .init("authors") { String($0.manifest.authors) },
                    .init("users") { String($0.manifest.users) }, .init("bytes") { String($0.manifest.bytes) },
                    .init("created_at") { $0.manifest.createdAt.description },
                    .init("sha256", \.manifest.sha256),
                ]
            ).show(format)
        }
    }
}

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Replace the library with a backup, while the daemon is down.",
        discussion: """
            The backup is verified first. The library that was there is kept under another name in the data folder. \
            All logins end: some of those in the backup may have been ended since. With --database, restore the \
            database with its own tools, and run this without a file.
            """)

    @OptionGroup var flags: FolderFlags

    @Argument(help: "A file that `libraryd backup` made.", completion: .file())
    var file: String?

    func run() async throws {
        try await Exit.reporting {
            let settings = try flags.ownSettings()
            if let database = settings.database { return try await restore(database, settings) }
            guard let file = file.map(absolute) else {
                throw CommandError(.usage, "no backup is named", hint: "libraryd restore FILE")
            }
            let folder = try DataFolder(path: settings.data)
            let restored = try Restore(from: file, into: folder, at: Clock.system.now())
            print("restored: authors: \(restored.inspection.authors), users: \(restored.inspection.users)")
            if let warning = try SQLiteStore.warning(ofCopy: file) { Exit.warn(warning) }
            if let kept = restored.kept { print("the library that was there: \(kept)") }
        }
    }

    private func restore(_ database: DatabaseURL, _ settings: Settings) async throws {
        guard file == nil else {
            throw CommandError(
                .usage, "\(database) is restored with the tools of its server",
                hint: "pg_restore, and then: libraryd restore --database URL")
        }
        let store = try await settings.openLibrary(in: database, creates: false)
        defer { store.close() }
        try await store.beginAnew(at: store.clock.now())
        print("all logins and API keys in \(database) have ended")
    }
}

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Inspect the library: pages, schema, references, search index.",
        discussion: """
            Only reads, whether the daemon is up or down. A backup is also compared with its FILE.manifest, if \
            there is one. Exits with 65 if something is wrong.
            """)

    @OptionGroup var flags: FolderFlags
    @OptionGroup var output: OutputOptions

    @Argument(help: "A backup to inspect instead.", completion: .file())
    var file: String?

    func run() async throws {
        try await Exit.reporting("check", asJSON: output.wantsJSON) {
            let settings = try file == nil ? flags.ownSettings() : flags.settings()
            let (path, inspection) = try await inspect(settings)
            let result = CheckResult(path: path, inspection: inspection)
            if let format = output.format { Listing(one: result, Self.columns).show(format) }
            guard inspection.faults.isEmpty else {
                throw CommandError(
                    .dataError, "\(path) is damaged:\n" + inspection.faults.map { "  \($0)" }.joined(separator: "\n"),
                    hint: inspection.isRepairedByRestore
                        ? "libraryd backup FILE, and, with the daemon stopped, libraryd restore FILE"
                        : "restore a backup")
            }
            if file != nil { try BackupManifest.requireUnchanged(path) }
            if output.format == nil {
                print("\(path): ok: \(inspection.summary)")
                if file == nil { print(settings.history.summary) }
            }
            if file != nil, let warning = try SQLiteStore.warning(ofCopy: path) { Exit.warn(warning) }
        }
    }

    /// What is inspected, and what it is like.
    private func inspect(_ settings: Settings) async throws -> (String, Inspection) {
        guard file == nil, let database = settings.database else {
            let path = file.map(absolute) ?? DataFolder.databasePath(in: settings.data)
            return (path, try Inspection(file: path, isBackup: file != nil))
        }
        let store = try await settings.openLibrary(in: database, creates: false)
        defer { store.close() }
        if try await store.server().synchronousStandbys.isEmpty {
            Exit.warn(
                "no commit waits for a standby: what is acknowledged is lost with the server",
                hint: "set synchronous_standby_names if the server has standbys")
        }
        // A server that another one has replaced can be read too, but commits nothing.
        do {
            try await store.begin()
        } catch {
            throw CommandError(error, library: store.place)
        }
        return (store.place, try await store.inspect())
    }
}

extension CheckCommand {
    private static let columns: [Listing<CheckResult>.Column] = [
        .init("path", \.path), .init("authors") { String($0.inspection.authors) },
        .init("users") { String($0.inspection.users) }, .init("schema") { String($0.inspection.schema) },
        .init("changes") { String($0.inspection.changes) },
        .init("oldest_change") { $0.inspection.oldestChange?.description ?? "" },
        .init("faults") { String($0.inspection.faults.count) },
    ]
}

extension Inspection {
    fileprivate var summary: String {
        "authors: \(authors), users: \(users), schema: \(schema), changes: \(changes)"
            + (oldestChange.map { " since \($0)" } ?? "")
    }
}

extension HistoryLimit {
    fileprivate var summary: String {
        "kept of each user: \(events) changes" + (age.map { ", for \($0) at most" } ?? "")
    }
}

/// A backup for the output: its path and its manifest.
private struct BackupResult: JSONWritable {
    let path: String
    let manifest: BackupManifest

    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("path", path)
            manifest.writeMembers(to: &$0)
        }
    }
}

/// The result of an inspection.
private struct CheckResult: JSONWritable {
    let path: String
    let inspection: Inspection

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("path", path)
            json.member("authors", inspection.authors)
            json.member("users", inspection.users)
            json.member("schema", inspection.schema)
            json.member("changes", inspection.changes)
            json.member("oldest_change", inspection.oldestChange)
            json.member("faults") { json in json.array { for fault in inspection.faults { $0.string(fault) } } }
        }
    }
}

/// The path as an absolute path: the daemon, which may do the work, has another working folder than this process.
func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
}
