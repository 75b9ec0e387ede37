package import LibraryStore
package import Shared

extension PostgresStore {
    /// Inserts an entry, in the transaction of the change that it reports, and deletes the oldest one if there are too
    /// many.
    ///
    /// Transactions that have entries end one after the other, so that ids are committed in their order: whoever reads
    /// on after an id misses none. So this is the last lock that a transaction takes.
    /// - Parameter user: the name of the account that it happens to.
    static func note(
        _ connection: Connection, _ event: AuditEvent, user: String?, by initiator: Initiator, _ detail: String = "",
        at now: Timestamp
    ) throws {
        let part = Value.integer(event.part)
        // Each statement sees what was committed when it began: the second one, all entries before.
        try connection.pipeline([
            Request("SELECT pg_advisory_xact_lock($1)", [.integer(lockOfAudit)]),
            Request(
                insertEntry,
                [
                    part, .integer(now.milliseconds), .text(event.rawValue), Value(user), Value(initiator.name),
                    Value(initiator.address), .text(detail),
                ]),
            Request(deleteEntries, [part, .integer(AuditEvent.entriesOfPart)]),
        ])
    }

    /// A number of our own for locks of PostgreSQL: "Audi".
    private static let lockOfAudit: Int64 = 0x4175_6469

    package func note(
        _ event: AuditEvent, user: String?, by initiator: Initiator, _ detail: String, at now: Timestamp
    ) async throws {
        try await write { try Self.note($0, event, user: user, by: initiator, detail, at: now) }
    }

    package func audit(after last: Int64, since: Timestamp?, user: String?) async throws -> [AuditEntry] {
        if let user, user.utf8.contains(0) { return [] }
        return try await readSlowly { connection in
            var entries: [AuditEntry] = []
            try connection.run(
                Self.selectEntries, [.integer(last), Value(since?.milliseconds), Value(user)]
            ) { row in
                entries.append(
                    AuditEntry(
                        id: try row.integer(0), at: try row.time(1), event: try row.text(2),
                        user: try row.textIfAny(3), actor: try row.textIfAny(4), address: try row.textIfAny(5),
                        detail: try row.text(6)))
            }
            return entries
        }
    }

    private static let insertEntry: Statement = """
        INSERT INTO audit (part, number, at, event, "user", actor, address, detail)
        VALUES ($1, (SELECT coalesce(max(number), 0) + 1 FROM audit WHERE part = $1), $2, $3, $4, $5, $6, $7)
        """
    private static let deleteEntries: Statement = """
        DELETE FROM audit WHERE part = $1 AND number <= (SELECT max(number) FROM audit WHERE part = $1) - $2::bigint
        """
    private static let selectEntries = Statement(
        """
        SELECT id, at, event, "user", actor, address, detail FROM audit
        WHERE id > $1 AND ($2::bigint IS NULL OR at >= $2)
            AND ($3::text IS NULL OR lower("user") = lower($3 COLLATE "C") OR lower(actor) = lower($3 COLLATE "C"))
        ORDER BY id LIMIT \(AuditPage.limit)
        """)
}
