import GRDB
import GRDBSQLite

/// A prepared statement that is stepped with SQLite's own calls (https://www.sqlite.org/c3ref/stmt.html).
///
/// GRDB's boxed arguments and its look at each step cost more than an insert or the rows of a page.
struct RawStatement {
    private let statement: SQLiteStatement

    /// - Parameter statement: nobody else uses it meanwhile.
    init(_ statement: SQLiteStatement) {
        self.statement = statement
    }

    /// Runs the statement to its end.
    func run(_ values: [ColumnValue]) throws {
        try rows(values) { _ in true }
    }

    /// The integer of the first row; `nil` if there is no row, or NULL in it.
    func integer(_ values: [ColumnValue]) throws -> Int64? {
        var integer: Int64?
        try rows(values) { row in
            if sqlite3_column_type(row, 0) != SQLITE_NULL { integer = sqlite3_column_int64(row, 0) }
            return false
        }
        return integer
    }

    /// Runs the statement; `body` takes one row after the other until it returns `false`.
    /// - Parameter values: of all the statement's parameters, in their order.
    func rows(_ values: [ColumnValue], _ body: (SQLiteStatement) throws -> Bool) throws {
        defer { sqlite3_reset(statement) }
        for (index, value) in zip(Int32(1)..., values) {
            guard bind(value, at: index) == SQLITE_OK else { throw error }
        }
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: if try !body(statement) { return }
            case SQLITE_DONE: return
            default: throw error
            }
        }
    }

    private func bind(_ value: ColumnValue, at index: Int32) -> Int32 {
        switch value {
        case .integer(let value): sqlite3_bind_int64(statement, index, value)
        case .null: sqlite3_bind_null(statement, index)
        case .text(var text):
            text.withUTF8 {
                $0.withMemoryRebound(to: CChar.self) {
                    sqlite3_bind_text(statement, index, $0.baseAddress, Int32($0.count), Self.transient)
                }
            }
        }
    }

    private var error: DatabaseError { DatabaseError(lastOf: sqlite3_db_handle(statement)) }

    /// `SQLITE_TRANSIENT`, which is a cast in C: SQLite makes a copy of its own.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
}

extension DatabaseError {
    /// What the last call on the connection failed with.
    init(lastOf connection: SQLiteConnection?) {
        self.init(
            resultCode: ResultCode(rawValue: sqlite3_extended_errcode(connection)),
            message: String(cString: sqlite3_errmsg(connection)))
    }
}

extension Database {
    /// A statement that is prepared once.
    func raw(_ sql: String) throws -> RawStatement {
        RawStatement(try cachedStatement(sql: sql).sqliteStatement)
    }
}
