import Glibc
import Shared

/// Deletes files that are not whole when a signal ends the program: two at most, as a login is renewed while a file is
/// written.
struct LeftoverGuard: LeftoverDeleting {
    nonisolated(unsafe) private static var path: UnsafeMutablePointer<CChar>?
    nonisolated(unsafe) private static var outer: UnsafeMutablePointer<CChar>?
    private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

    func start(_ file: String) {
        (Self.path, Self.outer) = (strdup(SystemText.path(file)), Self.path)
        for number in Self.signals where !Self.isIgnored(number) {
            signal(number) { number in
                if let path = LeftoverGuard.path { unlink(path) }
                if let path = LeftoverGuard.outer { unlink(path) }
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }

    func end() {
        free(Self.path)
        (Self.path, Self.outer) = (Self.outer, nil)
        guard Self.path == nil else { return }
        for number in Self.signals where !Self.isIgnored(number) { signal(number, SIG_DFL) }
    }

    /// As under nohup(1), and then it stays so.
    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        // SIG_IGN is 1 in disguise, and functions cannot be compared.
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }
}
