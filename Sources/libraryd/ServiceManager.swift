import Glibc
import LibraryServer
import Logging
import NIOCore
import ServiceLifecycle
import Shared
import Synchronization

/// The service manager that started the daemon, such as systemd. It receives datagrams with lines of `NAME=VALUE` on
/// the socket that `NOTIFY_SOCKET` names (sd_notify(3)).
struct ServiceManager: Sendable {
    /// A path; after a `@` an abstract name (unix(7)).
    private let socket: String
    /// The time without a sign of life after which the daemon is restarted; `nil` if it never is
    /// (sd_watchdog_enabled(3)).
    let watchdog: Duration?

    /// `nil` without `NOTIFY_SOCKET`.
    init?(_ environment: [String: String], pid: Int32 = getpid()) {
        guard let socket = environment["NOTIFY_SOCKET"], !socket.isEmpty else { return nil }
        self.socket = socket
        let isMeant = environment["WATCHDOG_PID"].map { Int64(decimal: $0) == Int64(pid) } ?? true
        let time = environment["WATCHDOG_USEC"].flatMap { Int64(decimal: $0) }
        watchdog = isMeant ? time.flatMap { $0 > 0 ? .microseconds($0) : nil } : nil
    }

    /// Sends one datagram.
    /// - Returns: why it could not be sent; `nil` if it was.
    @discardableResult func send(_ lines: String...) -> String? {
        guard socket.hasPrefix("/") || socket.hasPrefix("@") else { return "NOTIFY_SOCKET is not a Unix socket" }
        do {
            // A manager that hangs reads nothing more, and its queue is full at some time: that must stop nobody.
            try UnixSocket.sendDatagram(Array(lines.joined(separator: "\n").utf8), to: socket)
            return nil
        } catch {
            return CommandError(error).reason
        }
    }

    /// Says that the daemon reads its settings again, with the time on the clock that systemd compares with; `READY=1`
    /// has to follow.
    func sendReloading() {
        // CLOCK_MONOTONIC.
        let time = NIODeadline.now().uptimeNanoseconds / 1000
        send("RELOADING=1", "MONOTONIC_USEC=\(time)")
    }
}

/// Tells the service manager that the daemon lives, at half of the time in which it wants to know, and that the daemon
/// stops.
struct SignsOfLife: Service {
    let manager: ServiceManager
    let liveness: Liveness
    let logger: Logger

    func run() async throws {
        if let time = manager.watchdog {
            await cancelWhenGracefulShutdown {
                var silent: String?
                while !Task.isCancelled {
                    silent = look(after: silent)
                    try? await Task.sleep(for: max(time / 2, .milliseconds(1)))
                }
            }
        } else {
            try? await gracefulShutdown()
        }
        manager.send("STOPPING=1")
    }

    /// Sends a sign of life unless a part of the daemon does not answer.
    /// - Parameter last: the part that did not answer at the last look.
    /// - Returns: the part that does not answer now.
    func look(after last: String?) -> String? {
        let silent = liveness.silentPart()
        if silent == nil { manager.send("WATCHDOG=1") }
        if let silent, silent != last {
            logger.critical("a part of the daemon does not answer", metadata: ["part": "\(silent)"])
        }
        return silent
    }
}

/// Calls its action once everything that it waits for has arrived.
final class Readiness: Sendable {
    private let missing: Mutex<Int>
    private let action: @Sendable () -> Void

    init(awaiting count: Int, _ action: @escaping @Sendable () -> Void) {
        missing = Mutex(count)
        self.action = action
    }

    func arrive() {
        let isLast = missing.withLock { missing in
            missing -= 1
            return missing == 0
        }
        if isLast { action() }
    }
}
