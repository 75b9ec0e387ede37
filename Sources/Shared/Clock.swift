import Glibc

/// The source of the current time; tests replace it.
public struct Clock: Sendable {
    /// The wall clock, which an operator may set.
    public let now: @Sendable () -> Timestamp
    /// Seconds since an arbitrary moment, on a clock that cannot be set (`CLOCK_MONOTONIC`, clock_gettime(2)).
    public let uptime: @Sendable () -> Int64

    public init(now: @escaping @Sendable () -> Timestamp, uptime: @escaping @Sendable () -> Int64) {
        self.now = now
        self.uptime = uptime
    }

    /// The clocks of the operating system.
    public static let system = Clock(
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
