import LibraryStore
import Shared

extension PostgresStore {
    /// A list of an earlier state: the authors that have not changed since, which are read in the order of the list,
    /// with those among them that have, as they were.
    func pastAuthors<Value: Sendable>(
        _ query: AuthorQuery, owner: Int64, _ read: @escaping @Sendable (AuthorRows) throws -> Value
    ) async throws -> Value {
        try await readSlowly { connection in
            // The range that is known and the list must be of one state: events may be deleted meanwhile.
            try connection.run(.beginSnapshot)
            let event = try Self.pastEvent(connection, query, owner: owner)
            let statement = try PostgresListStatement(query, owner: owner, after: event)
            guard !statement.matchesNothing else { return try read(AuthorRows(query, event: event) { _ in }) }
            let changed = try ChangedAuthors(connection, statement, owner: owner)
            return try read(
                AuthorRows(query, event: event) { take in
                    var rest = changed.authors[...]
                    var isWanted = true
                    func takeChanged(before place: Place?) {
                        while isWanted, let next = rest.first, place.map(next.place.isBefore) ?? true {
                            isWanted = take(next.row)
                            rest.removeFirst()
                        }
                    }
                    try connection.authors(statement) { row in
                        guard isWanted else { return }
                        takeChanged(before: Place(row.cursor(query.sort, event: event)))
                        if isWanted { isWanted = take(row) }
                    }
                    takeChanged(before: nil)
                })
        }
    }

    /// As ``AuthorQuery/event(before:_:_:)``.
    static func pastEvent(_ connection: Connection, _ query: AuthorQuery, owner: Int64) throws -> EventPosition {
        let (last, start) = try history(connection, owner: owner)
        return try query.event(before: last, { start }, { try number(connection, owner: owner, at: $0, last) })
    }
}

/// The authors of a list of an earlier state that have been changed or deleted since, as they were: those of one page.
///
/// An event has a copy of its author, and no keys and no words: they are made here, as SQLite's functions do it.
private struct ChangedAuthors {
    /// In the order of the list.
    private(set) var authors: [KeptAuthor] = []

    /// Reads what the first later event of each author has kept.
    init(_ connection: Connection, _ list: PostgresListStatement, owner: Int64) throws {
        guard let event = list.event else { return }
        let query = list.query
        let reader = AuthorReader()
        let start = list.start.map(Place.init)
        let values = [.integer(owner), .integer(event.sequence)] + query.filters.map { query.value(of: $0) }
        try connection.run(
            Self.statement(query.filters), values, isStreamed: true, within: Connection.longAnswerDeadline
        ) { row in
            let row = try reader.read(row)
            if let phrases = list.phrases {
                let texts = [row.text(.name), row.text(.book)].map { String(decoding: $0, as: UTF8.self) }
                guard Search.finds(phrases, in: texts) else { return }
            }
            insert(row, Place(row.cursor(query.sort, event: event)), after: start, atMost: query.limit + 1)
        }
    }

    private mutating func insert(_ row: AuthorRow, _ place: Place, after start: Place?, atMost limit: Int) {
        if let start, !start.isBefore(place) { return }
        if authors.count == limit, let last = authors.last, last.place.isBefore(place) { return }
        var (low, high) = (0, authors.count)
        while low < high {
            let middle = (low + high) / 2
            if authors[middle].place.isBefore(place) { low = middle + 1 } else { high = middle }
        }
        authors.insert(KeptAuthor(row, place), at: low)
        if authors.count > limit { authors.removeLast() }
    }

    private static func statement(_ filters: [AuthorField]) -> Statement {
        let conditions = filters.enumerated().map { " AND \($1.name) = $\($0 + 3)" }.joined()
        return Statement(
            """
            SELECT \(AuthorRow.columns) FROM author_event
            WHERE owner = $1 AND sequence > $2 AND previous <= $2 AND version IS NOT NULL\(conditions)
            """)
    }
}

/// A place in a list.
private struct Place {
    private let columns: [ColumnValue]
    private let descending: Bool

    init(_ cursor: Cursor) {
        columns = cursor.columns + [.integer(cursor.id)]
        descending = cursor.sort.descending
    }

    /// - Parameter other: a place in the same list.
    func isBefore(_ other: Place) -> Bool {
        for (own, others) in zip(columns, other.columns) {
            if Self.isLess(own, others) { return !descending }
            if Self.isLess(others, own) { return descending }
        }
        return false
    }

    /// As the database compares them: texts by their bytes.
    private static func isLess(_ one: ColumnValue, _ other: ColumnValue) -> Bool {
        switch (one, other) {
        case (.integer(let one), .integer(let other)): one < other
        case (.text(let one), .text(let other)): one.utf8.lexicographicallyPrecedes(other.utf8)
        default: false
        }
    }
}

/// An author in memory, with the place in a list.
private final class KeptAuthor {
    let place: Place
    private let columns = AuthorColumns()
    /// One after the other.
    private let texts: UnsafeMutableBufferPointer<UInt8>

    init(_ row: AuthorRow, _ place: Place) {
        self.place = place
        texts = .allocate(capacity: AuthorField.texts.reduce(0) { $0 + row.text($1).count })
        var end = 0
        for field in AuthorField.all {
            guard field.kind == .text else {
                columns.set(field, row.integer(field))
                continue
            }
            let start = end
            end = texts[start...].initialize(fromContentsOf: row.text(field))
            columns.set(field, UnsafeBufferPointer(rebasing: texts[start..<end]))
        }
    }

    deinit { texts.deallocate() }

    var row: AuthorRow { columns.row }
}

extension AuthorQuery {
    /// The value that a field must have.
    fileprivate func value(of field: AuthorField) -> Value {
        field.kind == .flag ? .flag(values[flag: field] ?? false) : .text(values[text: field] ?? "")
    }
}
