import GRDB
package import Shared

/// The author of a change: an account, and the place of its client.
package struct Initiator: Sendable, Equatable {
    /// The name of an account; `nil` for an operator, and if nobody was recognized.
    package let name: String?
    /// The network address of a client, `unix` or `operator`; `nil` if it is not known.
    package let address: String?

    package init(_ name: String?, from address: String?) {
        self.name = name
        self.address = address
    }

    /// The person or program that runs a command of `libraryd` on the machine of the library.
    package static let `operator` = Initiator(nil, from: "operator")
}

extension Store {
    /// Entries of each part that are kept.
    private static let entriesOfPart: Int64 = 50_000
    /// In an ``AuditPage``.
    package static let entriesOfPage = 1000

    /// The group of entries with a bound of its own.
    private static func part(_ event: AuditEvent) -> Int64 {
        switch event {
        case .loginFailed: 1
        case .authorsImported: 2
        default: 0
        }
    }

    /// Inserts an entry, in the transaction of the change that it reports, and deletes the oldest one if there are too
    /// many.
    /// - Parameter user: the name of the account that it happens to.
    static func note(
        _ db: Database, _ event: AuditEvent, user: String?, by initiator: Initiator, _ detail: String = "",
        at now: Timestamp
    ) throws {
        let part = part(event)
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
            arguments: [part, number - entriesOfPart])
    }

    /// Inserts an entry of what changes nothing in the library, such as a failed login.
    package func note(
        _ event: AuditEvent, user: String?, by initiator: Initiator, _ detail: String = "", at now: Timestamp
    ) async throws {
        try await writer.write { try Self.note($0, event, user: user, by: initiator, detail, at: now) }
    }

    /// The entries after one of them, oldest first, at most ``entriesOfPage``.
    /// - Parameters:
    ///   - last: the id of the last entry that is known; 0 for none.
    ///   - since: leaves out entries before this time.
    ///   - user: leaves out entries whose user and whose actor have another name, ignoring case.
    package func audit(after last: Int64, since: Timestamp?, user: String?) async throws -> [AuditEntry] {
        try await readers.readSlowly { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT id, at, event, user, actor, address, detail FROM audit
                    WHERE id > ?1 AND (?2 IS NULL OR at >= ?2)
                        AND (?3 IS NULL OR user = ?3 COLLATE NOCASE OR actor = ?3 COLLATE NOCASE)
                    ORDER BY id LIMIT \(Self.entriesOfPage)
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
