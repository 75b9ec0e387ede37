import Foundation
import GRDB
import Glibc
package import Shared

/// The manifest beside a backup, by which a later change of the copy is found.
package struct BackupManifest: JSONReadable, JSONWritable, Equatable {
    package let createdAt: Timestamp
    package let schema: Int64
    package let users: Int64
    package let authors: Int64
    package let bytes: Int64
    /// The SHA-256 of the whole file, in hexadecimal digits.
    package let sha256: String

    package static func path(of backup: String) -> String { backup + ".manifest" }

    /// The manifest beside a backup; `nil` if there is none.
    package static func beside(_ backup: String) throws -> BackupManifest? {
        let path = path(of: backup)
        guard let status = try FileStatus(path: path) else { return nil }
        guard status.kind == .regular,
            let manifest = try? BackupManifest(json: FileContents.read(path, limit: 4096), unknownMembers: .ignored)
        else { throw CommandError(.dataError, "\(path) is not a manifest", hint: "delete it to restore without it") }
        return manifest
    }

    /// Passes if a backup is as its manifest says, or has none.
    /// - Throws: ``CommandError`` `dataError`.
    package static func requireUnchanged(_ backup: String) throws {
        guard let manifest = try beside(backup), try Digest.sha256(file: backup) != manifest.sha256 else { return }
        throw CommandError(
            .dataError, "\(backup) is not what was backed up: its SHA-256 is another", hint: "restore another backup")
    }

    package init(_ inspection: Inspection, of file: String, at now: Timestamp, until cancellation: Cancellation) throws
    {
        createdAt = now
        schema = inspection.schema
        users = inspection.users
        authors = inspection.authors
        bytes = try FileStatus(path: file)?.size ?? 0
        sha256 = try Digest.sha256(file: file, until: cancellation)
    }

    package init(from object: inout ObjectReader) {
        createdAt = object.timestamp("created_at")
        schema = object.integer("schema")
        users = object.integer("users")
        authors = object.integer("authors")
        bytes = object.integer("bytes")
        sha256 = object.string("sha256")
    }

    package func write(to json: inout JSONWriter) {
        json.object { writeMembers(to: &$0) }
    }

    /// Writes the members of the JSON object, to which a caller adds others.
    package func writeMembers(to json: inout JSONWriter) {
        json.member("created_at", createdAt)
        json.member("schema", schema)
        json.member("users", users)
        json.member("authors", authors)
        json.member("bytes", bytes)
        json.member("sha256", sha256)
    }
}

/// A copy of the library: one private file, complete and inspected before it gets its name.
package struct Backup {
    package let path: String
    /// How many there are at most, this one with those that it pushes back: `path.1`, `path.2` …
    package let keep: Int

    /// - Throws: ``CommandError`` for a path where a backup would destroy something else.
    package init(path: String, keep: Int, library: String) throws {
        // A link stays, and the file that it names is written.
        let path = try Self.target(of: path)
        self.path = path
        self.keep = keep
        guard (1...1000).contains(keep) else { throw CommandError(.usage, "--keep takes a number from 1 to 1000") }
        let folder = PathName.folder(of: path)
        guard let status = try FileStatus(path: folder) else {
            throw CommandError(
                .noInput, "there is no folder \(folder)", hint: "mkdir -p \(Escaping.shell(folder))")
        }
        guard status.isFolder else {
            throw CommandError(.noInput, "\(folder) is not a folder", hint: "choose another name")
        }
        let home = PathName.folder(of: library)
        if try status.identity == FileStatus(path: home)?.identity,
            PathName.name(of: path).hasPrefix(PathName.name(of: library))
        {
            throw CommandError(.usage, "\(path) is a name that the library itself needs", hint: "choose another name")
        }
        for name in names { try Self.requireBackup(at: name, library: library) }
    }

    /// The path to which links lead, also where there is no file yet.
    private static func target(of path: String) throws -> String {
        var path = path
        for _ in 0..<40 {
            guard let next = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else { return path }
            path = next.hasPrefix("/") ? next : PathName.folder(of: path) + "/" + next
        }
        throw CommandError(.noInput, "\(path): \(String(cString: strerror(ELOOP)))", hint: "choose another name")
    }

    /// Where this backup and the older ones are, the newest first.
    private var names: [String] { [path] + (1..<keep).map { "\(path).\($0)" } }

    /// Passes if nothing is lost when the file of that name, and its manifest, is replaced.
    private static func requireBackup(at path: String, library: String) throws {
        let own = try FileStatus(path: library)?.identity
        let status = try FileStatus(path: path)
        guard status?.isFolder != true else {
            throw CommandError(
                .conflict, "\(path) is a folder", hint: "libraryd backup \(Escaping.shell(path + "/library.db"))")
        }
        let isBackup = try status.map {
            try $0.kind == .regular && $0.identity != own && SQLiteStore.isLibrary(header: path)
        }
        guard isBackup != false else {
            throw CommandError(.conflict, "\(path) exists and is not a backup", hint: "choose another name")
        }
        do {
            _ = try BackupManifest.beside(path)
        } catch let error as CommandError {
            throw CommandError(.conflict, error.reason, hint: "choose another name")
        }
    }

    /// Copies all that was committed when it begins. Writes go on meanwhile and are not in it.
    func make(
        from source: Database, at now: Timestamp, until cancellation: Cancellation = Cancellation()
    ) throws -> BackupManifest {
        let partial = path + ".partial"
        defer { unlink(partial) }
        do {
            let inspection = try Self.copy(source, to: partial, until: cancellation)
            try inspection.requireNoFaults(in: "the library", hint: "libraryd check tells more")
            let manifest = try BackupManifest(inspection, of: partial, at: now, until: cancellation)
            try pushBack()
            // A backup without a manifest is good; one with another's would not be.
            unlink(BackupManifest.path(of: path))
            try FileContents.rename(partial, to: path)
            try FileContents.write(manifest.json + [.newline], to: BackupManifest.path(of: path))
            return manifest
        } catch let error as DatabaseError {
            try cancellation.check()
            throw CommandError(database: error, path: partial)
        }
    }

    /// Copies a database into a new private file, without a write-ahead log, and inspects the copy.
    /// - Throws: ``CommandError``, `DatabaseError`.
    static func copy(
        _ source: Database, to path: String, until cancellation: Cancellation = Cancellation()
    ) throws -> Inspection {
        for suffix in SQLiteStore.databaseSuffixes { unlink(path + suffix) }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw CommandError(.ioError, "\(path): \(systemError())") }
        close(descriptor)
        var configuration = Configuration()
        let bytes = try Int64.fetchOne(
            source, sql: "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        let limit = WorkLimit(bytes: bytes ?? 0, until: cancellation)
        configuration.prepareDatabase { limit.apply(to: $0) }
        let copy = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? copy.close() }
        return try copy.writeWithoutTransaction { db in
            try copyPages(source, to: db, until: cancellation)
            try db.execute(sql: "PRAGMA synchronous = FULL; PRAGMA journal_mode = DELETE")
            return try Inspection(db)
        }
    }

    /// In one read transaction, so as of one instant, and in steps, so that it can be given up
    /// (https://www.sqlite.org/backup.html).
    private static func copyPages(
        _ source: Database, to copy: Database, until cancellation: Cancellation
    ) throws {
        let isOwn = !source.isInsideTransaction
        if isOwn { try source.beginTransaction(.deferred) }
        defer { if isOwn { try? source.rollback() } }
        // A transaction begins with its first read (https://www.sqlite.org/lang_transaction.html).
        _ = try Int.fetchOne(source, sql: "SELECT count(*) FROM sqlite_schema")
        try source.backup(to: copy, pagesPerStep: 1024) { _ in try cancellation.check() }
    }

    private func pushBack() throws {
        guard try FileStatus(path: path) != nil else { return }
        for (newer, older) in zip(names, names.dropFirst()).reversed() where try FileStatus(path: newer) != nil {
            unlink(BackupManifest.path(of: older))
            try FileContents.rename(newer, to: older)
            _ = Glibc.rename(BackupManifest.path(of: newer), BackupManifest.path(of: older))
        }
    }
}

extension SQLiteStore {
    /// Copies the library into one file, with a manifest beside it, while reads and writes go on.
    package func backUp(to path: String, keep: Int, at now: Timestamp) async throws -> BackupManifest {
        let library = self.path
        return try await Cancellation.following { cancellation in
            try await readers.readAll {
                try Backup(path: path, keep: keep, library: library).make(from: $0, at: now, until: cancellation)
            }
        }
    }
}
