import CSQLite
import GRDB
import Glibc
package import Shared

/// A library in an SQLite file of which this process is the only writer.
///
/// Every write goes through the one writer, which answers after the `fsync` that holds it; reads have connections of
/// their own and never wait for writes. Sessions are kept in memory too.
package struct SQLiteStore: Store {
    package let path: String
    let writer: Writer
    let readers: Readers
    package let changes = ChangeCounter()
    package let sessions: LiveSessions
    let trustedTime: TrustedTime
    package let history: HistoryLimit
    package let clock: Clock
    let failures = FailingWork()

    /// Opens the database at `path`, creating and migrating it as needed.
    /// - Throws: ``CommandError`` if the file is damaged, foreign, newer than this program, or cannot be used; the file
    ///   is then as it was.
    package init(
        path: String, migrations: [String] = Migrations.all, history: HistoryLimit = HistoryLimit(),
        clock: Clock = .system
    ) throws {
        _ = csqlite_count_no_memory()
        self.path = path
        self.history = history
        sessions = LiveSessions(changes: changes)
        self.clock = clock
        trustedTime = TrustedTime(uptime: clock.uptime)
        do {
            if try FileStatus(path: path)?.size ?? 0 == 0 { try Self.create(path, migrations) }
            try Self.requireLibrary(at: path, newest: migrations.count, looksForDamage: true)
            let connection = try Self.openWriter(path: path)
            try connection.writeWithoutTransaction { try Self.migrate($0, path: path, migrations) }
            writer = try Writer(connection)
            readers = try Readers(path: path)
        } catch let error as DatabaseError {
            throw CommandError(database: error, path: path)
        }
    }

    package var place: String { path }
    package var schema: Int { Migrations.all.count }
    package var liveSessions: LiveSessions? { sessions }

    package var clockDifference: Int64 { 0 }
    package var lossCount: Int { 0 }
    package var failingWork: [BackgroundWork: BackgroundWork.Failure] { failures.all }
    package func changeTries<Value: Sendable>(
        of account: String, from address: String, at now: Timestamp,
        _ body: @escaping @Sendable (inout LoginTries, Int64) -> Value
    ) -> Value? { nil }
    package func forgetTries(of account: String) {}
    package func keySalts() -> KeySalts? { nil }
    package func rotateKeySalts(at now: Timestamp) -> KeySalts? { nil }

    package func begin() throws {
        try loadSessions()
        try resume()
    }

    /// Waits for the writes that were accepted, moves the write-ahead log into the database and closes both.
    package func close() {
        readers.close()
        writer.close()
    }

    private static func openWriter(path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            // A checkpoint writes a page once, however often it is in the log: at 16 MiB instead of 4 an import takes
            // a sixth less. With a cache of 8 MiB instead of 2, it takes another tenth less.
            try db.execute(
                sql: """
                    PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0; PRAGMA journal_size_limit = 67108864;
                    PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -8192
                    """)
            SearchIndex.addFunctions(db)
        }
        let connection = try DatabaseQueue(path: path, configuration: configuration)
        // Only now: GRDB sets synchronous to NORMAL when it switches to WAL, after `prepareDatabase`.
        try connection.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
            let synchronous = try Int.fetchOne(db, sql: "PRAGMA synchronous")
            let journal = try String.fetchOne(db, sql: "PRAGMA journal_mode")
            guard synchronous == 2, journal == "wal" else {
                throw CommandError(.ioError, "\(path): SQLite would not switch to WAL with synchronous=FULL")
            }
        }
        return connection
    }

    /// Brings the schema up to date. What was there is kept beside it: no migration is so good that it needs no copy.
    private static func migrate(_ db: Database, path: String, _ migrations: [String]) throws {
        let done = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        guard (1..<migrations.count).contains(done) else { return }
        let partial = path + ".partial"
        defer { unlink(partial) }
        try Backup.copy(db, to: partial).requireNoFaults(in: path, hint: "restore a backup")
        try FileContents.rename(partial, to: "\(path).schema-\(done)")
        try migrate(db, from: done, migrations)
    }

    static func migrate(_ db: Database, from done: Int, _ migrations: [String]) throws {
        SearchIndex.addFunctions(db)
        for (version, migration) in migrations.enumerated().dropFirst(done) {
            try db.inTransaction(.immediate) {
                try db.execute(sql: migration)
                try db.execute(sql: "PRAGMA application_id = \(Migrations.applicationID)")
                try db.execute(sql: "PRAGMA user_version = \(version + 1)")
                return .commit
            }
        }
    }
}

extension SQLiteStore {
    package func daemonID() throws -> String {
        try readers.read { try String.fetchOne($0, sql: "SELECT daemon_id FROM library") ?? "" }
    }

    /// The writer gets its commits onto the disk, the file is still the one that was opened, and a read works.
    package func obstacle(at now: ContinuousClock.Instant = .now) -> Obstacle? {
        if let obstacle = writer.obstacle(at: now) { return obstacle }
        let isReadable = (try? readers.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_schema") }) != nil
        return isReadable ? nil : .unreadable
    }

    package var writerStandstill: Int? { writer.standstill }
}
