import Glibc
import Shared

/// Where the time comes from; tests bring their own.
struct Clock: Sendable {
    let now: @Sendable () -> Timestamp
    /// Seconds since some moment, which nobody can set (`CLOCK_MONOTONIC`, clock_gettime(2)).
    let uptime: @Sendable () -> Int64

    static let system = Clock(
        now: {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
        },
        uptime: {
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return Int64(time.tv_sec)
        })
}
