import GRDB
import Shared

extension TrustedTime {
    /// Resumes from the time that was stored when the daemon ran last.
    func goOn(_ db: Database) throws {
        goOn(from: Timestamp(milliseconds: try Int64.fetchOne(db, sql: "SELECT trusted_at FROM library") ?? 0))
    }

    /// Stores the time, in the transaction that deletes by it.
    static func store(_ time: Timestamp, _ db: Database) throws {
        try db.cachedStatement(sql: "UPDATE library SET trusted_at = ?").execute(arguments: [time.milliseconds])
    }
}
