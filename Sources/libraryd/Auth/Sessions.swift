import Shared
import Synchronization

/// The live sessions, in memory: looked up on every request, so that a logout acts on the next one.
///
/// The store is the truth; whoever changes it tells the registry after the commit.
final class Sessions: Sendable {
    private struct State {
        var sessions: [String: (user: Int64, expiresAt: Timestamp)] = [:]
        var users: [Int64: StoredSession.User] = [:]
    }

    private let state = Mutex(State())

    init(_ sessions: [StoredSession]) {
        for session in sessions { add(session) }
    }

    func add(_ session: StoredSession) {
        state.withLock {
            $0.sessions[session.id] = (session.user.id, session.expiresAt)
            $0.users[session.user.id] = session.user
        }
    }

    /// How many sessions are held, live or not.
    var count: Int { state.withLock { $0.sessions.count } }

    func end(_ id: String) {
        state.withLock { _ = $0.sessions.removeValue(forKey: id) }
    }

    func setAdmin(_ admin: Bool, user id: Int64) {
        state.withLock {
            guard let user = $0.users[id] else { return }
            $0.users[id] = .init(
                id: id, publicID: user.publicID, name: user.name, admin: admin, disabled: user.disabled)
        }
    }

    /// Who has the session of that id, unless it has ended.
    func principal(session id: String, at now: Timestamp) -> Principal? {
        state.withLock {
            guard let session = $0.sessions[id], session.expiresAt > now, let user = $0.users[session.user],
                !user.disabled
            else { return nil }
            return Principal(
                userID: user.id, publicID: user.publicID, name: user.name, admin: user.admin, sessionID: id)
        }
    }
}
