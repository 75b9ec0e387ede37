import LibraryStore
import Shared

/// Reads authors from the rows of an answer, one after the other.
final class AuthorReader {
    private let columns = AuthorColumns()
    private let first: Int

    /// - Parameter first: the index of the first of ``AuthorRow/columns``.
    init(from first: Int = 0) { self.first = first }

    /// - Returns: an author that is good until the next call. NULL is read as 0 and as an empty text.
    /// - Throws: ``PostgresError/unexpected(_:)`` if a column has no value of its type.
    func read(_ row: Row) throws -> AuthorRow {
        for field in AuthorField.all {
            let index = first + field.rawValue
            let isNull = try row.isNull(index)
            switch field.kind {
            case .text: columns.set(field, isNull ? UnsafeBufferPointer(start: nil, count: 0) : try row.utf8(index))
            case .flag: columns.set(field, isNull ? 0 : try row.flag(index) ? 1 : 0)
            case .integer, .time: columns.set(field, isNull ? 0 : try row.integer(index))
            }
        }
        return columns.row
    }
}

extension Author {
    /// - Parameter first: the index of the first of ``AuthorRow/columns``.
    init(_ row: Row, from first: Int = 0) throws {
        var values = AuthorValues()
        for field in AuthorField.writable {
            if field.kind == .flag {
                values[flag: field] = try row.flag(first + field.rawValue)
            } else {
                values[text: field] = try row.text(first + field.rawValue)
            }
        }
        func time(_ field: AuthorField) throws -> Timestamp { try row.time(first + field.rawValue) }
        let version = try row.integer(first + AuthorField.version.rawValue)
        // An update adds 1 to the version.
        guard (1..<Int64.max).contains(version) else {
            throw StoreError.damaged("an author has the version \(version)")
        }
        try self.init(
            id: row.integer(first + AuthorField.id.rawValue), AuthorDraft(values), createdAt: time(.createdAt),
            updatedAt: time(.updatedAt), version: version)
    }
}
