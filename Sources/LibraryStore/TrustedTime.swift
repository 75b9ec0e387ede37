package import Shared
import Synchronization

/// The time that decides which rows are old enough to be deleted.
///
/// A clock can be wrong for a while, by years, and what is deleted does not come back when it is set right. So this
/// time follows the clock, but goes forward at most four times as fast as the seconds that the daemon has run; where it
/// has got to is stored. A daemon that runs for a quarter of the time keeps up.
package final class TrustedTime: Sendable {
    private static let fastest: Int64 = 4

    private struct State {
        /// The epoch in a new library, which has nothing to delete.
        var time = Timestamp(milliseconds: 0)
        var uptime: Int64
    }

    private let state: Mutex<State>
    private let uptime: @Sendable () -> Int64

    /// - Parameter uptime: seconds on a clock that nobody can set.
    package init(uptime: @escaping @Sendable () -> Int64) {
        self.uptime = uptime
        state = Mutex(State(uptime: uptime()))
    }

    /// Resumes from the time that was stored when the daemon ran last.
    package func goOn(from stored: Timestamp) { state.withLock { $0 = State(time: stored, uptime: uptime()) } }

    /// The time, now that the clock says `now`.
    package func advance(to now: Timestamp) -> Timestamp {
        state.withLock { state in
            let seconds = uptime() - state.uptime
            let isNew = state.time.milliseconds == 0
            state = State(
                time: isNew ? now : min(now, state.time.adding(seconds: seconds * Self.fastest)),
                uptime: state.uptime + seconds)
            return state.time
        }
    }
}
