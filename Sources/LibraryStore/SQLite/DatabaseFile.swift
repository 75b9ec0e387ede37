import GRDB
import GRDBSQLite
import Glibc
package import Shared

/// What is known of a database file before it is opened for writing: that it is whole, and a library of ours.
extension SQLiteStore {
    /// Passes if there is a library at the path, of a schema that this program knows.
    /// - Parameter looksForDamage: in the whole of a small library; in a large one, where that would take seconds, in
    ///   the tables that a start reads.
    /// - Throws: ``CommandError``; nothing has been changed.
    package static func requireLibrary(
        at path: String, newest: Int = Migrations.all.count, looksForDamage: Bool = false
    ) throws {
        guard let status = try FileStatus(path: path) else {
            throw CommandError(.noInput, "\(path): there is no such file")
        }
        if let fault = try ForeignFile.fault(of: path) { throw fault }
        try reading(path) { db in
            let application = try Int64.fetchOne(db, sql: "PRAGMA application_id") ?? 0
            guard application == Migrations.applicationID else {
                throw try ForeignFile.fault(of: path, db)
            }
            let version = try Int64.fetchOne(db, sql: "PRAGMA user_version") ?? 0
            guard version > 0 else {
                throw CommandError(
                    .dataError, "\(path) is damaged: no libraryd has made a schema \(version)", hint: hintOfDamage)
            }
            guard version <= newest else {
                throw CommandError(
                    .configuration, "\(path) was made by a newer libraryd (schema \(version))",
                    hint: "install that version; this one knows schema \(newest)")
            }
            // A migration reads all of it.
            let isWhole = status.size <= wholeLook || version < newest
            if looksForDamage { try requireNoDamage(db, path, isWhole: isWhole) }
        }
    }

    /// Whether the file says of itself that it is a library of a schema that this program knows. Only its header is
    /// read (https://www.sqlite.org/fileformat2.html#the_database_header).
    static func isLibrary(header path: String) throws -> Bool {
        let header = try FileContents.read(path, limit: 100)
        guard header.count == 100, header.starts(with: Array("SQLite format 3\0".utf8)) else { return false }
        func number(at offset: Int) -> Int64 { header[offset..<offset + 4].reduce(0) { $0 << 8 | Int64($1) } }
        return number(at: 68) == Migrations.applicationID
            && (1...Int64(Migrations.all.count)).contains(number(at: 60))
    }

    private static func requireNoDamage(_ db: Database, _ path: String, isWhole: Bool) throws {
        let tables = try String.fetchAll(
            db,
            sql: "SELECT name FROM sqlite_schema WHERE name IN ('user', 'session', 'login_address', 'library')")
        for table in isWhole ? [""] : tables.map({ "(\($0))" }) {
            let first = try String.fetchOne(db, sql: "PRAGMA quick_check\(table)")
            guard first == "ok" else {
                throw CommandError(
                    .dataError, "\(path) is damaged: \(shortened(first ?? "it cannot be read"))", hint: hintOfDamage)
            }
        }
    }

    /// In bytes; a look at so many takes some ten milliseconds.
    private static let wholeLook: Int64 = 8 << 20
    package static let hintOfDamage = "keep a copy of it, and restore a backup: libraryd restore FILE"

    private static func reading(_ path: String, _ body: (Database) throws -> Void) throws {
        do {
            let connection = try openForeign(path: path)
            defer { try? connection.close() }
            try connection.unsafeRead(body)
        } catch let error as DatabaseError {
            throw CommandError(database: error, path: path)
        }
    }

    /// Makes a new library beside its place: a start that is cut off leaves no half of one under its name.
    package static func create(_ path: String, _ migrations: [String]) throws {
        // SQLite would delete the log of a database that is gone.
        for log in [path + "-wal", path + "-journal"] where try FileStatus(path: log)?.size ?? 0 > 0 {
            throw CommandError(
                .dataError, "\(path) is gone, and its log \(log) is still there",
                hint: "put the file back, or restore a backup: libraryd restore FILE")
        }
        try FileStatus.requireRegular(path)
        // The new library would take the place of the link.
        var target = [CChar](repeating: 0, count: 1)
        guard readlink(path, &target, target.count) < 0 else {
            throw CommandError(
                .dataError, "\(path) is a link, and there is no library behind it",
                hint: "put the library there, or: rm \(path)")
        }
        let new = path + ".new"
        for suffix in databaseSuffixes { unlink(new + suffix) }
        defer { unlink(new) }
        let connection = try DatabaseQueue(path: new)
        try connection.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL")
            try migrate(db, from: 0, migrations)
        }
        try connection.close()
        try FileContents.rename(new, to: path)
    }

    /// What SQLite keeps beside a database (https://www.sqlite.org/tempfiles.html), and the database itself.
    package static let databaseSuffixes = ["", "-journal", "-wal", "-shm"]

    /// Opens a file that somebody else may have made: reading it takes no more work than a library of its size may.
    static func openForeign(path: String, until cancellation: Cancellation = Cancellation()) throws -> DatabaseQueue {
        let limit = WorkLimit(bytes: try size(of: path), until: cancellation)
        // SQLite would make a log and an index beside a copy that has none. Where a daemon may begin to write at any
        // time it needs both.
        let lock = PathName.folder(of: path) + "/libraryd.lock"
        let isAlone = try ForeignFile.isCopyWithoutLog(path) && FileStatus(path: lock) == nil
        return try openForReading(path: path, limit: limit, asImmutable: isAlone)
    }

    static func openForReading(
        path: String, limit: WorkLimit? = nil, asImmutable: Bool = false
    ) throws -> DatabaseQueue {
        for suffix in databaseSuffixes { try FileStatus.requireRegular(path + suffix) }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            limit?.apply(to: db)
            try db.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0")
        }
        // https://www.sqlite.org/uri.html, which Debian's SQLite reads.
        let name = asImmutable ? "file:\(PercentEncoding.encode(path))?immutable=1" : path
        return try DatabaseQueue(path: name, configuration: configuration)
    }

    /// In bytes, with what is still in the write-ahead log.
    static func size(of path: String) throws -> Int64 {
        try ["", "-wal"].reduce(0) { try $0 + (FileStatus(path: path + $1)?.size ?? 0) }
    }
}

extension CommandError {
    /// The failure of reading a backup. The hint of a damaged library is to restore a backup; here that one is damaged.
    static func ofBackup(_ error: any Error, _ path: String) -> any Error {
        let error = (error as? DatabaseError).map { CommandError(database: $0, path: path) } ?? error
        guard let failure = error as? CommandError, failure.hint == SQLiteStore.hintOfDamage else { return error }
        return CommandError(failure.exit, failure.reason, hint: "restore another backup")
    }

    init(database error: DatabaseError, path: String) {
        self.init(StoreError.Cause(error), path: path)
    }

    /// What the engine says of the database at that path.
    package init(_ cause: StoreError.Cause, path: String) {
        guard cause.kind == StoreError.Cause.sqlite, let number = Int32(cause.code) else {
            self.init(.unavailable, "\(path): \(cause.message)")
            return
        }
        let code = ResultCode(rawValue: number).primaryResultCode
        // A copy that fails may leave SQLite's message as it was before.
        let isMissing = cause.message.isEmpty || cause.message == "not an error"
        let message = shortened(isMissing ? String(cString: sqlite3_errstr(number)) : cause.message)
        switch code {
        case .SQLITE_NOTADB, .SQLITE_CORRUPT:
            self.init(.dataError, "\(path) is damaged or not a database", hint: SQLiteStore.hintOfDamage)
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY:
            self.init(.ioError, "\(path) cannot be opened for writing")
        case .SQLITE_TOOBIG, .SQLITE_ERROR: self.init(.dataError, "\(path) is not as a library is: \(message)")
        case .SQLITE_FULL:
            self.init(
                .ioError, "\(path): \(String(cString: strerror(ENOSPC)))",
                hint: "free space there, or choose another disk")
        case .SQLITE_INTERRUPT:
            self.init(.dataError, "\(path) takes more work to read than any library of its size")
        default: self.init(.ioError, "\(path): \(message)")
        }
    }
}
