/// The end of a wait.
struct Deadline {
    /// How long the wait may be.
    let time: Duration
    private let end: ContinuousClock.Instant

    /// - Parameter limit: an earlier end.
    init(in time: Duration, by limit: ContinuousClock.Instant? = nil) {
        let (now, whole) = (ContinuousClock.now, ContinuousClock.now + time)
        end = limit.map { min($0, whole) } ?? whole
        self.time = min(time, end - now)
    }

    var isOver: Bool { end <= .now }

    /// What is left of it for poll(2), rounded up; at most a minute.
    var milliseconds: Int32 {
        let left = (end - .now) / .milliseconds(1)
        return Int32(min(max(left.rounded(.up), 0), 60_000))
    }
}
