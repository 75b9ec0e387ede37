package import LibraryStore
package import Shared
import Synchronization

/// Who asks is read for each request, with the state of the library: another daemon may have ended a session.
extension PostgresStore {
    package func caller(session id: String, at now: Timestamp) async throws -> Caller? {
        try await read { connection in
            var caller: Caller?
            try connection.run(Self.selectCaller, [Value(sought: id), .integer(now.milliseconds)]) {
                caller = try Caller($0)
            }
            return caller
        }
    }

    package func holder(ofKey hash: [UInt8], at now: Timestamp) async throws -> KeyHolder {
        let (holder, used) = try await read { connection -> (KeyHolder, String?) in
            var (holder, used) = (KeyHolder.unknown, nil as String?)
            try connection.run(Self.selectHolder, [.bytes(hash)]) { row in
                let caller = try Caller(row)
                if let end = try row.timeIfAny(Caller.columns), end <= now {
                    holder = .expired
                    return
                }
                holder = .caller(caller)
                let last = try row.timeIfAny(Caller.columns + 1)
                if last.map({ !now.isWithin(seconds: 3600, of: $0) }) ?? true { used = caller.principal.sessionID }
            }
            return (holder, used)
        }
        if let used { noteUse(ofKey: used, at: now) }
        return holder
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
            event_counter.last, library.epoch, library.key
        """
    /// The rows of all tables that `account` leads to.
    private static let ofCaller = """
        JOIN "user" ON "user".id = account."user" AND NOT "user".disabled
            JOIN event_counter ON event_counter.owner = "user".id
            CROSS JOIN library
        """
    static let selectCaller = Statement(
        """
        SELECT \(caller) FROM (
            SELECT id, "user", origin, NULL AS scope FROM session WHERE id = $1 AND expires_at > $2
            UNION ALL
            SELECT id, "user", origin, scope FROM api_key WHERE id = $1 AND (expires_at IS NULL OR expires_at > $2)
        ) AS account \(ofCaller)
        """)
    static let selectHolder = Statement(
        """
        SELECT \(caller), account.expires_at, account.used_at FROM api_key AS account \(ofCaller)
        WHERE account.hash = $1
        """)
}

extension Caller {
    fileprivate static let columns = 10

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
