import GRDB
import Shared
import Synchronization

/// The time that decides which rows are old enough to be deleted.
///
/// A clock can be wrong for a while, by years, and what is deleted does not come back when it is set right. So this
/// time follows the clock, but goes forward at most four times as fast as the seconds that the daemon has run; where it
/// has got to is stored. A daemon that runs for a quarter of the time keeps up.
final class TrustedTime: Sendable {
    private static let fastest: Int64 = 4

    private struct State {
        /// The epoch in a new library, which has nothing to delete.
        var time = Timestamp(milliseconds: 0)
        var uptime: Int64
    }

    private let state: Mutex<State>
    private let uptime: @Sendable () -> Int64

    /// - Parameter uptime: seconds on a clock that nobody can set.
    init(uptime: @escaping @Sendable () -> Int64) {
        self.uptime = uptime
        state = Mutex(State(uptime: uptime()))
    }

    /// Resumes from the time that was stored when the daemon ran last.
    func goOn(_ db: Database) throws {
        let stored = try Int64.fetchOne(db, sql: "SELECT trusted_at FROM library") ?? 0
        state.withLock { $0 = State(time: Timestamp(milliseconds: stored), uptime: uptime()) }
    }

    /// The time, now that the clock says `now`.
    func advance(to now: Timestamp) -> Timestamp {
        state.withLock { state in
            let seconds = uptime() - state.uptime
            let isNew = state.time.milliseconds == 0
            state = State(
                time: isNew ? now : min(now, state.time.adding(seconds: seconds * Self.fastest)),
                uptime: state.uptime + seconds)
            return state.time
        }
    }

    /// Stores the time, in the transaction that deletes by it.
    static func store(_ time: Timestamp, _ db: Database) throws {
        try db.cachedStatement(sql: "UPDATE library SET trusted_at = ?").execute(arguments: [time.milliseconds])
    }
}
