import GRDB
import GRDBSQLite
package import Shared

/// The current row of a statement that selects ``columns`` of `author` or `author_event`, among others; good until the
/// next step.
package struct AuthorRow {
    package static let columns = AuthorField.all.map(\.name).joined(separator: ", ")

    private let statement: SQLiteStatement
    private let first: Int32

    /// - Parameter first: the index of the first of ``columns``.
    init(_ statement: SQLiteStatement, from first: Int = 0) {
        self.statement = statement
        self.first = Int32(first)
    }

    private func index(_ field: AuthorField) -> Int32 { first + Int32(field.rawValue) }

    /// Whether the columns but the id are NULL.
    var isNull: Bool { sqlite3_column_type(statement, index(.version)) == SQLITE_NULL }

    /// The value of an `integer`; 0 or 1 of a `flag`; milliseconds since 1970 of a `time`.
    package func integer(_ field: AuthorField) -> Int64 { sqlite3_column_int64(statement, index(field)) }

    /// UTF-8, which no `String` is made of.
    package func text(_ field: AuthorField) -> UnsafeBufferPointer<UInt8> {
        let start = sqlite3_column_text(statement, index(field))
        return UnsafeBufferPointer(
            start: start, count: Int(sqlite3_column_bytes(statement, index(field))))
    }

    /// The cursor with which a list in this order continues after the row.
    /// - Parameter event: as ``Cursor/event``.
    func cursor(_ sort: AuthorSort, event: EventPosition?) -> Cursor {
        let values = sort.fields.map { field -> RawStatement.Value in
            field.kind == .text ? .text(String(decoding: text(field), as: UTF8.self)) : .integer(integer(field))
        }
        return Cursor(sort: sort, id: integer(.id), values: values, event: event)
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

    /// The author in a stored reply, which may be older than some of the fields.
    init(kept json: [UInt8]) throws {
        guard case .object(var members) = try JSONValue(parsing: json) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a kept reply is no object")
        }
        for field in AuthorField.writable where !members.contains(where: { $0.name == field.name }) {
            members.append(.init(name: field.name, value: field.kind == .flag ? .bool(false) : .string("")))
        }
        try self.init(json: .object(members), unknownMembers: .ignored)
    }

    /// The values of ``AuthorRow/columns``.
    var columns: [RawStatement.Value] {
        [.integer(id)] + draft.columnsWithoutKeys
            + [.integer(createdAt.milliseconds), .integer(updatedAt.milliseconds), .integer(version)]
    }
}

extension AuthorField {
    /// The column with the ``Folding/key(_:)`` of a text.
    var keyColumn: String { "\(name)_key" }
}

extension AuthorDraft {
    /// The names of the columns that it fills.
    static let columns = AuthorField.writable.map(\.name) + AuthorField.texts.map(\.keyColumn)

    /// Their values.
    var columns: [RawStatement.Value] {
        columnsWithoutKeys + AuthorField.texts.map { .text(Folding.key(self[text: $0])) }
    }

    /// The values of the columns of ``AuthorField/writable``.
    fileprivate var columnsWithoutKeys: [RawStatement.Value] {
        AuthorField.writable.map { field in
            field.kind == .flag ? .integer(self[flag: field] ? 1 : 0) : .text(self[text: field])
        }
    }
}
