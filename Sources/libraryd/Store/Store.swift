import GRDB
import Shared

/// The library's database: the only place that knows SQL.
///
/// A `Store` exists only with the newest schema: `init` migrates. Each public method is one transaction. Every write
/// goes through the one writer, which answers after the `fsync` that holds it; reads have connections of their own and
/// never wait for writes.
struct Store: Sendable {
    let writer: Writer
    let readers: Readers

    /// Opens the database at `path`, creating and migrating it as needed.
    /// - Throws: ``StartupError`` if the file is damaged, foreign, newer than this program, or cannot be used; the file
    ///   is then as it was.
    init(path: String) throws {
        try Self.refuseForeignFile(at: path)
        do {
            let connection = try Self.openWriter(path: path)
            try connection.writeWithoutTransaction(Self.migrate)
            writer = Writer(connection)
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
    private static func refuseForeignFile(at path: String) throws {
        guard try FileStatus(path: path)?.size ?? 0 > 0 else { return }
        do {
            var configuration = Configuration()
            configuration.readonly = true
            let connection = try DatabaseQueue(path: path, configuration: configuration)
            defer { try? connection.close() }
            try connection.unsafeRead { db in
                let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
                let application = try Int64.fetchOne(db, sql: "PRAGMA application_id") ?? 0
                guard tables == 0 || application == Migrations.applicationID else {
                    throw StartupError(
                        .data, "\(path) is not a libraryd database", hint: "choose another --data folder")
                }
                let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
                guard version <= Migrations.all.count else {
                    throw StartupError(
                        .configuration, "\(path) was made by a newer libraryd (schema \(version))",
                        hint: "install that version; this one knows schema \(Migrations.all.count)")
                }
            }
        } catch let error as DatabaseError {
            throw StartupError(database: error, path: path)
        }
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

    private static func migrate(_ db: Database) throws {
        let done = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        for version in done..<max(done, Migrations.all.count) {
            try db.inTransaction(.immediate) {
                try db.execute(sql: Migrations.all[version])
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
