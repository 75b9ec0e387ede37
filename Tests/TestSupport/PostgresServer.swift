import Foundation
package import LibraryPostgres

/// A real PostgreSQL in a folder of its own, which only its unix socket reaches. It ends with ``stop()``, or with the
/// process of the tests, however that ends.
package final class PostgresServer: Sendable {
    /// For all tests that harm no other test.
    package static let shared = Task { try await PostgresServer() }

    /// The beginning of a script in the folder of a server. `$run` runs a program as a user that the server accepts: it
    /// refuses root.
    static let prelude = """
        set -e
        cd "$1"
        export PATH="$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1):$PATH"
        run=
        if [ "$(id -u)" = 0 ]; then run="setpriv --reuid=postgres --regid=postgres --clear-groups"; fi
        """

    /// Makes a database cluster, runs the server, and ends it when the standard input is closed.
    ///
    /// A process that is stopped does not end before it is continued, so each is.
    private static let script = """
        \(prelude)
        # Ctrl-C ends the tests, and then the server.
        trap '' INT
        if [ -n "$run" ]; then chown postgres:postgres .; fi
        $run initdb --pgdata=data --username=libraryd --auth=trust --encoding=UTF8 --locale=C --no-sync >log 2>&1
        printf 'local all locked scram-sha-256\\nlocal all all trust\\n' >data/pg_hba.conf
        $run postgres -D data -k "$1" -c listen_addresses= -c shared_buffers=64MB -c max_connections=500 \
            >>log 2>&1 </dev/null &
        server=$!
        echo $server >pid
        cat >/dev/null
        kill -CONT $server $(cat /proc/$server/task/$server/children) || true
        kill -QUIT $server || true
        wait || true
        rm -rf "$1"
        """

    /// The folder of the unix socket.
    package let folder: String
    /// The server runs as long as somebody has the other end open.
    private let end: FileHandle

    package init() async throws {
        folder = try Self.newFolder()
        end = try Self.spawn(["/bin/sh", "-c", Self.script, "sh", folder])
        try await wait(until: "a server (apt-get install postgresql): \(log)") { (try? connect()) != nil }
    }

    /// A folder in memory if there is room, where `fsync` takes no time, else in `/tmp`: the path of a socket is short,
    /// and `$TMPDIR` may be closed to the user of the server.
    static func newFolder() throws -> String {
        var template = Array("\(hasMemory ? "/dev/shm" : "/tmp")/libraryd-pg-XXXXXX".utf8CString)
        guard let path = mkdtemp(&template) else { throw Missing(what: "a folder for a server") }
        return String(cString: path)
    }

    /// Whether 4 GiB are free in `/dev/shm`.
    private static var hasMemory: Bool {
        var status = statvfs()
        return statvfs("/dev/shm", &status) == 0 && UInt64(status.f_bavail) * UInt64(status.f_frsize) >= 4 << 30
    }

    package func stop() { try? end.close() }

    /// - Parameters:
    ///   - options: more options of libpq, such as a database or a user.
    package func url(_ options: String = "") -> String { "host=\(folder) dbname=postgres user=libraryd \(options)" }

    package func connect(_ options: String = "") throws -> Connection {
        guard let host = try DatabaseURL(url(options)).hosts.first else { throw Missing(what: "no host") }
        return try Connection(host)
    }

    /// Stops all processes of the server, as a machine does that hangs: its kernel goes on answering.
    package func freeze() throws { try signal(SIGSTOP) }

    package func thaw() throws { try signal(SIGCONT) }

    private var log: String { (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? "" }

    private func signal(_ signal: Int32) throws {
        let server = try String(contentsOfFile: folder + "/pid", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let children = try String(contentsOfFile: "/proc/\(server)/task/\(server)/children", encoding: .utf8)
        for process in [server] + children.split(separator: " ").map(String.init) {
            if let process = pid_t(process) { kill(process, signal) }
        }
    }

    /// Starts a program.
    /// - Returns: the other end of its standard input. The handle closes it once: a number that is closed twice may be
    ///   that of another file by then.
    static func spawn(_ command: [String]) throws -> FileHandle {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Missing(what: "a pipe for a server") }
        // No other program must keep the server alive.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { Glibc.close(ends[0]) }
        let other = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        let argv = command.map { strdup($0) } + [nil]
        defer { for text in argv { free(text) } }
        var pid: pid_t = 0
        guard posix_spawn(&pid, command[0], &actions, nil, argv, environ) == 0 else {
            throw Missing(what: "a shell for a server")
        }
        return other
    }
}
