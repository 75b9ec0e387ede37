package import Shared

extension AuthorSort {
    /// The fields of an author by which lists are in this order, before the id; none for the order of ids.
    ///
    /// An order by name goes on with the book: it is that of the index which makes name and book the key of an author.
    package var fields: [AuthorField] {
        switch field {
        case .id: []
        case .name where isByKey: [.name, .book]
        default: [field]
        }
    }

    /// Whether lists are in the order of a column of keys.
    package var isByKey: Bool { field.kind == .text && !isBytewise }

    /// The columns of `author` that are in this order, before the id.
    package var columns: [String] {
        guard isByKey else { return fields.map(\.name) }
        return [field.keyColumn] + (field == .name ? fields.map(\.name) : [])
    }
}

/// Where a page ended: the order, and the last author's place in it.
///
/// Opaque to clients and worth nothing to forgers: it only says where in one's own list to go on.
package struct Cursor: Sendable, Equatable {
    package let sort: AuthorSort
    package let id: Int64
    /// The last author's values of ``AuthorSort/fields``.
    package let values: [ColumnValue]
    /// The event after which the library is shown, in a list of an earlier state.
    package let event: EventPosition?

    /// `base64url` of a JSON array: the order, the id, the values and, if there is one, the event.
    package var text: String {
        var json = JSONWriter()
        json.array {
            $0.string(sort.description)
            $0.integer(id)
            for value in values {
                switch value {
                case .text(let text): $0.string(text)
                case .integer(let integer): $0.integer(integer)
                case .null: $0.null()
                }
            }
            if let event { $0.string(event.description) }
        }
        return Base64URL.encode(json.bytes)
    }

    package init(sort: AuthorSort, id: Int64, values: [ColumnValue], event: EventPosition? = nil) {
        self.sort = sort
        self.id = id
        self.values = values
        self.event = event
    }

    /// Reads a cursor for a list in the order `sort`; `nil` if it is not one.
    /// - Parameter isPast: whether the list is of an earlier state.
    package init?(_ text: String, sort: AuthorSort, isPast: Bool = false) {
        let fields = sort.fields
        let count = 2 + fields.count + (isPast ? 1 : 0)
        guard let bytes = Base64URL.decode(text), case .array(let parts)? = try? JSONValue(parsing: bytes),
            parts.count == count, parts[0] == .string(sort.description), case .integer(let id) = parts[1]
        else { return nil }
        var values: [ColumnValue] = []
        for (field, value) in zip(fields, parts[2...]) {
            switch (field.kind, value) {
            case (.text, .string(let text)): values.append(.text(text))
            case (.integer, .integer(let integer)), (.time, .integer(let integer)): values.append(.integer(integer))
            default: return nil
            }
        }
        var event: EventPosition?
        if isPast {
            guard case .string(let text)? = parts.last, let position = EventPosition(text) else { return nil }
            event = position
        }
        self.init(sort: sort, id: id, values: values, event: event)
    }

    /// The values of ``AuthorSort/columns``.
    package var columns: [ColumnValue] {
        guard sort.isByKey, case .text(let text)? = values.first else { return values }
        return [.text(Folding.key(text))] + (sort.field == .name ? values : [])
    }
}

extension AuthorQuery {
    /// Where the page begins; `nil` for the first page.
    /// - Parameter isPast: whether the list is of an earlier state.
    /// - Throws: ``InvalidFields`` if the cursor does not belong to this list.
    package func start(isPast: Bool) throws(InvalidFields) -> Cursor? {
        guard let after else { return nil }
        guard let cursor = Cursor(after, sort: sort, isPast: isPast) else { throw Self.foreignCursor }
        return cursor
    }

    /// The event after which the query asks for the library. The cursor has it, so that all pages are of the same
    /// state.
    /// - Parameters:
    ///   - last: the owner's last event.
    ///   - start: from when on the owner's library is known.
    ///   - number: the number of the last event up to a point.
    /// - Throws: as ``Store/authors(_:owner:_:)``.
    package func event(
        before last: EventPosition, _ start: () throws -> HistoryStart, _ number: (HistoryPoint) throws -> Int64
    ) throws -> EventPosition {
        guard let point = at else { return last }
        let known = try self.start(isPast: true)?.event
        if let known {
            guard known.epoch == last.epoch else { throw StoreError.eventNotFound }
            if case .event(let id) = point, id != known.description { throw Self.foreignCursor }
        }
        let event = try known?.sequence ?? number(point)
        try start().requireKept(after: event, last)
        return EventPosition(epoch: last.epoch, sequence: event)
    }

    private static let foreignCursor = InvalidFields([
        FieldError("after", .invalid, "is not a cursor of this list")
    ])
}
