import Foundation

/// Three PostgreSQL servers in a folder of their own: a primary and two standbys, which only unix sockets reach. They
/// end with ``stop()``, or with the process of the tests, however that ends.
package final class PostgresCluster: Sendable {
    package enum Node: String, CaseIterable, Sendable {
        case a, b, c
    }

    /// Whether a commit waits for one standby.
    private let isSynchronous: Bool
    private let folder: String
    /// The servers run as long as somebody has the other end open.
    private let end: FileHandle

    /// What is done to the servers. A standby's name is its `cluster_name`. The socket of a server is not in its data,
    /// which a base backup copies.
    private static let script = """
        \(PostgresServer.prelude)
        shift
        processes() {
            pid=$(head -n 1 $1.data/postmaster.pid 2>/dev/null) || return 0
            echo $pid $(cat /proc/$pid/task/$pid/children 2>/dev/null)
        }
        start() {
            printf "cluster_name = '%s'\\nunix_socket_directories = '%s'\\n" $1 "$PWD/$1" | $run tee $1.data/node.conf >node
            # After a kill they name a process that nobody may have waited for.
            $run rm -f $1.data/postmaster.pid $1/.s.PGSQL*
            $run pg_ctl -D $1.data -l $1.log -w start >start.log </dev/null
        }
        standby() {
            $run rm -rf $2.data
            $run pg_basebackup -h "$PWD/$1" -U libraryd -D $2.data -X stream --checkpoint=fast --no-sync
            $run rm -f $2.data/postgresql.auto.conf
            $run touch $2.data/standby.signal
            start $2
        }
        case $1 in
        guard)
            trap '' INT
            cat >/dev/null
            for node in a b c; do
                kill -CONT $(processes $node) 2>/dev/null || true
                $run pg_ctl -D $node.data -m immediate -w stop >stop.log 2>&1 || true
            done
            rm -rf "$PWD"
            ;;
        create)
            if [ -n "$run" ]; then chown postgres:postgres .; fi
            $run mkdir a b c
            $run initdb --pgdata=a.data --username=libraryd --auth=trust --encoding=UTF8 --locale=C --no-sync >init.log 2>&1
            $run tee -a a.data/postgresql.conf >node <<CONF
        listen_addresses = ''
        shared_buffers = 32MB
        dynamic_shared_memory_type = mmap
        synchronous_standby_names = '$2'
        primary_conninfo = 'host=$PWD/a,$PWD/b,$PWD/c user=libraryd target_session_attrs=read-write'
        wal_retrieve_retry_interval = 200ms
        wal_receiver_timeout = 3s
        include_if_exists = 'node.conf'
        CONF
            start a
            standby a b
            standby a c
            ;;
        standby) standby $2 $3 ;;
        kill) kill -KILL $(head -n 1 $2.data/postmaster.pid) ;;
        killall) kill -KILL $(processes $2) ;;
        freeze) kill -STOP $(processes $2) ;;
        thaw) kill -CONT $(processes $2) ;;
        stop) $run pg_ctl -D $2.data -m $3 -w stop >stop.log ;;
        start) start $2 ;;
        sql) psql -X -h "$PWD/$2" -U libraryd -d postgres -v ON_ERROR_STOP=1 -Atc "$3" ;;
        esac
        """

    /// - Parameter isSynchronous: whether a commit waits for one standby.
    package init(isSynchronous: Bool = true) async throws {
        self.isSynchronous = isSynchronous
        folder = try PostgresServer.newFolder()
        end = try PostgresServer.spawn(["/bin/sh", "-c", Self.script, "sh", folder, "guard"])
        try await perform("create", isSynchronous ? "ANY 1 (a,b,c)" : "")
        try await waitForStandbys(2, of: .a)
    }

    package func stop() { try? end.close() }

    /// Of all three servers.
    package var url: String {
        "postgresql://libraryd@/postgres?host=" + Node.allCases.map { "\(folder)/\($0)" }.joined(separator: ",")
    }

    /// What `psql` prints.
    @discardableResult
    package func sql(_ node: Node, _ text: String) async throws -> String {
        try await perform("sql", node.rawValue, text).trimmingCharacters(in: .newlines)
    }

    // MARK: Faults

    /// Kills the first process of the server: the others end by themselves.
    package func kill(_ node: Node) async throws { try await perform("kill", node.rawValue) }

    package func killAll(_ node: Node) async throws { try await perform("killall", node.rawValue) }

    /// Stops all processes of the server, as a machine does that hangs: its kernel goes on answering.
    package func freeze(_ node: Node) async throws { try await perform("freeze", node.rawValue) }

    package func thaw(_ node: Node) async throws { try await perform("thaw", node.rawValue) }

    package func stop(_ node: Node, _ mode: String) async throws { try await perform("stop", node.rawValue, mode) }

    package func start(_ node: Node) async throws { try await perform("start", node.rawValue) }

    /// Makes a server anew as a standby of another.
    package func rebuild(_ node: Node, from primary: Node) async throws {
        try await perform("standby", primary.rawValue, node.rawValue)
        try await waitForStandbys(2, of: primary)
    }

    /// Does what a manager does when the primary is gone: cuts all standbys off from it, so that it gets no quorum any
    /// more, promotes the one that has received the most, and makes the other follow that one.
    /// - Returns: the new primary.
    package func failOver(from old: Node) async throws -> Node {
        let standbys = Node.allCases.filter { $0 != old }
        for node in standbys { try await follow(node, "") }
        for node in standbys {
            try await wait(until: "the end of \(node)'s receiver") {
                try await sql(node, "SELECT count(*) FROM pg_stat_wal_receiver") == "0"
            }
        }
        var received: [Node: Int64] = [:]
        for node in standbys {
            let text = try await sql(node, "SELECT pg_last_wal_receive_lsn() - '0/0'")
            received[node] = Int64(text.prefix { $0 != "." }) ?? 0
        }
        let next = try require(standbys.max { received[$0] ?? 0 < received[$1] ?? 0 })
        try await sql(next, "SELECT pg_promote()")
        for node in standbys where node != next { try await follow(node, "host=\(folder)/\(next) user=libraryd") }
        try await waitForStandbys(1, of: next)
        return next
    }

    private func follow(_ node: Node, _ connection: String) async throws {
        try await sql(node, "ALTER SYSTEM SET primary_conninfo = '\(connection)'")
        try await sql(node, "SELECT pg_reload_conf()")
    }

    package func waitForStandbys(_ count: Int, of node: Node) async throws {
        try await wait(until: "\(count) standbys of \(node)") {
            try await Int(sql(node, "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'")) ?? 0 >= count
        }
    }

    @discardableResult
    private func perform(_ command: String...) async throws -> String {
        let result = try await Program.run("/bin/sh", ["-c", Self.script, "sh", folder] + command)
        guard result.code == 0 else { throw Missing(what: "\(command): \(result.error)\(result.output)") }
        return result.output
    }
}
