import NIOCore

/// The bytes that a connection has written and that its client has not taken.
struct Backlog {
    /// All bytes that were written.
    var written = 0
    private var start: NIODeadline
    private var taken = 0

    init(_ now: NIODeadline) {
        start = now
    }

    /// Whether the client takes a reply too slowly.
    /// - Parameter unsent: bytes that the operating system has not accepted yet.
    mutating func isTooSlow(unsent: Int, _ limits: ConnectionLimits, at now: NIODeadline) -> Bool {
        guard unsent > 0 else {
            (start, taken) = (now, written)
            return false
        }
        let waited = now - start
        guard waited > limits.reply else { return false }
        return written - unsent - taken < Int(waited.nanoseconds / 1_000_000_000) * limits.slowestBody
    }
}
