import GRDB

extension Row {
    /// The value of a column, in place of GRDB's subscript, which ends the process where the value is of another type:
    /// in a damaged page it may be.
    /// - Throws: `DatabaseError` `SQLITE_CORRUPT`.
    func value<Value: DatabaseValueConvertible>(_ index: Int) throws -> Value {
        do {
            return try decode(Value.self, atIndex: index)
        } catch is RowDecodingError {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a column has a value of another type")
        }
    }
}
