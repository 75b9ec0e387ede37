import GRDB
import GRDBSQLite
package import Shared

extension SQLiteStore {
    package func changes<Value: Sendable>(
        _ query: ChangeQuery, owner: Int64, _ read: @escaping @Sendable (ChangeRows) throws -> Value
    ) async throws -> Value {
        try await readers.withConnectionElsewhere { connection in
            let last = try Self.lastEvent(connection, owner: owner)
            let start = try query.since.map { try Self.sequence(connection, owner: owner, at: $0, last) } ?? 0
            let end = try query.after.map { try Self.sequence($0, last) } ?? last.sequence + 1
            return try read(
                ChangeRows(limit: query.limit) { take in
                    let condition = "e.owner = ? AND e.sequence > ? AND e.sequence < ? ORDER BY e.sequence DESC"
                    try connection.events(last.epoch, where: condition, [owner, start, end], take)
                })
        }
    }

    package func history<Value: Sendable>(
        of id: Int64, _ query: ChangeQuery, owner: Int64,
        _ read: @escaping @Sendable (ChangeRows) throws -> Value
    ) async throws -> Value {
        try await readers.withConnectionElsewhere { connection in
            try connection.inTransaction { try Self.history(connection, of: id, query, owner: owner, read) }
        }
    }

    private static func history<Value>(
        _ connection: ReadConnection, of id: Int64, _ query: ChangeQuery, owner: Int64,
        _ read: (ChangeRows) throws -> Value
    ) throws -> Value {
        let last = try Self.lastEvent(connection, owner: owner)
        let start = try query.since.map { try Self.sequence(connection, owner: owner, at: $0, last) } ?? 0
        var first = try Self.lastEvent(connection, of: id, owner: owner, last)
        if let after = query.after {
            let number = try Self.sequence(after, last)
            let sql = "SELECT coalesce(previous, 0) FROM author_event WHERE owner = ? AND sequence = ? AND id = ?"
            guard let previous = try connection.integer(sql, [owner, number, id]) else {
                throw StoreError.eventNotFound
            }
            first = previous
        }
        return try read(
            ChangeRows(limit: query.limit) { [first] take in
                var number: Int64? = first
                while let event = number, event > start {
                    number = try connection.event(event, last.epoch, owner: owner, take)
                }
            })
    }

    /// The number of the author's last event that is seen, which may be a deletion; 0 if it is not kept.
    /// - Parameter last: the owner's last event.
    /// - Throws: ``StoreError`` `authorNotFound`.
    private static func lastEvent(
        _ connection: ReadConnection, of id: Int64, owner: Int64, _ last: EventPosition
    ) throws -> Int64 {
        let present = "SELECT event FROM author WHERE owner = ? AND id = ?"
        let deleted = """
            SELECT max(sequence) FROM author_event INDEXED BY author_event_deleted
            WHERE owner = ? AND id = ? AND change = \(change(AuthorEvent.deleted))
            """
        let before = "SELECT previous FROM author_event WHERE owner = ? AND sequence = ?"
        var event = try connection.integer(present, [owner, id]) ?? connection.integer(deleted, [owner, id])
        while let later = event, later > last.sequence { event = try connection.integer(before, [owner, later]) }
        guard let event else { throw StoreError.authorNotFound }
        return event
    }

    /// The number of the event with that id.
    /// - Parameter last: the owner's last event.
    /// - Throws: ``StoreError`` `eventNotFound`.
    static func sequence(_ id: String, _ last: EventPosition) throws -> Int64 {
        try last.number(of: id)
    }

    /// The number of the last event up to a point in the history, which may no longer be kept.
    /// - Parameter last: the owner's last event.
    /// - Throws: ``StoreError`` `eventNotFound`.
    static func sequence(
        _ connection: ReadConnection, owner: Int64, at point: HistoryPoint, _ last: EventPosition
    ) throws -> Int64 {
        switch point {
        case .event(let id): return try sequence(id, last)
        case .time(let time):
            let sql = """
                SELECT sequence FROM author_event WHERE owner = ? AND sequence <= ? AND at <= ?
                ORDER BY sequence DESC LIMIT 1
                """
            return try connection.integer(sql, [owner, last.sequence, time.milliseconds]) ?? 0
        }
    }

    package func position(of point: HistoryPoint, owner: Int64) async throws -> EventPosition {
        try await readers.withConnectionElsewhere { connection in
            let last = try Self.lastEvent(connection, owner: owner)
            return EventPosition(
                epoch: last.epoch, sequence: try Self.sequence(connection, owner: owner, at: point, last))
        }
    }

    static func historyStart(_ connection: ReadConnection, owner: Int64) throws -> HistoryStart {
        let first = "SELECT min(sequence) - 1 FROM author_event WHERE owner = ?"
        let incomplete = "SELECT history_start FROM user WHERE id = ?"
        let number = max(
            try connection.integer(first, [owner]) ?? 0, try connection.integer(incomplete, [owner]) ?? 0)
        let sql = "SELECT at FROM author_event WHERE owner = ? AND sequence > ? ORDER BY sequence LIMIT 1"
        let time = try connection.integer(sql, [owner, number]).map { Timestamp(milliseconds: $0) }
        return HistoryStart(number: number, time: time)
    }

    package func history(owner: Int64) throws -> HistoryRange {
        let since = try readers.withConnection { try Self.historyStart($0, owner: owner).time }
        return HistoryRange(events: history.events, age: history.age?.seconds, since: since)
    }
}
