import GRDB
import GRDBSQLite
import Shared

extension EventRow {
    /// Behind the author's columns, those of the author after the change and of the author before it.
    private enum Column: Int32 {
        case sequence, kind, at, previous, session, client, importID

        var index: Int32 { Int32(2 * AuthorField.all.count) + rawValue }
    }

    /// - Parameter columns: memory for the author after the change, and before it.
    fileprivate init(_ row: SQLiteStatement, epoch: String, _ columns: (AuthorColumns, AuthorColumns)) {
        func integer(_ column: Column) -> Int64 { sqlite3_column_int64(row, column.index) }
        func text(_ column: Column) -> String? {
            sqlite3_column_text(row, column.index).map { String(cString: $0) }
        }
        let kind = text(.kind) ?? ""
        let first = AuthorField.all.count
        columns.0.fill(row)
        columns.1.fill(row, from: first)
        let isKept = sqlite3_column_type(row, Int32(first + AuthorField.version.rawValue)) != SQLITE_NULL
        self.init(
            EventPosition(epoch: epoch, sequence: integer(.sequence)), kind,
            at: Timestamp(milliseconds: integer(.at)), author: columns.0.row,
            before: kind == AuthorEvent.updated && isKept ? columns.1.row : nil,
            session: text(.session), client: text(.client), importID: text(.importID))
    }

    /// The number of the author's event before the one in the row; `nil` or 0 if there is none.
    fileprivate static func previous(_ row: SQLiteStatement) -> Int64? {
        let index = Column.previous.index
        return sqlite3_column_type(row, index) == SQLITE_NULL ? nil : sqlite3_column_int64(row, index)
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
        let columns = (AuthorColumns(), AuthorColumns())
        try rows("\(EventRow.select) WHERE \(condition)", values.map { .integer($0) }) {
            try body(EventRow($0, epoch: epoch, columns))
        }
    }

    /// Calls `body` with an event.
    /// - Returns: the number of the same author's event before it, if there is one and `body` returned `true`.
    func event(_ number: Int64, _ epoch: String, owner: Int64, _ body: (EventRow) throws -> Bool) throws -> Int64? {
        var previous: Int64?
        try rows("\(EventRow.select) WHERE e.owner = ? AND e.sequence = ?", [.integer(owner), .integer(number)]) {
            let event = EventRow($0, epoch: epoch, (AuthorColumns(), AuthorColumns()))
            if try body(event) { previous = EventRow.previous($0) }
            return false
        }
        return previous
    }
}
