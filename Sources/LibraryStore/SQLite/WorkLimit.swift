import GRDB
import GRDBSQLite
import Synchronization

/// How much SQLite may do for a database that somebody else may have made: a few pages that lead to each other ask for
/// work without an end (https://www.sqlite.org/security.html). Statements end with `SQLITE_INTERRUPT` when it is used
/// up, or when the work is cancelled.
final class WorkLimit: Sendable {
    private let cancellation: Cancellation
    /// The address of the connection.
    private let connection = Atomic<UInt>(0)
    /// Calls of the progress handler that are left.
    private let steps: Atomic<Int>
    private let pages: Int

    /// In instructions of SQLite's virtual machine. One may read a value of megabytes.
    private static let stepLength: Int32 = 1000

    /// The heaviest reading of a library, that of `PRAGMA integrity_check`, takes less than one instruction and less
    /// than one page a byte of it.
    /// - Parameter bytes: of the database.
    init(bytes: Int64, until cancellation: Cancellation = Cancellation()) {
        self.cancellation = cancellation
        let most = 50_000_000 + 20 * Int(clamping: min(bytes, 1 << 50))
        steps = Atomic(most / Int(Self.stepLength))
        pages = most / 10
    }

    /// Before the first statement on a connection, and for all of them. Whoever opens the connection keeps the limit as
    /// long.
    func apply(to db: Database) {
        Self.limitLengths(db)
        connection.store(UInt(bitPattern: db.sqliteConnection), ordering: .relaxed)
        // https://www.sqlite.org/c3ref/progress_handler.html
        sqlite3_progress_handler(
            db.sqliteConnection, Self.stepLength,
            { context in
                guard let context else { return 0 }
                return Unmanaged<WorkLimit>.fromOpaque(context).takeUnretainedValue().isReached ? 1 : 0
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    private var isReached: Bool {
        cancellation.isRequested || steps.wrappingSubtract(1, ordering: .relaxed).newValue < 0 || readPages > pages
    }

    /// Pages that the connection has asked its cache for (https://www.sqlite.org/c3ref/c_dbstatus_options.html).
    private var readPages: Int {
        [SQLITE_DBSTATUS_CACHE_HIT, SQLITE_DBSTATUS_CACHE_MISS].reduce(0) { sum, counter in
            var (current, highest): (Int32, Int32) = (0, 0)
            sqlite3_db_status(
                OpaquePointer(bitPattern: connection.load(ordering: .relaxed)), counter, &current, &highest, 0)
            return sum + Int(UInt32(bitPattern: current))
        }
    }

    /// SQLite refuses what is larger than any library needs.
    private static func limitLengths(_ db: Database) {
        let limits: [(Int32, Int32)] = [
            // In bytes, of a value or a row: the longest of ours is a kept reply of 256 KiB.
            (SQLITE_LIMIT_LENGTH, 4 << 20), (SQLITE_LIMIT_SQL_LENGTH, 100_000), (SQLITE_LIMIT_COLUMN, 100),
            (SQLITE_LIMIT_EXPR_DEPTH, 50), (SQLITE_LIMIT_COMPOUND_SELECT, 5), (SQLITE_LIMIT_VDBE_OP, 25_000),
            (SQLITE_LIMIT_FUNCTION_ARG, 16), (SQLITE_LIMIT_ATTACHED, 0), (SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50),
            (SQLITE_LIMIT_TRIGGER_DEPTH, 10),
        ]
        for (limit, value) in limits { sqlite3_limit(db.sqliteConnection, limit, value) }
    }
}
