import GRDB
import GRDBSQLite
import Synchronization

/// A read-only connection that keeps its prepared statements.
///
/// GRDB opens and configures it; a turn on GRDB's queue for each statement would cost more than the rows of a page.
/// Whoever has the connection from ``Readers`` has it alone.
final class ReadConnection: @unchecked Sendable {
    private let queue: DatabaseQueue
    private let connection: SQLiteConnection
    private var statements: [String: SQLiteStatement] = [:]
    /// Those of ``statements`` that read lists, found without making their text.
    private var lists: [AuthorListStatement.Shape: SQLiteStatement] = [:]
    /// More shapes of statements than lists have.
    private static let keptStatements = 256
    private let end = Mutex<ContinuousClock.Instant?>(nil)
    /// In instructions of SQLite's virtual machine.
    private static let stepLength: Int32 = 100_000

    convenience init(path: String) throws {
        let queue = try SQLiteStore.openForReading(path: path)
        queue.unsafeRead(SearchIndex.addFunctions)
        try self.init(queue)
    }

    init(_ queue: DatabaseQueue) throws {
        self.queue = queue
        guard let connection = queue.unsafeRead({ $0.sqliteConnection }) else {
            throw DatabaseError(resultCode: .SQLITE_CANTOPEN)
        }
        self.connection = connection
    }

    /// Ends the statements of `body` with `SQLITE_INTERRUPT` when they take longer
    /// (https://www.sqlite.org/c3ref/progress_handler.html).
    func limited<Value>(to time: Duration, _ body: () throws -> Value) throws -> Value {
        end.withLock { $0 = .now + time }
        sqlite3_progress_handler(
            connection, Self.stepLength,
            { context in
                guard let context else { return 0 }
                let end = Unmanaged<ReadConnection>.fromOpaque(context).takeUnretainedValue().end.withLock { $0 }
                return end.map { $0 < .now } == true ? 1 : 0
            }, Unmanaged.passUnretained(self).toOpaque())
        defer { sqlite3_progress_handler(connection, 0, nil, nil) }
        return try body()
    }

    /// Reads with GRDB.
    func database<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try queue.unsafeRead(body)
    }

    /// Runs a statement; `body` takes one row after the other until it returns `false`.
    func rows(_ sql: String, _ values: [ColumnValue], _ body: (SQLiteStatement) throws -> Bool) throws {
        try RawStatement(statement(sql)).rows(values, body)
    }

    /// The integer of the first row; `nil` if there is no row, or NULL in it.
    func integer(_ sql: String, _ values: [Int64]) throws -> Int64? {
        try RawStatement(statement(sql)).integer(values.map { .integer($0) })
    }

    /// Runs `body`, whose statements all read the same state. It may begin no transaction.
    func inTransaction<Value>(_ body: () throws -> Value) throws -> Value {
        try rows("BEGIN", []) { _ in true }
        defer { try? rows("COMMIT", []) { _ in true } }
        return try body()
    }

    /// Runs the statement of a list.
    func rows(
        _ shape: AuthorListStatement.Shape, _ values: [ColumnValue], _ body: (SQLiteStatement) throws -> Bool
    ) throws {
        if let known = lists[shape] { return try RawStatement(known).rows(values, body) }
        let statement = try statement(shape.sql)
        lists[shape] = statement
        try RawStatement(statement).rows(values, body)
    }

    func close() {
        for statement in statements.values { sqlite3_finalize(statement) }
        (statements, lists) = ([:], [:])
        try? queue.close()
    }

    private func statement(_ sql: String) throws -> SQLiteStatement {
        if let known = statements[sql] { return known }
        var statement: SQLiteStatement?
        guard
            sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil) == SQLITE_OK,
            let statement
        else { throw DatabaseError(lastOf: connection) }
        if statements.count >= Self.keptStatements, let other = statements.popFirst() {
            lists = lists.filter { $0.value != other.value }
            sqlite3_finalize(other.value)
        }
        statements[sql] = statement
        return statement
    }
}
