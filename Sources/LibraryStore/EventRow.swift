import GRDB
import GRDBSQLite
package import Shared

/// One event, good until the next is read.
package struct EventRow {
    package let position: EventPosition
    /// As ``AuthorEvent`` names it.
    package let kind: String
    package let at: Timestamp
    /// As it was after the change, or before its deletion.
    package let author: AuthorRow
    /// As it was before an update; `nil` for other events, and if that was not kept.
    package let before: AuthorRow?
    /// The id of the session or the API key.
    package let session: String?
    /// What the session or the key is called.
    package let client: String?
    /// The id of the import, if it is one.
    package let importID: String?
    /// The number of the author's event before it; `nil` or 0 if there is none.
    let previous: Int64?

    /// Behind the author's columns, those of the author after the change and of the author before it.
    private enum Column: Int32 {
        case sequence, kind, at, previous, session, client, importID

        var index: Int32 { Int32(2 * AuthorField.all.count) + rawValue }
    }

    fileprivate init(_ row: SQLiteStatement, epoch: String) {
        func integer(_ column: Column) -> Int64 { sqlite3_column_int64(row, column.index) }
        func text(_ column: Column) -> String? {
            sqlite3_column_text(row, column.index).map { String(cString: $0) }
        }
        position = EventPosition(epoch: epoch, sequence: integer(.sequence))
        kind = text(.kind) ?? ""
        at = Timestamp(milliseconds: integer(.at))
        author = AuthorRow(row)
        let old = AuthorRow(row, from: AuthorField.all.count)
        before = kind == AuthorEvent.updated && !old.isNull ? old : nil
        previous = sqlite3_column_type(row, Column.previous.index) == SQLITE_NULL ? nil : integer(.previous)
        (session, client, importID) = (text(.session), text(.client), text(.importID))
    }

    /// Conditions on `e`, an event, can be added. What an event made of its author is in the author's next event, if
    /// there is one, else in `author`.
    fileprivate static let select: String = {
        let fields = AuthorField.all.dropFirst().map(\.name)
        let after = fields.map { "iif(e.kind = '\(AuthorEvent.deleted)', e.\($0), coalesce(n.\($0), a.\($0)))" }
        let ofEvent = ["e.sequence", "e.kind", "e.at", "e.previous", "o.session", "o.client", "o.import"]
        let columns = ["e.id"] + after + ["e.id"] + fields.map { "e.\($0)" } + ofEvent
        return """
            SELECT \(columns.joined(separator: ", "))
            FROM author_event AS e
                LEFT JOIN author_event AS n ON n.owner = e.owner AND n.sequence = e.next
                LEFT JOIN author AS a ON a.owner = e.owner AND a.id = e.id AND e.next IS NULL
                LEFT JOIN origin AS o ON o.user = e.owner AND o.number = e.origin
            """
    }()
}

extension ReadConnection {
    /// Calls `body` with events, until it returns `false`.
    /// - Parameters:
    ///   - condition: on `e`, an event, with the order.
    ///   - values: of its parameters.
    func events(
        _ epoch: String, where condition: String, _ values: [Int64], _ body: (EventRow) throws -> Bool
    ) throws {
        try rows("\(EventRow.select) WHERE \(condition)", values.map { .integer($0) }) {
            try body(EventRow($0, epoch: epoch))
        }
    }
}

/// A part of an owner's events.
package struct EventPage: Sendable {
    package static let limit = 500

    /// The position of the last event.
    package fileprivate(set) var position: EventPosition
    fileprivate var count = 0
    /// Whether events before ``position`` are no longer kept, so that the list must be read again.
    package fileprivate(set) var isReset = false

    /// Whether there may be more.
    package var isFull: Bool { count == Self.limit }
}

/// The rows of such a part.
package struct EventRows {
    private let connection: ReadConnection
    private let owner: Int64
    private let start: EventPosition

    init(_ connection: ReadConnection, owner: Int64, after start: EventPosition) {
        self.connection = connection
        self.owner = owner
        self.start = start
    }

    /// Calls `body` with each event, the oldest first.
    package func forEach(_ body: (EventRow) -> Void) throws -> EventPage {
        var page = EventPage(position: start)
        let condition = "e.owner = ? AND e.sequence > ? ORDER BY e.sequence LIMIT \(EventPage.limit)"
        try connection.events(start.epoch, where: condition, [owner, start.sequence]) { event in
            guard event.position.sequence == page.position.sequence + 1 else {
                page.isReset = true
                return false
            }
            body(event)
            page.position = event.position
            page.count += 1
            return true
        }
        guard page.isReset else { return page }
        return EventPage(position: try Store.lastEvent(connection, owner: owner), isReset: true)
    }
}
