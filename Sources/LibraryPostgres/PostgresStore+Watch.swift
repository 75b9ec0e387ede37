package import LibraryStore
package import Shared
import Synchronization

/// What other daemons change is asked for, twice a second: a notification of PostgreSQL would hold one lock for the
/// whole server over each commit.
extension PostgresStore {
    private static let pause = Duration.milliseconds(500)

    package func begin() async throws {
        do {
            try await look()
        } catch let error as PostgresError {
            throw StoreError(error)
        }
        let (store, state) = (self, state)
        Task.detached {
            while !state.isClosed.load(ordering: .acquiring) {
                try? await Task.sleep(for: Self.pause)
                // A connection that was lost meanwhile is replaced at the second attempt.
                if await store.looks() { continue }
                if await store.looks() { continue }
                state.obstacle.withLock { $0 = .unreachable }
            }
        }
    }

    package func obstacle(at now: ContinuousClock.Instant) -> Obstacle? { state.obstacle.withLock { $0 } }

    /// The clock of the server.
    package var clock: Clock {
        let (machine, state) = (machineClock, state)
        return Clock(
            now: { Timestamp(milliseconds: machine.now().milliseconds + state.difference) }, uptime: machine.uptime)
    }

    package var clockDifference: Int64 { state.difference }

    private func looks() async -> Bool { (try? await look()) != nil }

    /// Looks at the clock and the schema of the server, and wakes those who watch libraries that have changed.
    private func look() async throws {
        let owners = changes.watchedOwners
        let (schema, time, states) = try await pulse.run { connection in
            var library: (schema: Int64, time: Int64)?
            var states: [Int64: WatchedState] = [:]
            try connection.pipeline([
                Request(Self.selectLibrary), Request(Self.selectWatched, [.integers(owners)]),
            ]) { index, row in
                if index == 0 {
                    library = (try row.integer(0), try row.integer(1))
                } else {
                    states[try row.integer(0)] = WatchedState(events: try row.integer(1), callers: try row.text(2))
                }
            }
            guard let library else { throw PostgresError.unexpected("the database has no library") }
            return (library.schema, library.time, states)
        }
        keep(serverTime: time)
        state.obstacle.withLock { $0 = schema > Schema.migrations.count ? .newerSchema : nil }
        let changed = state.watched.withLock { known in
            let changed = owners.filter { known[$0] != states[$0] }
            known = states
            return changed
        }
        changed.forEach(changes.wake)
    }

    func keep(serverTime: Int64) {
        state.clockDifference.store(serverTime - machineClock.now().milliseconds, ordering: .relaxed)
    }

    /// In milliseconds since 1970.
    static let serverTime = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
    private static let selectLibrary = Statement("SELECT schema, \(serverTime) FROM library")
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
