import GRDB
import Shared

extension SQLiteStore {
    package func loginAddresses() throws -> [(name: String, address: String)] {
        try readers.read { db in
            try Row.fetchAll(db, sql: "SELECT name, address FROM login_address JOIN user ON user.id = user").map {
                try ($0.value(0), $0.value(1))
            }
        }
    }

    /// Keeps the address from where a user has logged in: the last 16 of each.
    static func keep(_ db: Database, address: String, user: Int64, at now: Timestamp) throws {
        try db.execute(
            sql: "INSERT OR REPLACE INTO login_address (user, address, used_at) VALUES (?, ?, ?)",
            arguments: [user, address, now.milliseconds])
        try db.execute(
            sql: """
                DELETE FROM login_address WHERE user = ?1 AND address NOT IN (
                    SELECT address FROM login_address WHERE user = ?1 ORDER BY used_at DESC, address LIMIT 16)
                """,
            arguments: [user])
    }
}
