import GRDB
import GRDBSQLite
import Shared

extension AuthorColumns {
    /// Takes the current row of a statement.
    /// - Parameter first: the index of the first of ``AuthorRow/columns``.
    func fill(_ statement: SQLiteStatement, from first: Int = 0) {
        for field in AuthorField.all {
            let index = Int32(first + field.rawValue)
            guard field.kind == .text else {
                set(field, sqlite3_column_int64(statement, index))
                continue
            }
            let start = sqlite3_column_text(statement, index)
            set(field, UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, index))))
        }
    }
}

extension AuthorDraft {
    /// The names of the columns that it fills in SQLite.
    static let storedColumns = AuthorField.writable.map(\.name) + AuthorField.texts.map { "\($0.name)_folded" }

    /// Appends their values: each array of its own would cost as much as the lookup of the row.
    func appendStoredValues(to values: inout [ColumnValue]) {
        for field in AuthorField.writable { values.append(value(field)) }
        for field in AuthorField.texts {
            values.append(Folding.keyUnlessLower(self[text: field]).map { .text($0) } ?? .null)
        }
    }
}

extension Author {
    /// The column `changed_at`: NULL if it would be the time of the creation.
    var changedAt: ColumnValue { updatedAt == createdAt ? .null : .integer(updatedAt.milliseconds) }

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
