import GRDB
import Glibc
import Shared

/// The library's database: the only place that knows SQL.
///
/// A `Store` exists only with the newest schema: `init` migrates. Each public method is one transaction. Every write
/// goes through the one writer, which answers after the `fsync` that holds it; reads have connections of their own and
/// never wait for writes.
struct Store: Sendable {
    let path: String
    let writer: Writer
    let readers: Readers
    let revisions = Revisions()
    let sessions: Sessions

    /// Opens the database at `path`, creating and migrating it as needed.
    /// - Throws: ``StartupError`` if the file is damaged, foreign, newer than this program, or cannot be used; the file
    ///   is then as it was.
    init(path: String, migrations: [String] = Migrations.all) throws {
        self.path = path
        sessions = Sessions(revisions: revisions)
        try Self.refuseForeignFile(at: path, newest: migrations.count)
        do {
            let connection = try Self.openWriter(path: path)
            try connection.writeWithoutTransaction { try Self.migrate($0, path: path, migrations) }
            writer = try Writer(connection)
            readers = try Readers(path: path)
        } catch let error as DatabaseError {
            throw StartupError(database: error, path: path)
        }
    }

    /// Waits for the writes that were accepted, moves the write-ahead log into the database and closes both.
    func close() {
        readers.close()
        writer.close()
    }

    /// Looks before anything is changed: even switching to WAL would write into somebody else's file.
    private static func refuseForeignFile(at path: String, newest: Int, allowsEmpty: Bool = true) throws {
        guard try FileStatus(path: path)?.size ?? 0 > 0 || !allowsEmpty else { return }
        do {
            let connection = try openForReading(path: path)
            defer { try? connection.close() }
            try connection.unsafeRead { db in
                let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
                let application = try Int64.fetchOne(db, sql: "PRAGMA application_id") ?? 0
                guard application == Migrations.applicationID || tables == 0 && allowsEmpty else {
                    throw StartupError(
                        .data, "\(path) is not a libraryd database", hint: "choose another file or --data folder")
                }
                let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
                guard version <= newest else {
                    throw StartupError(
                        .configuration, "\(path) was made by a newer libraryd (schema \(version))",
                        hint: "install that version; this one knows schema \(newest)")
                }
            }
        } catch let error as DatabaseError {
            throw StartupError(database: error, path: path)
        }
    }

    /// Passes if there is a library of ours at the path, of no newer schema.
    static func requireLibrary(at path: String) throws {
        guard try FileStatus(path: path) != nil else { throw StartupError(.noInput, "\(path): there is no such file") }
        try refuseForeignFile(at: path, newest: Migrations.all.count, allowsEmpty: false)
    }

    static func openForReading(path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0")
        }
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    private static func openWriter(path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            try db.execute(
                sql: "PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0; PRAGMA journal_size_limit = 67108864")
        }
        let connection = try DatabaseQueue(path: path, configuration: configuration)
        // Only now: GRDB sets synchronous to NORMAL when it switches to WAL, after `prepareDatabase`.
        try connection.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
            let synchronous = try Int.fetchOne(db, sql: "PRAGMA synchronous")
            let journal = try String.fetchOne(db, sql: "PRAGMA journal_mode")
            guard synchronous == 2, journal == "wal" else {
                throw StartupError(.inputOutput, "\(path): SQLite would not switch to WAL with synchronous=FULL")
            }
        }
        return connection
    }

    /// Brings the schema up to date. What was there is kept beside it: no migration is so good that it needs no copy.
    private static func migrate(_ db: Database, path: String, _ migrations: [String]) throws {
        let done = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        if (1..<migrations.count).contains(done) {
            let partial = path + ".partial"
            defer { unlink(partial) }
            try Backup.copy(db, to: partial).requireNoFaults(in: path, hint: "restore a backup")
            try FileContents.rename(partial, to: "\(path).schema-\(done)")
        }
        for version in done..<max(done, migrations.count) {
            try db.inTransaction(.immediate) {
                try db.execute(sql: migrations[version])
                try db.execute(sql: "PRAGMA application_id = \(Migrations.applicationID)")
                try db.execute(sql: "PRAGMA user_version = \(version + 1)")
                return .commit
            }
        }
    }
}

extension StartupError {
    init(database error: DatabaseError, path: String) {
        switch error.resultCode {
        case .SQLITE_NOTADB, .SQLITE_CORRUPT:
            self.init(.data, "\(path) is damaged or not a database", hint: "keep a copy of it, and restore a backup")
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY:
            self.init(.inputOutput, "\(path) cannot be opened for writing")
        default:
            self.init(.inputOutput, "\(path): \(error.message ?? "SQLite error \(error.resultCode.rawValue)")")
        }
    }
}

extension Store {
    /// Passes if the writer can take the write lock, the schema is the newest, and a read works.
    func checkReadiness() async throws {
        try await writer.write { db in
            guard try Int.fetchOne(db, sql: "PRAGMA user_version") == Migrations.all.count else {
                throw DatabaseError(resultCode: .SQLITE_SCHEMA)
            }
        }
        _ = try readers.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_schema") }
    }
}
