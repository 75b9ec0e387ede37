package import LibraryStore

extension PostgresStore {
    package func measurements() async -> Measurements {
        let counts = try? await readSlowly { connection in
            var counts: [Int64] = []
            try connection.run(Self.selectCounts) { row in counts = try (0..<5).map { try row.integer($0) } }
            return counts
        }
        var measured = Measurements(
            databaseSize: counts?[0], logSize: nil, users: counts?[1], events: counts?[2],
            sessions: Int(clamping: counts?[3] ?? 0), keys: Int(clamping: counts?[4] ?? 0),
            eventStreams: changes.subscriptionCount, waitingWrites: writes.waitingCount + writer.count,
            isReady: obstacle(at: .now) == nil)
        measured.server = ServerMeasurements(
            committed: doubts[.committed], repeated: doubts[.repeated], unknown: doubts[.unknown], losses: lossCount,
            moves: hosts.moveCount)
        return measured
    }

    /// The numbers of an owner's events have no gaps.
    private static let selectCounts: Statement = """
        SELECT pg_database_size(current_database()), (SELECT count(*) FROM "user"),
            (SELECT coalesce(sum(
                last + 1 - coalesce((SELECT min(sequence) FROM author_event AS e WHERE e.owner = c.owner), last + 1)
            ), 0)::bigint FROM event_counter AS c),
            (SELECT count(*) FROM session), (SELECT count(*) FROM api_key)
        """
}
