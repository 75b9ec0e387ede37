import Glibc
import Shared

/// Deletes unfinished files when a signal ends the program. There are at most two: a login may be refreshed while
/// another file is being written.
struct LeftoverGuard: LeftoverDeleting {
    nonisolated(unsafe) private static var path: UnsafeMutablePointer<CChar>?
    nonisolated(unsafe) private static var outer: UnsafeMutablePointer<CChar>?
    private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

    func start(_ file: String) {
        (Self.path, Self.outer) = (strdup(SystemText.path(file)), Self.path)
        Self.install()
    }

    func end() {
        free(Self.path)
        (Self.path, Self.outer) = (Self.outer, nil)
        Self.uninstall()
    }

    /// Handles the signals from now on.
    static func install() {
        for number in signals where !isIgnored(number) {
            signal(number) { number in
                if Interruption.note(number) { return }
                if let path = LeftoverGuard.path { unlink(path) }
                if let path = LeftoverGuard.outer { unlink(path) }
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }

    /// Lets the signals end the program again, unless one must still be handled.
    static func uninstall() {
        guard path == nil, !Interruption.isAwaited else { return }
        for number in signals where !isIgnored(number) { signal(number, SIG_DFL) }
    }

    /// Whether the signal is ignored, as under nohup(1). It then stays ignored.
    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        // SIG_IGN is a function pointer with the address 1, and Swift cannot compare functions.
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }
}
