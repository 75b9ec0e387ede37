import Foundation

/// A socket that listens, and stays open while one daemon after the other serves it, as a socket unit of systemd does.
public final class InheritedListener: Sendable {
    public let port: UInt16
    private let listener: Listener
    private let folder = TemporaryFolder()

    public init() throws {
        (listener, port) = try LoopbackSocket.listen(backlog: 512)
    }

    /// Starts a daemon that serves the socket, and returns at once.
    public func start(_ arguments: String...) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, listener.descriptor, 3)
        for (number, name) in [(Int32(1), "out"), (2, "err")] {
            posix_spawn_file_actions_addopen(
                &actions, number, "\(folder.path)/\(name)", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        }
        let script = #"data=$1; shift; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" serve --data "$data" "$@""#
        return try Program.spawn(
            ["/bin/sh", "-c", script, Program.path("libraryd"), folder.path + "/data", "--log-level", "warning"]
                + arguments,
            environment: ["HOME": folder.path], &actions)
    }

    /// Stops a daemon. Returns its exit code, or 128 plus the number of the signal.
    public func stop(_ pid: Int32) async -> Int32 {
        kill(pid, SIGTERM)
        return await Program.wait(for: pid)
    }

    /// What the daemons have written.
    public var output: String {
        ["out", "err"].map { (try? String(contentsOfFile: "\(folder.path)/\($0)", encoding: .utf8)) ?? "" }.joined()
    }
}
