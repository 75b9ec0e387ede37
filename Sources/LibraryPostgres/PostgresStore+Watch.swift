import LibraryStore
import Synchronization

/// What other daemons change is asked for with each beat: a notification of PostgreSQL would hold one lock for the
/// whole server over each commit.
extension PostgresStore {
    static func watching(_ owners: [Int64]) -> Request { Request(selectWatched, [.integers(owners)]) }

    /// Wakes those who watch libraries that have changed.
    /// - Parameter states: of these owners.
    func wake(_ owners: [Int64], _ states: [Int64: WatchedState]) {
        let changed = state.watched.withLock { known in
            let changed = owners.filter { known[$0] != states[$0] }
            known = states
            return changed
        }
        changed.forEach(changes.wake)
    }

    private static let selectWatched: Statement = """
        SELECT c.owner, c.last,
            (SELECT count(*) || '/' || coalesce(max(created_at), 0) FROM session WHERE "user" = c.owner) || '/' ||
            (SELECT count(*) || '/' || coalesce(max(created_at), 0) FROM api_key WHERE "user" = c.owner)
        FROM event_counter AS c WHERE c.owner = ANY ($1)
        """
}

/// What somebody who watches a library has to know: whether there are events, and whether the session lives.
struct WatchedState: Sendable, Equatable {
    /// The number of the last event.
    let events: Int64
    /// How many sessions and keys there are, and when the last one began: another text after each end of one.
    let callers: String
}

extension WatchedState {
    /// - Parameter row: of ``PostgresStore/watching(_:)``, after the owner.
    init(_ row: Row) throws { self.init(events: try row.integer(1), callers: try row.text(2)) }
}
