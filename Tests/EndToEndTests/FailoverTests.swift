import Foundation
import Shared
import Synchronization
import TestSupport
import Testing

/// A primary goes away under load: nothing that was acknowledged is lost, and nothing happens twice.
///
/// `make test` does a round of each fault, `make failover` does `FAILOVER_ROUNDS=20`.
@Suite(.serialized) struct FailoverTests {
    private static let rounds = ProcessInfo.processInfo.environment["FAILOVER_ROUNDS"].flatMap { Int($0) } ?? 1
    private let home = TemporaryFolder()

    enum Fault: String, CaseIterable, Sendable {
        /// The first process of the primary is killed; its others end by themselves.
        case kill
        case killAll
        case fastStop
        /// The primary hangs, and goes on once another server is the primary.
        case freeze
        /// The same, but it goes on before the daemons have noticed.
        case shortFreeze
        /// Commits that wait for a standby are canceled, while no standby receives anything.
        case canceledWaits
        /// No standby receives anything for a while.
        case standbysStopped
        /// The primary is killed and started again.
        case restart
    }

    /// Two daemons on a cluster, with clients that write and one that listens.
    private struct Scene {
        let cluster: PostgresCluster
        let daemons: [Daemon]
        /// Of the accounts.
        let tokens: [String]
        let clients: FailoverClients
        let listener = FailoverListener()

        func wait(forWrites count: Int) async throws {
            let before = clients.acknowledgedCount
            try await TestSupport.wait(until: "\(count) acknowledged writes: \(log)") {
                clients.acknowledgedCount >= before + count
            }
        }

        var log: String { daemons.map(\.log).joined(separator: "\n") }
    }

    private func scene(isSynchronous: Bool = true) async throws -> Scene {
        let cluster = try await PostgresCluster(isSynchronous: isSynchronous)
        let arguments = ["--database", cluster.url]
        let first = try await Daemon(arguments: arguments)
        let folder = TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: folder.path + "/data", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let key = try Data(contentsOf: URL(fileURLWithPath: first.data + "/signing.key"))
        try FileContents.write(Array(key), to: folder.path + "/data/signing.key")
        let second = try await Daemon(folder: folder, arguments: arguments)
        var tokens: [String] = []
        for name in ["ada", "bob", "eve", "ida"] {
            try await first.login(name, home: home)
            tokens.append(
                try await first.libctl("token", home: home).output.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        let daemons = [first, second]
        return Scene(
            cluster: cluster, daemons: daemons, tokens: tokens,
            clients: FailoverClients(daemons, tokens: tokens, mayLose: !isSynchronous))
    }

    /// Runs the clients while `body` does something to the cluster.
    private func load(_ scene: Scene, _ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await scene.listener.run(scene.daemons[1], token: scene.tokens[0]) }
            try await wait(until: "the stream") { scene.listener.isListening.withLock { $0 } }
            group.addTask { await scene.clients.run() }
            let result: Result<Void, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            scene.clients.stop()
            let clients = Task {
                try await Task.sleep(for: .seconds(30))
                scene.clients.giveUp()
            }
            _ = try await group.next()
            clients.cancel()
            // What the listener has not been told by then it will never be told.
            if case .success = result { try? await caughtUp(scene) }
            scene.listener.stop()
            // The stream waits for the next bytes, which the end of the account brings.
            _ = try await scene.cluster.sql(primary(scene), "DELETE FROM session")
            try await group.waitForAll()
            try result.get()
        }
    }

    private func caughtUp(_ scene: Scene) async throws {
        let last =
            try await Int(scene.cluster.sql(primary(scene), "SELECT last FROM event_counter WHERE owner = 1")) ?? 0
        try await wait(until: "the last event in the stream") {
            scene.listener.ids.withLock { $0.last }?.hasSuffix("-\(last)") == true
        }
    }

    private func primary(_ scene: Scene) async throws -> PostgresCluster.Node {
        for node in PostgresCluster.Node.allCases {
            if await (try? scene.cluster.sql(node, "SELECT pg_is_in_recovery()")) == "f" { return node }
        }
        throw Missing(what: "a primary")
    }

    /// - Parameter primary: by name: an old one says that it takes writes, too.
    private func check(_ scene: Scene, on primary: PostgresCluster.Node) async throws {
        let ledger = scene.clients.ledger.withLock { $0 }
        var stored: [String: String] = [:]
        for line in try await scene.cluster.sql(primary, "SELECT name || '|' || country FROM author").split(
            separator: "\n")
        {
            let parts = line.split(separator: "|").map(String.init)
            #expect(stored.updateValue(parts[1], forKey: parts[0]) == nil, "\(line) twice")
        }
        let names = Set(stored.keys)
        #expect(ledger.acknowledged.subtracting(names).subtracting(ledger.deletionsSent) == [], "lost")
        #expect(names.subtracting(ledger.sent) == [], "never sent")
        #expect(ledger.deletionsAcknowledged.intersection(names) == [], "deleted")
        for (name, country) in stored {
            #expect(ledger.countries[name]?.contains(country) == true, "\(name): \(country)")
        }
        // All of a file, or nothing.
        let files = Dictionary(grouping: names.filter { $0.hasPrefix("F") }) { $0.split(separator: "-").prefix(2) }
        #expect(files.values.allSatisfy { $0.count == 50 })
        // The numbers of each account's events have no gap.
        let gaps = """
            SELECT owner FROM event_counter LEFT JOIN author_event USING (owner) GROUP BY owner, last
            HAVING count(sequence) <> last OR min(sequence) <> 1 OR max(sequence) <> last
            """
        #expect(try await scene.cluster.sql(primary, gaps) == "")
        // Each author was created once, also one that is no longer there.
        let twice = """
            SELECT name FROM (
                SELECT name, id FROM author UNION SELECT name, id FROM author_event WHERE kind = 'deleted') AS known
            GROUP BY name HAVING count(DISTINCT id) > 1
            """
        #expect(try await scene.cluster.sql(primary, twice) == "")
        let told = scene.listener.ids.withLock { $0 }
        let last = try await Int(scene.cluster.sql(primary, "SELECT last FROM event_counter WHERE owner = 1")) ?? 0
        #expect(last > 0)
        #expect(told.compactMap { Int($0.split(separator: "-").last ?? "") } == Array(1...max(last, 1)))
        #expect(Set(told.map { $0.split(separator: "-").first }).count == 1)
    }

    private func count(_ name: String, _ scene: Scene) async throws -> Int {
        var sum = 0
        for daemon in scene.daemons {
            let metrics = try daemon.send(raw: Array("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
            for line in metrics.split(separator: "\n") where line.hasPrefix(name) {
                sum += Int(line.split(separator: " ").last?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "") ?? 0
            }
        }
        return sum
    }

    @Test(arguments: Fault.allCases) func nothingAcknowledgedIsLost(fault: Fault) async throws {
        var pauses: [Duration] = []
        var (writes, doubts, statuses) = (0, 0, [:] as [Int: Int])
        for _ in 0..<Self.rounds {
            let scene = try await scene()
            try await load(scene) { try await perform(fault, scene) }
            try await check(scene, on: primary(scene))
            for daemon in scene.daemons { #expect(daemon.log.ranges(of: "\"starting\"").count == 1) }
            let ledger = scene.clients.ledger.withLock { $0 }
            pauses.append(ledger.pause)
            writes += ledger.times.count
            doubts += try await count("libraryd_commits_in_doubt_total", scene)
            statuses.merge(ledger.statuses, uniquingKeysWith: +)
            for daemon in scene.daemons { #expect(try await daemon.end(SIGTERM) == 0) }
            scene.cluster.stop()
        }
        let sorted = pauses.sorted()
        print(
            "failover \(fault): \(Self.rounds) rounds, \(writes) writes, \(doubts) in doubt, answers \(statuses.sorted { $0.key < $1.key }),",
            "nothing acknowledged for \(sorted[sorted.count / 2]) (median), \(sorted.last ?? .zero) (worst)")
    }

    private func perform(_ fault: Fault, _ scene: Scene) async throws {
        let cluster = scene.cluster
        try await scene.wait(forWrites: 200)
        switch fault {
        case .kill:
            try await cluster.kill(.a)
            _ = try await cluster.failOver(from: .a)
        case .killAll:
            try await cluster.killAll(.a)
            _ = try await cluster.failOver(from: .a)
        case .fastStop:
            try await cluster.stop(.a, "fast")
            _ = try await cluster.failOver(from: .a)
        case .freeze:
            try await cluster.freeze(.a)
            _ = try await cluster.failOver(from: .a)
            try await scene.wait(forWrites: 200)
            // Nobody reads from it, or writes to it, now that it goes on.
            try await cluster.thaw(.a)
        case .shortFreeze:
            try await cluster.freeze(.a)
            _ = try await cluster.failOver(from: .a)
            try await cluster.thaw(.a)
        case .canceledWaits, .standbysStopped:
            for node in [PostgresCluster.Node.b, .c] { try await cluster.freeze(node) }
            let start = ContinuousClock.now
            if fault == .canceledWaits {
                for _ in 0..<40 {
                    try await cluster.sql(
                        .a, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
                    try await Task.sleep(for: .milliseconds(50))
                }
            } else {
                try await Task.sleep(for: .seconds(2))
            }
            let times = scene.clients.ledger.withLock { $0.times }
            #expect(times.filter { $0.sent > start }.isEmpty)
            for node in [PostgresCluster.Node.b, .c] { try await cluster.thaw(node) }
        case .restart:
            try await cluster.killAll(.a)
            try await cluster.start(.a)
        }
        try await scene.wait(forWrites: 600)
        if fault == .freeze || fault == .shortFreeze {
            try await cluster.stop(.a, "immediate")
            try await scene.wait(forWrites: 200)
        }
    }

    /// The test can fail: where no commit waits for a standby, it finds what is lost, and the daemons say so.
    @Test func anAsynchronousClusterLoses() async throws {
        let scene = try await scene(isSynchronous: false)
        try await load(scene) {
            try await scene.wait(forWrites: 200)
            for node in [PostgresCluster.Node.b, .c] { try await scene.cluster.freeze(node) }
            try await scene.wait(forWrites: 600)
            try await Task.sleep(for: .seconds(1))
            try await scene.cluster.killAll(.a)
            for node in [PostgresCluster.Node.b, .c] { try await scene.cluster.thaw(node) }
            _ = try await scene.cluster.failOver(from: .a)
            try await scene.wait(forWrites: 200)
        }
        let ledger = scene.clients.ledger.withLock { $0 }
        let stored = try await Set(
            scene.cluster.sql(primary(scene), "SELECT name FROM author").split(separator: "\n").map(String.init))
        #expect(!ledger.acknowledged.subtracting(stored).subtracting(ledger.deletionsSent).isEmpty)
        for daemon in scene.daemons {
            try await daemon.wait(forLog: "the database lacks changes that were acknowledged")
        }
        #expect(try await count("libraryd_database_losses_total", scene) == 2)
        #expect(try await count("libraryd_database_moves_total", scene) == 2)
        // Who listens is told to read the list again, and then hears of what comes.
        #expect(scene.listener.resets.withLock { $0 } >= 1)
        #expect(Set(scene.listener.ids.withLock { $0 }.map { $0.split(separator: "-").first }).count == 2)
    }
}
