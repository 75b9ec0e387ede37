import GRDB
package import Shared

extension SQLiteStore {
    /// Inserts an entry, in the transaction of the change that it reports, and deletes the oldest one if there are too
    /// many.
    /// - Parameter user: the name of the account that it happens to.
    static func note(
        _ db: Database, _ event: AuditEvent, user: String?, by initiator: Initiator, _ detail: String = "",
        at now: Timestamp
    ) throws {
        let part = event.part
        let last = "SELECT coalesce(max(number), 0) FROM audit WHERE part = ?"
        let number = (try Int64.fetchOne(db.cachedStatement(sql: last), arguments: [part]) ?? 0) + 1
        try db.cachedStatement(
            sql: """
                INSERT INTO audit (part, number, at, event, user, actor, address, detail)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                part, number, now.milliseconds, event.rawValue, user, initiator.name, initiator.address, detail,
            ])
        try db.cachedStatement(sql: "DELETE FROM audit WHERE part = ? AND number <= ?").execute(
            arguments: [part, number - AuditEvent.entriesOfPart])
    }

    package func note(
        _ event: AuditEvent, user: String?, by initiator: Initiator, _ detail: String = "", at now: Timestamp
    ) async throws {
        try await writer.write { try Self.note($0, event, user: user, by: initiator, detail, at: now) }
    }

    package func audit(after last: Int64, since: Timestamp?, user: String?) async throws -> [AuditEntry] {
        try await readers.readSlowly { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT id, at, event, user, actor, address, detail FROM audit
                    WHERE id > ?1 AND (?2 IS NULL OR at >= ?2)
                        AND (?3 IS NULL OR user = ?3 COLLATE NOCASE OR actor = ?3 COLLATE NOCASE)
                    ORDER BY id LIMIT \(AuditPage.limit)
                    """,
                arguments: [last, since?.milliseconds, user]
            ).map { row in
                try AuditEntry(
                    id: row.value(0), at: Timestamp(milliseconds: row.value(1)), event: row.value(2),
                    user: row.value(3), actor: row.value(4), address: row.value(5), detail: row.value(6))
            }
        }
    }
}
