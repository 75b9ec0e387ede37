package import LibraryStore
package import Shared

extension PostgresStore {
    package func changes<Value: Sendable>(
        _ query: ChangeQuery, owner: Int64, _ read: @escaping @Sendable (ChangeRows) throws -> Value
    ) async throws -> Value {
        try await self.read(at: query.since) { connection in
            let last = try Self.lastEvent(connection, owner: owner)
            let start = try query.since.map { try Self.number(connection, owner: owner, at: $0, last) } ?? 0
            let end = try query.after.map { try last.number(of: $0) } ?? .max
            return try read(
                ChangeRows(limit: query.limit) { take in
                    try connection.events(
                        Self.selectChanges,
                        [.integer(owner), .integer(start), .integer(end), .integer(Int64(query.limit) + 1)], last.epoch,
                        take)
                })
        }
    }

    package func history<Value: Sendable>(
        of id: Int64, _ query: ChangeQuery, owner: Int64, _ read: @escaping @Sendable (ChangeRows) throws -> Value
    ) async throws -> Value {
        try await self.read(at: query.since) { connection in
            let last = try Self.lastEvent(connection, owner: owner)
            let start = try query.since.map { try Self.number(connection, owner: owner, at: $0, last) } ?? 0
            guard var first = try connection.integer(Self.selectLastOfAuthor, [.integer(owner), .integer(id)]) else {
                throw StoreError.authorNotFound
            }
            if let after = query.after {
                let number = try last.number(of: after)
                guard
                    let previous = try connection.integer(
                        Self.selectPrevious, [.integer(owner), .integer(number), .integer(id)])
                else { throw StoreError.eventNotFound }
                first = previous
            }
            return try read(
                ChangeRows(limit: query.limit) { [first] take in
                    try connection.events(
                        Self.selectHistory,
                        [.integer(owner), .integer(first), .integer(start), .integer(Int64(query.limit) + 1)],
                        last.epoch, take)
                })
        }
    }

    package func position(of point: HistoryPoint, owner: Int64) async throws -> EventPosition {
        try await read(at: point) { connection in
            let last = try Self.lastEvent(connection, owner: owner)
            return EventPosition(
                epoch: last.epoch, sequence: try Self.number(connection, owner: owner, at: point, last))
        }
    }

    package func history(owner: Int64) async throws -> HistoryRange {
        let since = try await read { try Self.history($0, owner: owner).start.time }
        return HistoryRange(events: history.events, age: history.age?.seconds, since: since)
    }

    /// Runs a read of the history, which may take long if it has to look for a time.
    func read<Value: Sendable>(
        at point: HistoryPoint?, _ body: @escaping @Sendable (Connection) throws -> Value
    ) async throws -> Value {
        if case .time? = point { try await readSlowly(body) } else { try await read(body) }
    }

    /// The number of the last event up to a point in the history, which may no longer be kept.
    /// - Parameter last: the owner's last event.
    /// - Throws: ``StoreError`` `eventNotFound`.
    static func number(
        _ connection: Connection, owner: Int64, at point: HistoryPoint, _ last: EventPosition
    ) throws -> Int64 {
        switch point {
        case .event(let id): try last.number(of: id)
        case .time(let time):
            try connection.integer(selectAtTime, [.integer(owner), .integer(time.milliseconds)]) ?? 0
        }
    }

    /// The owner's last event, and from when on the library is known.
    static func history(
        _ connection: Connection, owner: Int64
    ) throws -> (last: EventPosition, start: HistoryStart) {
        var found: (EventPosition, HistoryStart)?
        try connection.run(selectStart, [.integer(owner)]) { row in
            let time = try row.timeIfAny(3)
            found = (
                EventPosition(epoch: try row.text(0), sequence: try row.integer(1)),
                HistoryStart(number: try row.integer(2), time: time)
            )
        }
        guard let found else { throw StoreError.damaged("there is no epoch") }
        return found
    }

    // MARK: Statements

    static let selectAtTime: Statement = """
        SELECT sequence FROM author_event WHERE owner = $1 AND at <= $2 ORDER BY sequence DESC LIMIT 1
        """
    /// The first event after which the library is known is the one before the first that is kept, or the last one that
    /// lacks what was before.
    static let selectStart: Statement = """
        SELECT epoch, last, number,
            (SELECT at FROM author_event WHERE owner = $1 AND sequence > number ORDER BY sequence LIMIT 1)
        FROM (
            SELECT epoch, coalesce((SELECT last FROM event_counter WHERE owner = $1), 0) AS last, greatest(
                coalesce((SELECT sequence - 1 FROM author_event WHERE owner = $1 ORDER BY sequence LIMIT 1), 0),
                coalesce((SELECT history_start FROM "user" WHERE id = $1), 0)) AS number
            FROM library OFFSET 0
        ) AS known
        """
    /// The number of an author's last event, which may be a deletion; 0 if it is not kept.
    static let selectLastOfAuthor = Statement(
        """
        SELECT coalesce(
            (SELECT event FROM author WHERE owner = $1 AND id = $2),
            (SELECT max(sequence) FROM author_event WHERE owner = $1 AND id = $2 AND kind = '\(AuthorEvent.deleted)'))
        """)
    static let selectPrevious: Statement = """
        SELECT coalesce(previous, 0) FROM author_event WHERE owner = $1 AND sequence = $2 AND id = $3
        """
    static let selectChanges = Statement(
        """
        \(EventRow.select()) WHERE e.owner = $1 AND e.sequence > $2 AND e.sequence < $3
        ORDER BY e.sequence DESC LIMIT $4
        """)
    /// Each event leads to the one before it.
    static let selectHistory = Statement(
        """
        WITH RECURSIVE chain AS (
            SELECT * FROM author_event WHERE owner = $1 AND sequence = $2 AND sequence > $3
            UNION ALL
            SELECT event.* FROM chain CROSS JOIN LATERAL (
                SELECT * FROM author_event
                WHERE owner = $1 AND sequence = chain.previous AND chain.previous > $3
                    AND chain.previous < chain.sequence
                LIMIT 1
            ) AS event
        )
        \(EventRow.select(from: "(SELECT * FROM chain LIMIT $4)")) ORDER BY e.sequence DESC
        """)
}
