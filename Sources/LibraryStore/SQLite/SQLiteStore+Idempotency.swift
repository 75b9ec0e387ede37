import Foundation
import GRDB
package import Shared

extension SQLiteStore {
    /// How many expired rows are deleted with each insert.
    static let sweep = 64

    /// The stored reply to the same request, if it came before.
    /// - Throws: ``StoreError`` `keyReused` if the key was another request's.
    static func reply(
        _ db: Database, to request: IdempotentRequest?, owner: Int64, at now: Timestamp
    ) throws -> [UInt8]? {
        guard let request else { return nil }
        let kept = IdempotentRequest.keptTimes(at: now)
        let row = try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT request, reply FROM idempotency_key
                    WHERE owner = ? AND hash = ? AND created_at BETWEEN ? AND ?
                    """),
            arguments: [owner, Data(request.hash), kept.lowerBound, kept.upperBound])
        guard let row else { return nil }
        let known: Data = try row.value(0)
        guard known == Data(request.request) else { throw StoreError.keyReused }
        return Array(try row.value(1) as Data)
    }

    /// Stores the reply, in the transaction of the change that it reports.
    static func keep(
        _ db: Database, reply: @autoclosure () -> [UInt8], to request: IdempotentRequest?, owner: Int64,
        at now: Timestamp
    ) throws {
        guard let request else { return }
        try db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO idempotency_key (owner, hash, request, reply, created_at) VALUES (?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [owner, Data(request.hash), Data(request.request), Data(reply()), now.milliseconds])
        try db.cachedStatement(
            sql: """
                DELETE FROM idempotency_key WHERE rowid IN (
                    SELECT rowid FROM idempotency_key
                    WHERE created_at <= min(?, (SELECT trusted_at FROM library)) - \(IdempotentRequest.keepingTime)
                    ORDER BY created_at LIMIT \(sweep))
                """
        ).execute(arguments: [now.milliseconds])
    }

    /// Appends the stored reply to the same file, if it came before, to the spool.
    /// - Returns: whether it came before.
    static func reply(
        _ db: Database, to file: IdempotentFile?, owner: Int64, at now: Timestamp, into spool: SpooledFile
    ) throws -> Bool {
        guard let file else { return false }
        return try file.append(to: spool) { try reply(db, to: $0, owner: owner, at: now) }
    }

    /// As ``keep(_:reply:to:owner:at:)``.
    static func keep(
        _ db: Database, reply spool: SpooledFile, to file: IdempotentFile?, owner: Int64, at now: Timestamp
    ) throws {
        try file?.forEachPart(of: spool) { try keep(db, reply: $1, to: $0, owner: owner, at: now) }
    }

    package func requireUnused(_ request: IdempotentRequest?, owner: Int64, at now: Timestamp) throws {
        guard let request else { return }
        _ = try readers.read { try Self.reply($0, to: request, owner: owner, at: now) }
    }

    package func registered(
        _ name: String, as request: IdempotentRequest, at now: Timestamp
    ) throws -> (account: Registered, passwordHash: String)? {
        try readers.read { db in
            let row = try Row.fetchOne(
                db, sql: "SELECT id, public_id, name, password_hash FROM user WHERE name = ?", arguments: [name])
            guard let row, (try? Self.reply(db, to: request, owner: row.value(0), at: now)) != nil else { return nil }
            // Whoever registers is no admin yet.
            return try (Registered(publicID: row.value(1), name: row.value(2), admin: false), row.value(3))
        }
    }
}
