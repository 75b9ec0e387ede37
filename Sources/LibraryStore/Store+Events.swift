import GRDB
import GRDBSQLite
package import Shared

/// A place among the events of one owner: `EPOCH-SEQUENCE` on the wire.
package struct EventPosition: Sendable, Equatable, CustomStringConvertible {
    /// The epoch of the library. A restore begins another one, because it gives out the same numbers again.
    package let epoch: String
    /// From 1, without gaps; 0 is before all events.
    package let sequence: Int64

    package init(epoch: String, sequence: Int64) {
        self.epoch = epoch
        self.sequence = sequence
    }

    /// Reads the form that ``description`` writes and no other.
    package init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].count == 16, let sequence = Int64(decimal: Substring(parts[1])),
            parts[0].allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        self.init(epoch: String(Substring(parts[0])), sequence: sequence)
    }

    package var description: String { "\(epoch)-\(sequence)" }
}

/// One event, good until the next is read.
package struct EventRow {
    package let position: EventPosition
    /// As ``AuthorEvent`` names it.
    package let kind: String
    package let at: Timestamp
    /// As it was after the change, or before its deletion.
    package let author: AuthorRow

    /// In the order in which ``Store/selectEvents`` has them, behind the author's.
    fileprivate enum Column: Int32 {
        case sequence, kind, at

        var index: Int32 { Int32(AuthorField.all.count) + rawValue }
    }

    fileprivate init(_ row: SQLiteStatement, epoch: String) {
        position = EventPosition(epoch: epoch, sequence: sqlite3_column_int64(row, Column.sequence.index))
        kind = sqlite3_column_text(row, Column.kind.index).map { String(cString: $0) } ?? ""
        at = Timestamp(milliseconds: sqlite3_column_int64(row, Column.at.index))
        author = AuthorRow(row)
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

    fileprivate init(_ connection: ReadConnection, owner: Int64, after start: EventPosition) {
        self.connection = connection
        self.owner = owner
        self.start = start
    }

    /// Calls `body` with each event, the oldest first.
    package func forEach(_ body: (EventRow) -> Void) throws -> EventPage {
        var page = EventPage(position: start)
        try connection.rows(Store.selectEvents, [.integer(owner), .integer(start.sequence)]) {
            let event = EventRow($0, epoch: start.epoch)
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

extension Store {
    /// How many events of each owner are kept.
    package static let keptEvents: Int64 = 100_000
    /// Those that are too many go whenever the numbers pass a multiple of this.
    private static let pruning: Int64 = 1024

    /// Adds an event of one author, in the transaction of the change itself. The event has no copy of the author.
    /// - Parameters:
    ///   - author: as it is after the change, or was before its deletion.
    ///   - number: of ``nextEvent(_:owner:)``.
    static func record(
        _ db: Database, _ kind: String, _ author: Author, number: Int64, owner: Int64, at now: Timestamp
    ) throws {
        try db.raw("INSERT INTO author_event (owner, sequence, kind, at, id) VALUES (?, ?, ?, ?, ?)").run(
            [.integer(owner), .integer(number), .text(kind), .integer(now.milliseconds), .integer(author.id)])
        try prune(db, owner: owner, from: number - 1, to: number)
    }

    /// Gives an event a copy of its author, who is about to change.
    /// - Parameter event: its number; nothing happens if the event is no longer kept.
    static func copy(_ db: Database, _ author: Author, into event: Int64, owner: Int64) throws {
        try db.raw(copyIntoEvent).run(author.columns + [.integer(owner), .integer(event)])
    }

    private static let copyIntoEvent = """
        UPDATE author_event SET \(AuthorField.all.map { "\($0.name) = ?" }.joined(separator: ", "))
        WHERE owner = ? AND sequence = ?
        """

    /// The number of an author's last event; 0 if it has none that is kept.
    static func lastEvent(_ db: Database, of author: Author, owner: Int64) throws -> Int64 {
        try db.raw("SELECT event FROM author WHERE owner = ? AND id = ?")
            .integer([.integer(owner), .integer(author.id)]) ?? 0
    }

    /// Adds the events of authors that the transaction has created, with the numbers that the authors have.
    static func recordCreated(
        _ db: Database, _ first: AuthorNumbers, through last: AuthorNumbers, owner: Int64, at now: Timestamp
    ) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO author_event (owner, sequence, kind, at, id)
                SELECT owner, event, ?, ?, id FROM author WHERE owner = ? AND id >= ? AND event > ?
                """
        ).execute(
            // Earlier ones would be deleted at once.
            arguments: [AuthorEvent.created, now.milliseconds, owner, first.id, last.event - keptEvents])
        try prune(db, owner: owner, from: first.event - 1, to: last.event)
    }

    /// The number of the owner's next event.
    /// - Throws: ``StoreError`` `busy` while a file of the owner is stored.
    static func nextEvent(_ db: Database, owner: Int64) throws -> Int64 {
        try requireNoneStaged(db, owner: owner)
        return try lastSequence(db, owner: owner) + 1
    }

    private static func lastSequence(_ db: Database, owner: Int64) throws -> Int64 {
        let last = try db.raw("SELECT max(sequence) FROM author_event WHERE owner = ?").integer([.integer(owner)]) ?? 0
        // Numbers are added to it.
        guard (0...Int64.max / 2).contains(last) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an event has the number \(last)")
        }
        return last
    }

    private static func prune(_ db: Database, owner: Int64, from old: Int64, to new: Int64) throws {
        guard old / pruning != new / pruning else { return }
        _ = try prune(db, owner: owner, through: new - keptEvents)
    }

    /// How many events go in one transaction: more than come between two prunings, and few, so that other writes do not
    /// wait long.
    private static let prunedAtOnce = 4 * pruning

    /// Deletes some of the owner's oldest events.
    /// - Parameter end: the number up to which they go.
    /// - Returns: whether there are more.
    static func prune(_ db: Database, owner: Int64, through end: Int64) throws -> Bool {
        let oldest = try db.raw("SELECT min(sequence) FROM author_event WHERE owner = ?")
        guard let first = try oldest.integer([.integer(owner)]), first <= end else { return false }
        let last = first < end - prunedAtOnce ? first + prunedAtOnce : end
        try db.raw("DELETE FROM author_event WHERE owner = ? AND sequence <= ?")
            .run([.integer(owner), .integer(last)])
        return last < end ? try oldest.integer([.integer(owner)]).map { $0 <= end } ?? false : false
    }

    /// The owner's last event so far.
    package func lastEvent(owner: Int64) throws -> EventPosition {
        try readers.withConnection { try Self.lastEvent($0, owner: owner) }
    }

    /// Reads the owner's events after a position, the oldest first.
    /// - Parameter read: takes the rows, which are good only in this call, on another thread.
    package func events<Value: Sendable>(
        after position: EventPosition, owner: Int64, _ read: @escaping @Sendable (EventRows) throws -> Value
    ) async throws -> Value {
        try await readers.withConnectionElsewhere { try read(EventRows($0, owner: owner, after: position)) }
    }

    private static let copyOrAuthor = AuthorField.all.dropFirst()
        .map { "coalesce(e.\($0.name), a.\($0.name))" }.joined(separator: ", ")

    /// An event without a copy of its author is the author's last.
    fileprivate static let selectEvents = """
        SELECT e.id, \(copyOrAuthor), e.sequence, e.kind, e.at
        FROM author_event AS e LEFT JOIN author AS a ON a.owner = e.owner AND a.id = e.id AND e.version IS NULL
        WHERE e.owner = ? AND e.sequence > ? ORDER BY e.sequence LIMIT \(EventPage.limit)
        """

    fileprivate static func lastEvent(_ connection: ReadConnection, owner: Int64) throws -> EventPosition {
        var position: EventPosition?
        let sql = "SELECT epoch, (SELECT max(sequence) FROM author_event WHERE owner = ?) FROM library"
        try connection.rows(sql, [.integer(owner)]) { row in
            let epoch = sqlite3_column_text(row, 0).map { String(cString: $0) } ?? ""
            position = EventPosition(epoch: epoch, sequence: sqlite3_column_int64(row, 1))
            return false
        }
        guard let position else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "there is no epoch") }
        return position
    }
}
