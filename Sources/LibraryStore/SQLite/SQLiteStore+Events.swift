import GRDB
import GRDBSQLite
import Shared

extension SQLiteStore {
    /// Adds the event of an author's creation, in the transaction of the creation itself.
    /// - Parameter origin: as ``Principal/origin``, or of an import.
    static func recordCreation(
        _ db: Database, _ numbers: AuthorNumbers, owner: Int64, from origin: Int64?, at now: Timestamp
    ) throws {
        try db.raw("INSERT INTO author_event (owner, sequence, change, at, id, origin) VALUES (?, ?, ?, ?, ?, ?)").run([
            .integer(owner), .integer(numbers.event), .integer(change(AuthorEvent.created)),
            .integer(now.milliseconds), .integer(numbers.id), .init(origin),
        ])
    }

    /// Adds the events of several authors' creations, with the numbers that their rows have.
    /// - Parameters:
    ///   - first: the numbers of the first of the authors.
    ///   - last: the numbers of the last one. The owner has no other author with an id between theirs.
    static func recordCreations(
        _ db: Database, _ first: AuthorNumbers, through last: AuthorNumbers, owner: Int64, from origin: Int64?
    ) throws {
        try db.raw(
            """
            INSERT INTO author_event (owner, sequence, change, at, id, origin)
            SELECT owner, event, ?, created_at, id, ? FROM author WHERE owner = ? AND id BETWEEN ? AND ?
            """
        ).run([
            .integer(change(AuthorEvent.created)), .init(origin), .integer(owner), .integer(first.id),
            .integer(last.id),
        ])
    }

    /// Adds the event of another change.
    /// - Parameters:
    ///   - previous: the number of the author's last event; 0 if that is not known.
    ///   - before: the author as it was; `nil` for a creation that takes a deletion back.
    static func record(
        _ db: Database, _ kind: String, of author: Int64, number: Int64, after previous: Int64, _ before: Author?,
        owner: Int64, from origin: Int64?, at now: Timestamp
    ) throws {
        let copy = before.map(\.columns) ?? AuthorField.all.map { _ in .null }
        try db.raw(insertEvent).run(
            [
                .integer(owner), .integer(number), .integer(change(kind)), .integer(now.milliseconds), .integer(author),
                .init(origin), .integer(previous),
            ] + copy.dropFirst())
        try db.raw("UPDATE author_event SET next = ? WHERE owner = ? AND sequence = ?").run([
            .integer(number), .integer(owner), .integer(previous),
        ])
    }

    private static let insertEvent = """
        INSERT INTO author_event
            (owner, sequence, change, at, id, origin, previous, \(copied.joined(separator: ", ")))
        VALUES (?, ?, ?, ?, ?, ?, ?, \(copied.map { _ in "?" }.joined(separator: ", ")))
        """

    /// The number that stands for the kind of an event.
    static func change(_ kind: String) -> Int64 {
        kind == AuthorEvent.created ? 0 : kind == AuthorEvent.updated ? 1 : 2
    }

    /// The columns with the copy of an author; the id is in the event anyway.
    private static let copied = AuthorField.all.dropFirst().map(\.name)

    /// The number of an author's last event; 0 if that is not known.
    static func lastEvent(_ db: Database, of author: Int64, owner: Int64) throws -> Int64 {
        try db.raw("SELECT event FROM author WHERE owner = ? AND id = ?").integer([.integer(owner), .integer(author)])
            ?? 0
    }

    /// The number of the owner's next event.
    /// - Throws: ``StoreError`` `busy` while a change of the owner is unfinished.
    static func nextEvent(_ db: Database, owner: Int64) throws -> Int64 {
        try requireNoneUnfinished(db, owner: owner)
        return try lastSequence(db, owner: owner) + 1
    }

    static func lastSequence(_ db: Database, owner: Int64) throws -> Int64 {
        let last = "SELECT max(sequence) FROM author_event WHERE owner = ?"
        return try requireSequence(db.raw(last).integer([.integer(owner)]) ?? 0)
    }

    /// Passes the number of an owner's last event on, if numbers can be added to it.
    static func requireSequence(_ last: Int64) throws -> Int64 {
        guard (0...Int64.max / 2).contains(last) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an event has the number \(last)")
        }
        return last
    }

    package func lastEvent(owner: Int64) throws -> EventPosition {
        try readers.withConnection { try Self.lastEvent($0, owner: owner) }
    }

    package func events<Value: Sendable>(
        after position: EventPosition, owner: Int64, _ read: @escaping @Sendable (EventRows) throws -> Value
    ) async throws -> Value {
        try await readers.withConnectionElsewhere { connection in
            let rows = EventRows(after: position) {
                try Self.lastEvent(connection, owner: owner)
            } _: { take in
                let condition = """
                    e.owner = ?1 AND e.sequence > ?2 AND e.sequence <= coalesce(\(Self.lastSeen), \(Int64.max))
                    ORDER BY e.sequence LIMIT \(EventPage.limit)
                    """
                try connection.events(position.epoch, where: condition, [owner, position.sequence], take)
            }
            return try read(rows)
        }
    }

    /// The last event that is seen.
    static func lastEvent(_ connection: ReadConnection, owner: Int64) throws -> EventPosition {
        var position: EventPosition?
        let last = "coalesce(\(lastSeen), (SELECT max(sequence) FROM author_event WHERE owner = ?1))"
        let sql = "SELECT epoch, \(last) FROM library"
        try connection.rows(sql, [.integer(owner)]) { row in
            let epoch = sqlite3_column_text(row, 0).map { String(cString: $0) } ?? ""
            position = EventPosition(epoch: epoch, sequence: sqlite3_column_int64(row, 1))
            return false
        }
        guard let position else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "there is no epoch") }
        return position
    }
}
