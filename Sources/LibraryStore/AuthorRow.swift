package import Shared

/// The columns of one row after the other: memory that an engine fills with each row, and that ``AuthorRow`` reads.
package final class AuthorColumns {
    fileprivate struct Column {
        /// Of a text, its length in bytes.
        var integer: Int64 = 0
        var text: UnsafePointer<UInt8>?
    }

    fileprivate let columns: UnsafeMutablePointer<Column>

    package init() {
        columns = .allocate(capacity: AuthorField.all.count)
        columns.initialize(repeating: Column(), count: AuthorField.all.count)
    }

    deinit { columns.deallocate() }

    /// The row that was filled in last.
    package var row: AuthorRow { AuthorRow(self) }

    /// - Parameter integer: 0 or 1 of a flag, milliseconds since 1970 of a time.
    package func set(_ field: AuthorField, _ integer: Int64) { columns[field.rawValue].integer = integer }

    /// - Parameter text: UTF-8, which stays where it is as long as the row is read.
    package func set(_ field: AuthorField, _ text: UnsafeBufferPointer<UInt8>) {
        columns[field.rawValue] = Column(integer: Int64(text.count), text: text.baseAddress)
    }
}

/// A row with ``columns`` of `author` or `author_event`, good only in the call that gets it.
package struct AuthorRow {
    package static let columns = AuthorField.all.map(\.name).joined(separator: ", ")

    private let values: AuthorColumns

    fileprivate init(_ values: AuthorColumns) {
        self.values = values
    }

    /// The value of an `integer`; 0 or 1 of a `flag`; milliseconds since 1970 of a `time`.
    package func integer(_ field: AuthorField) -> Int64 { values.columns[field.rawValue].integer }

    /// UTF-8, which no `String` is made of.
    package func text(_ field: AuthorField) -> UnsafeBufferPointer<UInt8> {
        let value = values.columns[field.rawValue]
        return UnsafeBufferPointer(start: value.text, count: Int(value.integer))
    }

    /// The cursor with which a list in this order continues after the row.
    /// - Parameter event: as ``Cursor/event``.
    package func cursor(_ sort: AuthorSort, event: EventPosition?) -> Cursor {
        let values = sort.fields.map { field -> ColumnValue in
            field.kind == .text ? .text(String(decoding: text(field), as: UTF8.self)) : .integer(integer(field))
        }
        return Cursor(sort: sort, id: integer(.id), values: values, event: event)
    }
}

/// The rows of one page of a list.
package struct AuthorRows {
    /// How many there are at most.
    package let limit: Int
    private let sort: AuthorSort
    private let event: EventPosition?
    private let rows: (_ take: (AuthorRow) -> Bool) throws -> Void

    /// - Parameters:
    ///   - event: as ``Cursor/event``.
    ///   - rows: calls its argument with each row, of which there may be one more than the limit, until it returns
    ///     `false`.
    package init(
        _ query: AuthorQuery, event: EventPosition?, _ rows: @escaping (_ take: (AuthorRow) -> Bool) throws -> Void
    ) {
        (limit, sort) = (query.limit, query.sort)
        self.event = event
        self.rows = rows
    }

    /// Calls `body` with each row.
    /// - Returns: the cursor of the next page if there is one.
    package func forEach(_ body: (AuthorRow) -> Void) throws -> String? {
        var count = 0
        var last: Cursor?
        var next: String?
        try rows { row in
            // The row after the page only tells that there is another page.
            if count == limit {
                next = last?.text
                return false
            }
            body(row)
            count += 1
            if count == limit { last = row.cursor(sort, event: event) }
            return true
        }
        return next
    }
}
