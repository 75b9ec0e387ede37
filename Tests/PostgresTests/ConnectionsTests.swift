import Foundation
import Synchronization
import TestSupport
import Testing

@testable import LibraryPostgres

struct ConnectionsTests {
    @Test func eachJobHasAConnectionOfItsOwn() async throws {
        let connections = try pool(await PostgresServer.shared.value.url(), count: 3)
        let backends = try await withThrowingTaskGroup { group in
            for _ in 0..<3 {
                group.addTask {
                    // Each holds its connection until the others have theirs.
                    try await connections.run { try $0.text("SELECT pg_backend_pid(), pg_sleep(1)") }
                }
            }
            return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
        }
        #expect(backends.count == 3)
        connections.close()
    }

    @Test func closingFinishesWhatWasAccepted() async throws {
        let connections = try pool(await PostgresServer.shared.value.url())
        let began = Mutex(false)
        async let first = connections.run { connection in
            began.withLock { $0 = true }
            return try connection.text("SELECT 'done', pg_sleep(0.2)")
        }
        try await wait(until: "the first job") { began.withLock { $0 } }
        connections.close()
        #expect(try await first == "done")
        await #expect(throws: PostgresError.closed) { try await connections.run { $0.isOpen } }
        connections.close()
    }

    @Test func aKilledBackendIsOneLostConnection() async throws {
        let server = try await PostgresServer.shared.value
        let connections = try pool(server.url())
        let backend = try await connections.run { try $0.integer("SELECT pg_backend_pid()") }
        try server.connect().run("SELECT pg_terminate_backend($1)", [Value(backend)])
        try await wait(until: "the end of the backend") {
            try server.connect().run("SELECT 1 FROM pg_stat_activity WHERE pid = $1", [Value(backend)]) == 0
        }
        let error = await #expect(throws: PostgresError.self) {
            try await connections.run { try $0.integer("SELECT pg_backend_pid()") }
        }
        #expect(error?.classification == .onAnotherConnection)
        #expect(error?.sqlState == "57P01")
        #expect(try await connections.run { try $0.integer("SELECT pg_backend_pid()") } != backend)
        connections.close()
    }

    @Test func aTransactionThatIsLeftIsRolledBack() async throws {
        let connections = try pool(await PostgresServer.shared.value.url())
        try await connections.run { connection in
            try connection.run("CREATE TEMPORARY TABLE book (id bigint)")
            try connection.run(.begin)
            try connection.run("INSERT INTO book VALUES (1)")
        }
        #expect(try await connections.run { !$0.isInTransaction })
        #expect(try await connections.run { try $0.integer("SELECT count(*) FROM book") } == 0)
        connections.close()
    }

    @Test func theHostThatWorkedLastIsTriedFirst() async throws {
        let server = try await PostgresServer.shared.value
        let connections = try pool(
            "host=/nonexistent,127.0.0.1,\(server.folder) port=5432,1,5432 dbname=postgres user=libraryd")
        for _ in 0..<2 { #expect(try await connections.run { try $0.integer("SELECT 1") } == 1) }
        connections.close()
    }

    @Test func hostsAreTriedInTheirOrder() throws {
        let url = try DatabaseURL("host=/a,/b,/c dbname=library")
        let hosts = Hosts(url.hosts)
        var tried: [String] = []
        func open(_ usable: String) -> String? {
            tried = []
            return try? hosts.firstUsable(.finds) { host in
                tried.append(String(host.description.prefix(2)))
                guard host.description.hasPrefix(usable) else { throw PostgresError.lost("") }
            }.1.description
        }
        #expect(open("/b") == "/b:5432/library" && tried == ["/a", "/b"])
        #expect(open("/c") == "/c:5432/library" && tried == ["/b", "/c"])
        #expect(open("/a") == "/a:5432/library" && tried.first == "/c")
        #expect(open("/x") == nil && tried.count == 3)
        hosts.failed(url.hosts[0])
        #expect(hosts.inOrder.last == url.hosts[0])
    }

    @Test func anErrorThatMayPassIsToldFirst() throws {
        let hosts = Hosts(try DatabaseURL("host=/a,/b,/c").hosts)
        let missing = PostgresError.server(.init(sqlState: "3D000", message: ""))
        #expect(throws: PostgresError.lost("gone")) {
            try hosts.firstUsable(.finds) {
                throw $0.description.hasPrefix("/b") ? PostgresError.lost("gone") : missing
            }
        }
        let others = Hosts(hosts.inOrder)
        #expect(throws: missing) { try others.firstUsable(.finds) { _ in throw missing } }
        // Just after that nobody is asked again.
        #expect(throws: missing) { try others.firstUsable(.finds) { _ in } }
    }

    /// The first of two servers lacks the database, then has it and hangs.
    @Test func aServerThatHangsIsReplaced() async throws {
        let healthy = try await PostgresServer.shared.value
        let frozen = try await PostgresServer()
        defer { frozen.stop() }
        try healthy.connect().run("CREATE DATABASE hanging")
        let both = "host=\(frozen.folder),\(healthy.folder) dbname=hanging user=libraryd"
        let alone = try pool(frozen.url("dbname=hanging"))
        let folder: @Sendable (Connection) throws -> String? = {
            try $0.text("SELECT current_setting('unix_socket_directories')")
        }

        let first = try pool(both)
        #expect(try await first.run(folder) == healthy.folder)
        first.close()
        try frozen.connect().run("CREATE DATABASE hanging")
        let second = try pool(both)
        #expect(try await second.run(folder) == frozen.folder)
        #expect(try await alone.run(folder) == frozen.folder)

        try frozen.freeze()
        let error = await #expect(throws: PostgresError.self) {
            try await second.run { try $0.run("SELECT 1", within: .milliseconds(500)) }
        }
        #expect(error == .deadline(.milliseconds(500)) && error?.classification == .onAnotherConnection)
        #expect(try await second.run(folder) == healthy.folder)
        // The kernel accepts the connection, and nobody answers.
        await #expect(throws: PostgresError.deadline(.milliseconds(500))) {
            try await alone.run { try $0.run("SELECT 1", within: .milliseconds(500)) }
        }
        await #expect(throws: PostgresError.deadline(Connection.openingDeadline)) { try await alone.run(folder) }
        try frozen.thaw()
        try await wait(until: "the server is asked again") { (try? await alone.run(folder)) == frozen.folder }
        second.close()
        alone.close()
    }

    private func pool(_ url: String, count: Int = 1) throws -> Connections {
        Connections(Hosts(try DatabaseURL(url).hosts), count: count)
    }
}
