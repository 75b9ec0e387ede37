package import Shared
import Synchronization

/// The live sessions and API keys, with their users, in memory: looked up on every request, so that a logout acts on
/// the next one.
///
/// The store is the truth, and changes them after each commit on the writer's thread: in the order of the rows.
package final class LiveSessions: Sendable {
    private struct Entry {
        let user: Int64
        /// `nil` for a key without an end.
        let expiresAt: Timestamp?
        let origin: Int64?
        /// `nil` for a login.
        var key: Key?
    }

    private struct Key {
        let hash: [UInt8]
        let scope: KeyScope
        var usedAt: Timestamp?
    }

    private struct State {
        /// By the ids of sessions and keys, which are UUIDs.
        var entries: [String: Entry] = [:]
        /// The ids of keys, by the SHA-256 of their secrets.
        var keys: [[UInt8]: String] = [:]
        var users: [Int64: StoredSession.User] = [:]

        mutating func remove(_ id: String) -> Entry? {
            let entry = entries.removeValue(forKey: id)
            if let key = entry?.key { keys.removeValue(forKey: key.hash) }
            return entry
        }

        func principal(_ id: String, at now: Timestamp) -> Principal? {
            guard let entry = entries[id], entry.expiresAt.map({ $0 > now }) ?? true, let user = users[entry.user]
            else { return nil }
            return Principal(
                userID: user.id, publicID: user.publicID, name: user.name, admin: user.admin, sessionID: id,
                origin: entry.origin, scope: entry.key?.scope)
        }
    }

    private let state = Mutex(State())
    /// Whoever watches a library must learn that the session is over.
    private let changes: ChangeCounter

    package init(changes: ChangeCounter) {
        self.changes = changes
    }

    package func add(_ session: StoredSession) {
        state.withLock {
            $0.entries[session.id] = Entry(
                user: session.user.id, expiresAt: session.expiresAt, origin: session.origin)
            $0.users[session.user.id] = session.user
        }
    }

    func add(_ key: StoredKey) {
        state.withLock {
            $0.entries[key.id] = Entry(
                user: key.user.id, expiresAt: key.expiresAt, origin: key.origin,
                key: Key(hash: key.hash, scope: key.scope, usedAt: key.usedAt))
            $0.keys[key.hash] = key.id
            $0.users[key.user.id] = key.user
        }
    }

    /// How many sessions and how many API keys are held, live or not.
    package var counts: (sessions: Int, keys: Int) {
        state.withLock { ($0.entries.count - $0.keys.count, $0.keys.count) }
    }

    /// Ends sessions and keys.
    package func end(_ ids: [String]) {
        let users = state.withLock { state in Set(ids.compactMap { state.remove($0)?.user }) }
        users.forEach(changes.wake)
    }

    /// Ends all sessions and keys of a user.
    package func end(user: Int64) {
        state.withLock { state in
            for (id, entry) in state.entries where entry.user == user { _ = state.remove(id) }
            state.users.removeValue(forKey: user)
        }
        changes.wake(user)
    }

    package func setAdmin(_ admin: Bool, user id: Int64) {
        state.withLock { $0.users[id]?.admin = admin }
    }

    /// Who has the session or the key of that id, unless it has ended.
    package func principal(session id: String, at now: Timestamp) -> Principal? {
        state.withLock { $0.principal(id, at: now) }
    }

    /// The state of an API key.
    package enum Found: Sendable {
        /// - Parameter isFirst: whether it is the first use of the key in this hour.
        case key(Principal, isFirst: Bool)
        case expired, unknown
    }

    /// - Parameter hash: the SHA-256 of the secret. Finding it in a dictionary takes a time that depends on the hash,
    ///   of which nobody can choose more than a few bits, and on nothing of the secret.
    package func key(hash: [UInt8], at now: Timestamp) -> Found {
        state.withLock { state in
            guard let id = state.keys[hash], let key = state.entries[id]?.key else { return .unknown }
            guard let principal = state.principal(id, at: now) else { return .expired }
            let isFirst = key.usedAt.map { !now.isWithin(seconds: 3600, of: $0) } ?? true
            if isFirst { state.entries[id]?.key?.usedAt = now }
            return .key(principal, isFirst: isFirst)
        }
    }
}
