import GRDB
import GRDBSQLite
import Shared

extension AuthorRow {
    /// - Parameter first: the index of the first of ``columns``.
    init(_ statement: SQLiteStatement, from first: Int = 0) {
        self.init(StatementColumns(statement: statement, first: Int32(first)))
    }
}

/// The columns of the current row of a statement.
private struct StatementColumns: AuthorColumns {
    let statement: SQLiteStatement
    let first: Int32

    func integer(_ index: Int) -> Int64 { sqlite3_column_int64(statement, first + Int32(index)) }

    func text(_ index: Int) -> UnsafeBufferPointer<UInt8> {
        let start = sqlite3_column_text(statement, first + Int32(index))
        return UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, first + Int32(index))))
    }
}

extension Author {
    /// - Parameter row: of ``AuthorRow/columns``.
    init(_ row: Row) throws {
        var values = AuthorValues()
        for field in AuthorField.writable {
            if field.kind == .flag {
                values[flag: field] = try row.value(field.rawValue) as Bool
            } else {
                values[text: field] = try row.value(field.rawValue) as String
            }
        }
        let version: Int64 = try row.value(AuthorField.version.rawValue)
        // An update adds 1 to the version.
        guard (1..<Int64.max).contains(version) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an author has the version \(version)")
        }
        try self.init(
            id: row.value(AuthorField.id.rawValue), AuthorDraft(values),
            createdAt: Timestamp(milliseconds: row.value(AuthorField.createdAt.rawValue)),
            updatedAt: Timestamp(milliseconds: row.value(AuthorField.updatedAt.rawValue)), version: version)
    }
}
