package import LibraryStore
package import Shared
import Synchronization

/// Who asks is read for each request, with the state of the library: another daemon may have ended a session.
extension PostgresStore {
    package func caller(session id: String, at now: Timestamp) async throws -> Caller? {
        let account = try await reading { try await callers.value(of: id, until: $0) }
        return account.flatMap { $0.hasEnded(at: now) ? nil : $0.caller }
    }

    package func holder(ofKey hash: [UInt8], at now: Timestamp) async throws -> KeyHolder {
        guard let account = try await reading({ try await holders.value(of: hash, until: $0) }) else { return .unknown }
        if account.hasEnded(at: now) { return .expired }
        if account.usedAt.map({ !now.isWithin(seconds: 3600, of: $0) }) ?? true {
            noteUse(ofKey: account.caller.principal.sessionID, at: now)
        }
        return .caller(account.caller)
    }

    /// The sessions and keys with these ids.
    static func callers(_ connection: Connection, _ ids: [String]) throws -> [String: CallerAccount] {
        var accounts: [String: CallerAccount] = [:]
        try connection.run(selectCallers, [.texts(ids.filter { !$0.utf8.contains(0) })]) { row in
            let account = try CallerAccount(row)
            accounts[account.caller.principal.sessionID] = account
        }
        return accounts
    }

    /// The keys with these hashes.
    static func holders(_ connection: Connection, _ hashes: [[UInt8]]) throws -> [[UInt8]: CallerAccount] {
        var accounts: [[UInt8]: CallerAccount] = [:]
        try connection.run(selectHolders, [.byteStrings(hashes)]) { row in
            accounts[try row.bytes(CallerAccount.columns)] = try CallerAccount(row)
        }
        return accounts
    }

    package func noteUse(ofKey id: String, at now: Timestamp) {
        // Until it is stored, each request with the key finds that it is to be stored.
        guard state.usedKeys.withLock({ $0.insert(id).inserted }) else { return }
        Task {
            defer { state.usedKeys.withLock { _ = $0.remove(id) } }
            _ = try? await write { connection in
                try connection.run(
                    "UPDATE api_key SET used_at = $2 WHERE id = $1", [Value(sought: id), .integer(now.milliseconds)])
            }
        }
    }

    private static let caller = """
        "user".id, "user".public_id, "user".name, "user".admin, account.id, account.origin, account.scope,
            event_counter.last, library.epoch, library.key, account.expires_at, account.used_at
        """
    /// The rows of all tables that `account` leads to.
    private static let ofCaller = """
        JOIN "user" ON "user".id = account."user" AND NOT "user".disabled
            JOIN event_counter ON event_counter.owner = "user".id
            CROSS JOIN library
        """
    static let selectCallers = Statement(
        """
        SELECT \(caller) FROM (
            SELECT id, "user", origin, NULL AS scope, expires_at, used_at FROM session WHERE id = ANY ($1)
            UNION ALL
            SELECT id, "user", origin, scope, expires_at, used_at FROM api_key WHERE id = ANY ($1)
        ) AS account \(ofCaller)
        """)
    static let selectHolders = Statement(
        "SELECT \(caller), account.hash FROM api_key AS account \(ofCaller) WHERE account.hash = ANY ($1)")
}

/// A session or a key by which requests come, as it is stored. The user is not disabled.
struct CallerAccount: Sendable {
    let caller: Caller
    /// `nil` for never.
    let expiresAt: Timestamp?
    let usedAt: Timestamp?

    fileprivate static let columns = 12

    fileprivate init(_ row: Row) throws {
        caller = try Caller(row)
        (expiresAt, usedAt) = (try row.timeIfAny(10), try row.timeIfAny(11))
    }

    func hasEnded(at now: Timestamp) -> Bool { expiresAt.map { $0 <= now } ?? false }
}

extension Caller {
    fileprivate init(_ row: Row) throws {
        let id = try row.integer(0)
        let principal = Principal(
            userID: id, publicID: try row.text(1), name: try row.text(2), admin: try row.flag(3),
            sessionID: try row.text(4), origin: try row.integerIfAny(5),
            scope: try row.isNull(6) ? nil : KeyScope(row, 6))
        self.init(
            principal,
            Revision(run: try row.text(8), owner: id, changes: UInt64(bitPattern: try row.integer(7))),
            keyVersion: try row.integer(9))
    }
}

extension KeyScope {
    /// - Throws: ``StoreError`` `failed`: the schema allows no other text.
    init(_ row: Row, _ column: Int) throws {
        guard let scope = KeyScope(rawValue: try row.text(column)) else {
            throw StoreError.damaged("an API key has a scope that does not exist")
        }
        self = scope
    }
}
