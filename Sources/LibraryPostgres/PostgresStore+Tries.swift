package import LibraryStore
package import Shared

/// Tries to guess a password, counted for all daemons together, in a table that is not logged: it is empty after a
/// crash of the server, as a daemon's memory is after a restart.
extension PostgresStore {
    /// Rows that are kept at most; of more, those with the fewest failures are deleted.
    private static let capacity = 20_000

    package func changeTries<Value: Sendable>(
        of account: String, from address: String, at now: Timestamp,
        _ body: @escaping @Sendable (inout LoginTries, Int64) -> Value
    ) async throws -> Value? {
        try await write { connection in
            let key: [LibraryPostgres.Value] = [.text(account), .text(address)]
            // The rows are locked in one order: that of all addresses, whose address is empty, comes first.
            try connection.run(Self.insertTries, key)
            var (pair, all) = (LoginTries.Count(), LoginTries.Count())
            try connection.run(Self.selectTries, key) { row in
                let count = LoginTries.Count(
                    failures: try row.integer(1), last: try row.integer(2), next: try row.integer(3))
                if try row.utf8(0).isEmpty { all = count } else { pair = count }
            }
            var isKnown = false
            try connection.run(Self.selectKnown, key) { isKnown = try $0.flag(0) }
            var tries = LoginTries(pair: pair, account: all, isKnown: isKnown)
            let value = body(&tries, now.seconds)
            for (count, address) in [(tries.account, ""), (tries.pair, address)] {
                try connection.run(
                    Self.updateTries,
                    [
                        .text(account), .text(address), .integer(count.failures), .integer(count.last),
                        .integer(count.next),
                    ])
            }
            if Int.random(in: 0..<64) == 0 {
                try connection.run(Self.makeRoom, [.integer(now.seconds - LoginTries.memory)])
            }
            return value
        }
    }

    package func forgetTries(of account: String) async throws {
        _ = try await write { try $0.run("DELETE FROM login_try WHERE account = $1", [.text(account)]) }
    }

    private static let insertTries: Statement = """
        INSERT INTO login_try (account, address, failures, last, next)
        VALUES ($1, '', 0, 0, 0), ($1, $2, 0, 0, 0) ON CONFLICT DO NOTHING
        """
    private static let selectTries: Statement = """
        SELECT address, failures, last, next FROM login_try
        WHERE account = $1 AND address IN ('', $2) ORDER BY address FOR UPDATE
        """
    private static let selectKnown: Statement = """
        SELECT EXISTS (
            SELECT FROM login_address AS a JOIN "user" AS u ON u.id = a."user"
            WHERE lower(u.name) = $1 AND a.address = $2)
        """
    /// The row may have been deleted meanwhile, to make room.
    private static let updateTries: Statement = """
        INSERT INTO login_try (account, address, failures, last, next) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (account, address) DO UPDATE
        SET failures = excluded.failures, last = excluded.last, next = excluded.next
        """
    private static let makeRoom = Statement(
        """
        DELETE FROM login_try WHERE (account, address) IN (
            SELECT account, address FROM login_try WHERE last < $1 OR failures = 0
            UNION ALL (SELECT account, address FROM login_try ORDER BY failures DESC, last DESC OFFSET \(capacity)))
        """)
}
