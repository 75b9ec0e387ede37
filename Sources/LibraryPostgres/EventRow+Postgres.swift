import LibraryStore
import Shared

extension EventRow {
    /// Conditions on `e`, an event, and the order can be added. What an event made of its author is in the author's
    /// next event, if there is one, else in `author`. Each is looked up for each event: joined otherwise, whole tables
    /// would be read for a page.
    /// - Parameter events: `author_event`, or a subquery of its rows.
    static func select(from events: String = "author_event") -> String {
        let fields = AuthorField.all.dropFirst().map(\.name)
        let after = fields.map {
            "CASE e.kind WHEN '\(AuthorEvent.deleted)' THEN e.\($0) ELSE coalesce(n.\($0), a.\($0)) END"
        }
        let ofEvent = ["e.sequence", "e.kind", "e.at", "o.session", "o.client", "o.import"]
        let columns = ["e.id"] + after + ["e.id"] + fields.map { "e.\($0)" } + ofEvent
        return """
            SELECT \(columns.joined(separator: ", "))
            FROM \(events) AS e
                LEFT JOIN LATERAL (
                    SELECT * FROM author_event WHERE owner = e.owner AND sequence = e.next LIMIT 1
                ) AS n ON true
                LEFT JOIN LATERAL (
                    SELECT * FROM author WHERE owner = e.owner AND id = e.id AND e.next IS NULL LIMIT 1
                ) AS a ON true
                LEFT JOIN LATERAL (
                    SELECT * FROM origin WHERE "user" = e.owner AND number = e.origin LIMIT 1
                ) AS o ON true
            """
    }
}

/// Reads events from the rows of ``EventRow/select(from:)``, one after the other.
private struct EventReader {
    /// Behind the author's columns, those of the author after the change and of the author before it.
    private enum Column: Int {
        case sequence, kind, at, session, client, importID

        var index: Int { 2 * AuthorField.all.count + rawValue }
    }

    let epoch: String
    private let after = AuthorReader()
    private let before = AuthorReader(from: AuthorField.all.count)

    init(epoch: String) { self.epoch = epoch }

    /// - Returns: an event that is good until the next call.
    func read(_ row: Row) throws -> EventRow {
        func text(_ column: Column) throws -> String? { try row.textIfAny(column.index) }
        let kind = try row.text(Column.kind.index)
        let isKept = try !row.isNull(AuthorField.all.count + AuthorField.version.rawValue)
        return EventRow(
            EventPosition(epoch: epoch, sequence: try row.integer(Column.sequence.index)), kind,
            at: try row.time(Column.at.index), author: try after.read(row),
            before: kind == AuthorEvent.updated && isKept ? try before.read(row) : nil, session: try text(.session),
            client: try text(.client), importID: try text(.importID))
    }
}

extension Connection {
    /// Calls `body` with events, until it returns `false`.
    /// - Parameter statement: one that has the columns of ``EventRow/select(from:)``.
    func events(
        _ statement: Statement, _ values: [Value], _ epoch: String, _ body: (EventRow) throws -> Bool
    ) throws {
        let reader = EventReader(epoch: epoch)
        var isWanted = true
        try run(statement, values, within: Self.longAnswerDeadline) { row in
            if isWanted { isWanted = try body(reader.read(row)) }
        }
    }

    /// The integer of the first row; `nil` if there is no row, or NULL in it.
    func integer(_ statement: Statement, _ values: [Value] = []) throws -> Int64? {
        var (integer, isFirst): (Int64?, Bool) = (nil, true)
        try run(statement, values) { row in
            if isFirst { integer = try row.integerIfAny(0) }
            isFirst = false
        }
        return integer
    }
}
