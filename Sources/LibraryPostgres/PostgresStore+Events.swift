package import LibraryStore

extension PostgresStore {
    package func lastEvent(owner: Int64) async throws -> EventPosition {
        try await read { try Self.lastEvent($0, owner: owner) }
    }

    package func events<Value: Sendable>(
        after position: EventPosition, owner: Int64, _ read: @escaping @Sendable (EventRows) throws -> Value
    ) async throws -> Value {
        try await self.read { connection in
            let last = try Self.lastEvent(connection, owner: owner)
            return try read(
                EventRows(after: position, isGone: last.epoch != position.epoch || last.sequence < position.sequence) {
                    last
                } _: { take in
                    try connection.events(
                        Self.selectEvents, [.integer(owner), .integer(position.sequence)], position.epoch, take)
                })
        }
    }

    static func lastEvent(_ connection: Connection, owner: Int64) throws -> EventPosition {
        var position: EventPosition?
        try connection.run(selectLast, [.integer(owner)]) {
            position = EventPosition(epoch: try $0.text(0), sequence: try $0.integer(1))
        }
        guard let position else { throw StoreError.damaged("there is no epoch") }
        return position
    }

    static let selectLast: Statement = """
        SELECT epoch, coalesce((SELECT last FROM event_counter WHERE owner = $1), 0) FROM library
        """
    static let selectEvents = Statement(
        """
        \(EventRow.select()) WHERE e.owner = $1 AND e.sequence > $2 ORDER BY e.sequence LIMIT \(EventPage.limit)
        """)
}
