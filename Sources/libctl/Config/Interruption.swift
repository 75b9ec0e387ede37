import Glibc
import Shared

/// Lets a command end in order when a signal asks it to end: what it has done is reported, and its files are whole. A
/// second signal ends the program at once.
enum Interruption {
    /// The signal that has come; 0 if none has.
    nonisolated(unsafe) private static var number: Int32 = 0
    nonisolated(unsafe) private static var input: Int32 = -1
    nonisolated(unsafe) private static var null: Int32 = -1
    nonisolated(unsafe) private static var endsRequests = false

    /// Whether a command is to end in order.
    static var isAwaited: Bool { input >= 0 }

    /// Calls `body`, which must ask ``hasCome`` from time to time.
    /// - Parameters:
    ///   - input: from which `body` reads, and which is at its end once a signal has come: a read would otherwise wait
    ///     on.
    ///   - endsRequests: whether the running request is given up; otherwise it is finished.
    static func awaited<Value>(input: Int32, endsRequests: Bool, _ body: () throws -> Value) rethrows -> Value {
        let end = open("/dev/null", O_RDONLY | O_CLOEXEC)
        (self.input, null, self.endsRequests) = (input, end, endsRequests)
        LeftoverGuard.install()
        defer {
            (self.input, null, self.endsRequests) = (-1, -1, false)
            close(end)
            LeftoverGuard.uninstall()
        }
        return try body()
    }

    static var hasCome: Bool { number != 0 }

    /// Whether the running request is to be given up.
    static var endsRequest: Bool { hasCome && endsRequests }

    /// To be called by the handler of a signal.
    /// - Returns: whether the program goes on.
    static func note(_ signal: Int32) -> Bool {
        guard isAwaited, number == 0, signal != SIGQUIT else { return false }
        number = signal
        dup2(null, input)
        return true
    }

    /// Ends the program by the signal that has come, so that its parent learns of it.
    static func endProgram() {
        guard hasCome else { return }
        signal(number, SIG_DFL)
        raise(number)
    }
}
