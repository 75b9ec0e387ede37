import GRDB
import GRDBSQLite
package import Shared

/// The current row of a statement that selects ``columns`` of `author` or `author_event`; good until the next step.
package struct AuthorRow {
    package static let columns = AuthorField.all.map(\.name).joined(separator: ", ")

    private let statement: SQLiteStatement

    init(_ statement: SQLiteStatement) {
        self.statement = statement
    }

    /// The value of an `integer`; 0 or 1 of a `flag`; milliseconds since 1970 of a `time`.
    package func integer(_ field: AuthorField) -> Int64 { sqlite3_column_int64(statement, Int32(field.rawValue)) }

    /// UTF-8, which no `String` is made of.
    package func text(_ field: AuthorField) -> UnsafeBufferPointer<UInt8> {
        let start = sqlite3_column_text(statement, Int32(field.rawValue))
        return UnsafeBufferPointer(
            start: start, count: Int(sqlite3_column_bytes(statement, Int32(field.rawValue))))
    }

    /// Where a list in this order goes on behind the row.
    func cursor(_ sort: AuthorSort) -> Cursor {
        let value: JSONValue? =
            switch sort.field.kind {
            case _ where sort.field == .id: nil
            case .text: .string(String(decoding: text(sort.field), as: UTF8.self))
            case .integer, .flag, .time: .integer(integer(sort.field))
            }
        return Cursor(sort: sort, id: integer(.id), value: value)
    }
}

extension Author {
    /// - Parameter row: of ``AuthorRow/columns``.
    init(_ row: Row) throws {
        func value<Value: DatabaseValueConvertible>(_ field: AuthorField) throws -> Value {
            try row.value(field.rawValue)
        }
        let version: Int64 = try value(.version)
        // A change adds to it.
        guard (1..<Int64.max).contains(version) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an author has the version \(version)")
        }
        try self.init(
            id: value(.id), name: value(.name), book: value(.book), country: value(.country),
            bookerPrize: value(.bookerPrize), createdAt: Timestamp(milliseconds: value(.createdAt)),
            updatedAt: Timestamp(milliseconds: value(.updatedAt)), version: version)
    }
}
