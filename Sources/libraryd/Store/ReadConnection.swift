import GRDB
import GRDBSQLite

/// A read-only connection that keeps its prepared statements.
///
/// GRDB opens and configures it. The statements are stepped with SQLite's own calls, because a turn on GRDB's queue and its boxed
/// arguments cost more than the rows of a page. Whoever has the connection from ``Readers`` has it alone.
final class ReadConnection: @unchecked Sendable {
    enum Value: Sendable {
        case integer(Int64)
        case text(String)
    }

    private let queue: DatabaseQueue
    private let connection: SQLiteConnection
    private var statements: [String: SQLiteStatement] = [:]
    /// More shapes of statements than lists have.
    private static let keptStatements = 256

    init(path: String) throws {
        queue = try Store.openForReading(path: path)
        guard let connection = queue.unsafeRead({ $0.sqliteConnection }) else {
            throw DatabaseError(resultCode: .SQLITE_CANTOPEN)
        }
        self.connection = connection
    }

    /// Reads with GRDB.
    func database<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try queue.unsafeRead(body)
    }

    /// Runs a statement; `body` takes one row after the other until it returns `false`.
    func rows(_ sql: String, _ values: [Value], _ body: (SQLiteStatement) throws -> Bool) throws {
        let statement = try statement(sql)
        defer { sqlite3_reset(statement) }
        for (index, value) in zip(Int32(1)..., values) {
            switch value {
            case .integer(let value): try check(sqlite3_bind_int64(statement, index, value))
            case .text(var text):
                let code = text.withUTF8 {
                    $0.withMemoryRebound(to: CChar.self) {
                        sqlite3_bind_text(statement, index, $0.baseAddress, Int32($0.count), Self.transient)
                    }
                }
                try check(code)
            }
        }
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: if try !body(statement) { return }
            case SQLITE_DONE: return
            case let code: throw error(code)
            }
        }
    }

    func close() {
        for statement in statements.values { sqlite3_finalize(statement) }
        statements = [:]
        try? queue.close()
    }

    /// `SQLITE_TRANSIENT`, which is a cast in C: SQLite makes a copy of its own.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    private func statement(_ sql: String) throws -> SQLiteStatement {
        if let known = statements[sql] { return known }
        var statement: SQLiteStatement?
        try check(sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil))
        guard let statement else { throw DatabaseError(resultCode: .SQLITE_MISUSE, message: "an empty statement") }
        if statements.count >= Self.keptStatements, let other = statements.popFirst() { sqlite3_finalize(other.value) }
        statements[sql] = statement
        return statement
    }

    private func check(_ code: Int32) throws {
        guard code == SQLITE_OK else { throw error(code) }
    }

    private func error(_ code: Int32) -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: sqlite3_extended_errcode(connection)),
            message: String(cString: sqlite3_errmsg(connection)))
    }
}
