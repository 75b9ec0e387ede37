package import LibraryStore
import Shared

extension PostgresStore {
    /// Looks for what no release writes. References and checks are the server's.
    package func inspect() async throws -> Inspection {
        try await readSlowly { connection in
            try connection.run(.beginSnapshot)
            // The statements may take longer than those of a request.
            try connection.run("SET LOCAL statement_timeout = '10min'")
            var counts: [Int64?] = []
            try connection.run(Self.selectContents, within: Self.patienceOfCheck) { row in
                counts = try (0..<5).map { try row.integerIfAny($0) }
            }
            var faults: [String] = []
            for (check, words) in Self.checks {
                try connection.run(check, within: Self.patienceOfCheck) { row in
                    faults.append("\(words) (owner \(try row.integer(0)), \(try row.integer(1)))")
                }
            }
            return Inspection(
                faults: faults, schema: counts[0] ?? 0, users: counts[1] ?? 0, authors: counts[2] ?? 0,
                changes: counts[3] ?? 0, oldestChange: counts[4].map { Timestamp(milliseconds: $0) })
        }
    }

    private static let patienceOfCheck = Duration.seconds(600)

    private static let selectContents: Statement = """
        SELECT (SELECT schema FROM library), (SELECT count(*) FROM "user"), (SELECT count(*) FROM author),
            (SELECT count(*) FROM author_event), (SELECT min(at) FROM author_event)
        """

    /// What is wrong, with an owner and a number; at most 100 of each.
    private static let checks: [(Statement, String)] = [
        (
            """
            SELECT owner, last FROM event_counter AS c
            WHERE last <> coalesce((SELECT max(sequence) FROM author_event AS e WHERE e.owner = c.owner), 0) LIMIT 100
            """, "the count of changes is not that of the last one"
        ),
        (
            """
            SELECT owner, min(sequence) FROM author_event GROUP BY owner
            HAVING max(sequence) - min(sequence) + 1 <> count(*) LIMIT 100
            """, "the numbers of changes have a gap"
        ),
        (
            """
            SELECT a.owner, a.id FROM author AS a
                LEFT JOIN author_event AS e ON e.owner = a.owner AND e.sequence = a.event AND e.id = a.id
                    AND e.next IS NULL AND e.kind <> 'deleted'
            WHERE e.sequence IS NULL
                AND a.event >= coalesce((SELECT min(sequence) FROM author_event AS f WHERE f.owner = a.owner), 1)
                AND a.event > 0
            LIMIT 100
            """, "the last change of an author is missing"
        ),
        (
            """
            SELECT e.owner, e.sequence FROM author_event AS e
                LEFT JOIN author_event AS n ON n.owner = e.owner AND n.sequence = e.next AND n.id = e.id
                    AND n.previous = e.sequence
            WHERE e.next IS NOT NULL AND n.sequence IS NULL LIMIT 100
            """, "a change does not lead to the next one of its author"
        ),
    ]
}
