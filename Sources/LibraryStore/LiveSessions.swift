package import Shared
import Synchronization

/// The live sessions and their users, in memory: looked up on every request, so that a logout acts on the next one.
///
/// The store is the truth, and changes them after each commit on the writer's thread: in the order of the rows.
package final class LiveSessions: Sendable {
    private struct State {
        var sessions: [String: (user: Int64, expiresAt: Timestamp)] = [:]
        var users: [Int64: StoredSession.User] = [:]
    }

    private let state = Mutex(State())
    /// Whoever watches a library must learn that the session is over.
    private let changes: ChangeCounter

    package init(changes: ChangeCounter) {
        self.changes = changes
    }

    package func add(_ session: StoredSession) {
        state.withLock {
            $0.sessions[session.id] = (session.user.id, session.expiresAt)
            $0.users[session.user.id] = session.user
        }
    }

    /// How many sessions are held, live or not.
    package var count: Int { state.withLock { $0.sessions.count } }

    package func end(_ ids: [String]) {
        let users = state.withLock { state in Set(ids.compactMap { state.sessions.removeValue(forKey: $0)?.user }) }
        users.forEach(changes.wake)
    }

    /// Ends all sessions of a user.
    package func end(user: Int64) {
        state.withLock { state in
            state.sessions = state.sessions.filter { $0.value.user != user }
            state.users.removeValue(forKey: user)
        }
        changes.wake(user)
    }

    package func setAdmin(_ admin: Bool, user id: Int64) {
        state.withLock { $0.users[id]?.admin = admin }
    }

    /// Who has the session of that id, unless it has ended.
    package func principal(session id: String, at now: Timestamp) -> Principal? {
        state.withLock {
            guard let session = $0.sessions[id], session.expiresAt > now, let user = $0.users[session.user] else {
                return nil
            }
            return Principal(
                userID: user.id, publicID: user.publicID, name: user.name, admin: user.admin, sessionID: id)
        }
    }
}
