import LibraryStore
import Shared
import TestSupport
import Testing

@testable import LibraryPostgres

/// Beats, and what becomes of commits that were not answered.
struct PulseTests {
    private func libraryOfAda() async throws -> TestStore {
        let library = try await TestStore()
        try await library.store.createUser(
            publicID: "p", name: "ada", passwordHash: "h", as: nil, by: .operator, at: library.now())
        return library
    }

    private func epoch(_ store: PostgresStore) async throws -> String { try await store.lastEvent(owner: 1).epoch }

    @Test func aBeatThatWentBackBeginsAnotherEpochOnce() async throws {
        let library = try await libraryOfAda()
        let (a, b) = (library.store, try await library.another())
        defer { b.close() }
        let connection = try library.connect()
        defer { connection.close() }
        for store in [a, b] { for _ in 0..<3 { try await store.beat() } }
        let first = try await epoch(a)
        #expect(a.lossCount == 0 && b.lossCount == 0)
        // One that was committed and not answered goes ahead.
        try connection.run("UPDATE daemon SET beat = beat + 1")
        for store in [a, b] { try await store.beat() }
        #expect(try await epoch(a) == first)
        // A server that lacks the last beats of both.
        try connection.run("UPDATE daemon SET beat = beat - 2")
        // A beat that is committed there and not answered hides nothing.
        try connection.run(PostgresStore.countBeat, [.text(a.state.daemon), .integer(5)])
        try await a.beat()
        let second = try await epoch(a)
        #expect(a.lossCount == 1 && second != first)
        try await b.beat()
        #expect(b.lossCount == 1)
        #expect(try await epoch(a) == second)
        for store in [a, b] { try await store.beat() }
        #expect(a.lossCount == 1 && b.lossCount == 1)
        // One that lacks the daemons, and what came after the first epoch.
        try connection.run("DELETE FROM daemon")
        try connection.run("UPDATE library SET epoch = $1", [.text(first)])
        try await a.beat()
        #expect(a.lossCount == 2)
        #expect(try await ![first, second].contains(epoch(a)))
        try await a.beat()
        #expect(a.lossCount == 2)
    }

    @Test func aTransactionIsKnownByItsLastEvent() async throws {
        let library = try await libraryOfAda()
        let store = library.store
        let draft = AuthorDraft(name: "A", book: "B", country: "C", bookerPrize: false)
        _ = try await store.createAuthor(draft, owner: 1, at: library.now())
        let connection = try library.connect()
        defer { connection.close() }
        let write = try #require(try connection.integer("SELECT write FROM author_event WHERE sequence = 1"))
        func lasts(_ event: Int64, _ write: Int64) async throws -> Bool {
            try await store.lasts(
                LibraryChange.Mark(owner: 1, event: event, write: write), until: .now + .seconds(60))
        }
        #expect(try await lasts(1, write))
        #expect(try await !lasts(1, write ^ 1))
        #expect(try await !lasts(2, write))
        try connection.run("DELETE FROM author_event")
        await #expect(throws: StoreError.self) { try await lasts(1, write) }
        #expect(try await store.lastEvent(owner: 1).sequence == 1)
    }

    /// A commit whose wait for the standby is canceled is looked for, and answered once it is on a standby.
    @Test func aCommitInDoubtIsFoundOrDoneAgain() async throws {
        let server = try await PostgresServer()
        defer { server.stop() }
        let folder = TemporaryFolder()
        let store = try await PostgresStore(
            DatabaseURL(server.url()), folder: folder.path, secret: TestStore.secret)
        defer { store.close() }
        let now = Timestamp(milliseconds: 1)
        try await store.createUser(publicID: "p", name: "ada", passwordHash: "h", as: nil, by: .operator, at: now)
        let admin = try server.connect()
        defer { admin.close() }
        try admin.run("SET synchronous_commit = local")
        func waits(for standby: String) async throws {
            try admin.run(Statement("ALTER SYSTEM SET synchronous_standby_names = '\(standby)'"))
            try admin.run("SELECT pg_reload_conf()")
            try await wait(until: "the setting") { try server.connect().facts.synchronousStandbys == standby }
        }
        try await waits(for: "nobody")
        let draft = AuthorDraft(name: "A", book: "B", country: "C", bookerPrize: false)
        async let author = store.createAuthor(draft, owner: 1, at: now)
        let end: Statement = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        try await wait(until: "a commit that waits") { try admin.run(end) == 1 }
        try await waits(for: "")
        #expect(try await author.name == "A")
        #expect(store.doubts[.committed] == 1 && store.doubts[.unknown] == 0)
        #expect(try await store.lastEvent(owner: 1).sequence == 1)

        // Nobody knows within eight seconds.
        try await waits(for: "nobody")
        let other = AuthorDraft(name: "C", book: "B", country: "C", bookerPrize: false)
        let request = IdempotentRequest("k", "author", content: [1])
        let failure = await #expect(throws: StoreError.self) {
            try await store.createAuthor(other, owner: 1, as: request, at: now)
        }
        #expect(failure?.code == .outcomeUnknown)
        #expect(store.doubts[.unknown] == 1)
        try await waits(for: "")
        try await wait(until: "the end of the wait") {
            try admin.run("SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep'") == 0
        }
        // Asking again tells.
        #expect(try await store.createAuthor(other, owner: 1, as: request, at: now).name == "C")
        #expect(try await store.lastEvent(owner: 1).sequence == 2)
        // Accounts are not looked for: asking again is exact.
        #expect(try await store.inspect().faults == [])
    }

    /// A host that does not answer takes the time of no beat.
    @Test func aSilentHostIsPassedOver() async throws {
        let (silent, server) = (try await PostgresServer(), try await PostgresServer.shared.value)
        defer { silent.stop() }
        try silent.freeze()
        let hosts = Hosts(
            try DatabaseURL("host=\(silent.folder),\(server.folder) dbname=postgres user=libraryd").hosts)
        let connections = Connections(hosts, count: 1, .finds)
        defer { connections.close() }
        let answer = try await connections.run { connection in
            connection.limit = .now + .seconds(2)
            return try connection.integer("SELECT 1")
        }
        #expect(answer == 1)
        #expect(hosts.inOrder.first?.place.hasPrefix(server.folder) == true)
        try silent.thaw()
    }
}
