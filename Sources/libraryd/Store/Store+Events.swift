import GRDB
import GRDBSQLite
import Shared

/// A place among the events of one owner: `EPOCH-SEQUENCE` on the wire.
struct EventPosition: Sendable, Equatable, CustomStringConvertible {
    /// Of the library; another one after each restore, when the same numbers are given out again.
    let epoch: String
    /// From 1, without gaps; 0 is before all events.
    let sequence: Int64

    init(epoch: String, sequence: Int64) {
        self.epoch = epoch
        self.sequence = sequence
    }

    /// Reads the form that ``description`` writes and no other.
    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].count == 16, let sequence = Author.id(Substring(parts[1])),
            parts[0].allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        self.init(epoch: String(Substring(parts[0])), sequence: sequence)
    }

    var description: String { "\(epoch)-\(sequence)" }

    /// The server-sent event that says: read the list again, and go on from here.
    var reset: [UInt8] {
        Array("event: \(AuthorEvent.reset)\nid: \(self)\ndata: {}\n\n".utf8)
    }
}

/// A part of an owner's events, ready to be sent.
struct EventPage: Sendable {
    static let limit = 500

    /// Server-sent events.
    fileprivate(set) var bytes: [UInt8] = []
    /// Of the last of them.
    fileprivate(set) var position: EventPosition
    fileprivate var count = 0

    /// Whether there may be more.
    var isFull: Bool { count == Self.limit }

    fileprivate init(after position: EventPosition) {
        self.position = position
    }

    /// Adds a row, unless rows before it are missing.
    fileprivate mutating func add(_ row: SQLiteStatement) -> Bool {
        let next = EventPosition(epoch: position.epoch, sequence: sqlite3_column_int64(row, 8))
        guard next.sequence == position.sequence + 1 else { return false }
        let id = "\(next)"
        let kind = sqlite3_column_text(row, 9).map { String(cString: $0) } ?? ""
        var json = JSONWriter(reservingCapacity: 384)
        json.object {
            $0.member("event_id", id)
            $0.member("event", kind)
            $0.member("at", Timestamp(milliseconds: sqlite3_column_int64(row, 10)))
            AuthorRow.writeMembers(row, to: &$0)
        }
        bytes += Array("id: \(id)\nevent: \(kind)\ndata: ".utf8) + json.bytes + Array("\n\n".utf8)
        position = next
        count += 1
        return true
    }
}

extension Store {
    /// How many events of each owner are kept.
    static let keptEvents: Int64 = 100_000
    /// Those that are too many go whenever the numbers pass a multiple of this.
    private static let pruning: Int64 = 1024

    /// Adds an event of one author, in the transaction of the change itself.
    /// - Parameter author: as it is after the change, or was before its deletion.
    static func record(_ db: Database, _ kind: String, _ author: Author, owner: Int64, at now: Timestamp) throws {
        let sequence = try lastSequence(db, owner: owner) + 1
        try db.raw(
            """
            INSERT INTO author_event (owner, sequence, kind, at, \(AuthorRow.columns))
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        ).run([
            .integer(owner), .integer(sequence), .text(kind), .integer(now.milliseconds), .integer(author.id),
            .text(author.name), .text(author.book), .text(author.country), .integer(author.bookerPrize ? 1 : 0),
            .integer(author.createdAt.milliseconds), .integer(author.updatedAt.milliseconds), .integer(author.version),
        ])
        try prune(db, owner: owner, from: sequence - 1, to: sequence)
    }

    /// Adds an event for each author that the transaction has created after that id: copied inside SQLite, which costs a tenth of
    /// handing each over again.
    static func recordCreated(_ db: Database, after id: Int64, owner: Int64, at now: Timestamp) throws {
        let last = try lastSequence(db, owner: owner)
        try db.cachedStatement(
            sql: """
                INSERT INTO author_event (owner, sequence, kind, at, \(AuthorRow.columns))
                SELECT owner, ?2 + row_number() OVER (ORDER BY id), ?3, ?4, \(AuthorRow.columns)
                FROM author WHERE owner = ?1 AND id > ?5
                """
        ).execute(arguments: [owner, last, AuthorEvent.created, now.milliseconds, id])
        try prune(db, owner: owner, from: last, to: last + Int64(db.changesCount))
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
        try db.execute(
            sql: "DELETE FROM author_event WHERE owner = ? AND sequence <= ?", arguments: [owner, new - keptEvents])
    }

    /// The owner's last event so far.
    func lastEvent(owner: Int64) throws -> EventPosition {
        try readers.withConnection { try Self.lastEvent($0, owner: owner) }
    }

    /// The owner's events after a position, the oldest first. If events are missing there, because they are no longer kept, it
    /// is a reset.
    func events(after position: EventPosition, owner: Int64) async throws -> EventPage {
        try await readers.withConnectionElsewhere { connection in
            var page = EventPage(after: position)
            var isGap = false
            let values: [RawStatement.Value] = [.integer(owner), .integer(position.sequence)]
            try connection.rows(Self.selectEvents, values) { row in
                isGap = !page.add(row)
                return !isGap
            }
            guard isGap else { return page }
            page = EventPage(after: try Self.lastEvent(connection, owner: owner))
            page.bytes = page.position.reset
            return page
        }
    }

    private static let selectEvents = """
        SELECT \(AuthorRow.columns), sequence, kind, at FROM author_event
        WHERE owner = ? AND sequence > ? ORDER BY sequence LIMIT \(EventPage.limit)
        """

    private static func lastEvent(_ connection: ReadConnection, owner: Int64) throws -> EventPosition {
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
