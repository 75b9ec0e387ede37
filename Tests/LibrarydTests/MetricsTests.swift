import Foundation
import GRDB
import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport

extension TestLibrary {
    /// What a program on the daemon's machine reads.
    func metrics() async throws -> MetricsReply {
        let reply = try await send("GET", "/metrics", address: "127.0.0.1")
        #expect(reply.status == 200)
        #expect(reply.header("content-type") == "text/plain; version=0.0.4; charset=utf-8")
        return try MetricsReply(reply.text)
    }
}

/// `GET /metrics`: what it counts. Who may read it is in ``MetricsAccessTests``.
@Suite(.serialized) struct MetricsTests {
    private static let requests = "libraryd_http_requests_total"
    private static let durations = "libraryd_http_request_duration_seconds_count"

    private let library: TestLibrary

    init() async throws {
        library = try await TestLibrary()
    }

    /// The router and the hot lane count alike, and `HEAD` counts as `GET`.
    @Test func aRequestIsCountedByItsRoute() async throws {
        let token = try await library.login("ada").token
        let draft = AuthorDraft(name: "N", book: "B", country: "C", bookerPrize: false).json
        let json = [bearer(token), ("Content-Type", "application/json")]
        let address = "192.0.2.1"
        _ = try await library.send("POST", "/authors", headers: json, body: draft, address: address)
        _ = try await library.send("POST", "/author", headers: json, body: draft, address: address)
        for method in ["GET", "HEAD"] {
            _ = try await library.send(method, "/authors/1", headers: [bearer(token)], address: address)
        }
        let connection = try await TestConnection(library)
        for target in ["/authors/1", "/authors/77", "/livez", "/authors?limit=1"] {
            try await connection.send("GET \(target) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n\r\n")
            _ = try await connection.reply()
        }
        try await connection.send(
            "POST /authors HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(draft.count)\r\n\r\n\(String(decoding: draft, as: UTF8.self))")
        #expect(try await connection.reply().status == 409)

        let metrics = try await library.metrics()
        #expect(metrics[Self.requests, "POST", "/register", status: 201] == 1)
        #expect(metrics[Self.requests, "POST", "/login", status: 200] == 1)
        #expect(metrics[Self.requests, "POST", "/authors", status: 201] == 1)
        #expect(metrics[Self.requests, "POST", "/authors", status: 409] == 1)
        #expect(metrics[Self.requests, "POST", "/author", status: 409] == 1)
        #expect(metrics[Self.requests, "GET", "/authors/{id}", status: 200] == 3)
        #expect(metrics[Self.requests, "GET", "/authors/{id}", status: 404] == 1)
        #expect(metrics[Self.durations, "GET", "/authors/{id}"] == 4)
        #expect(metrics[Self.durations, "GET", "/authors"] == 1)
        #expect(metrics[Self.durations, "GET", "/livez"] == 1)
        #expect(metrics[Self.durations, "GET", "/users"] == 0)
        #expect(metrics[Self.requests, "GET", "/users", status: 200] == nil)
    }

    /// Series are those of the API, whatever is asked for.
    @Test func noClientMakesASeries() async throws {
        let before = try await library.metrics()
        #expect(before.routes == Set(Endpoints.all.map { "\($0.method.rawValue) \($0.path)" } + ["- -"]))
        for path in ["/nowhere/1", "/authors/1/2", "/users/{public_id}", "/\u{22}}", "//livez", "/authors/x", "/LIVEZ"]
        {
            for method in ["GET", "POST", "DELETE", "OPTIONS", "PURGE"] {
                _ = try await library.send(method, path, address: "192.0.2.1")
            }
        }
        let connection = try await TestConnection(library)
        for head in ["GET /nowhere HTTP/1.1\r\nHost: x", "BREW /authors/1 HTTP/1.1\r\nHost: x"] {
            try await connection.send(head + "\r\n\r\n")
            _ = try await connection.reply()
        }
        let after = try await library.metrics()
        #expect(after.routes == before.routes)
        func buckets(_ metrics: MetricsReply) -> Set<String> {
            Set(metrics.values.keys.filter { !$0.contains("status=") })
        }
        #expect(buckets(after) == buckets(before))
        #expect(after[Self.requests, "-", "-", status: 404] ?? 0 > 20)
    }

    /// Every failure that the API knows has a status of its own.
    @Test(arguments: ErrorCode.allCases)
    func everyStatusIsCounted(code: ErrorCode) {
        #expect(RequestMetrics.statuses.contains(code.status))
    }

    @Test func writesAreCountedByCommit() async throws {
        let token = try await library.login("ada").token
        let before = try await library.metrics()
        _ = try await library.create("N", "B", as: token)
        let after = try await library.metrics()
        for name in ["commit_group_size_sum", "commit_group_size_count", "commit_duration_seconds_count"] {
            let (old, new) = (before["libraryd_\(name)"] ?? -1, after["libraryd_\(name)"] ?? -1)
            #expect(new == old + 1, "\(name)")
        }
        #expect(after["libraryd_commits_failed_total"] == 0)
        #expect(after["libraryd_users"] == 1)
        #expect(after["libraryd_sessions"] == 1)
        #expect(after["libraryd_events"] == 1)
        #expect(after["libraryd_ready"] == 1)
        for (name, suffix) in [("libraryd_database_bytes", ""), ("libraryd_wal_bytes", "-wal")] {
            let status = try #require(try FileStatus(path: library.sqlite.path + suffix))
            #expect(after[name] == Double(status.size))
        }
    }

    /// Reading the metrics needs no write, so they tell of a writer that is held up.
    @Test func whatWaitsForTheWriterIsCounted() async throws {
        let store = try library.sqlite
        let held = await HeldWrite(store.writer)
        async let second: Void = store.writer.write { _ in }
        async let third: Void = store.writer.write { _ in }
        try await wait(until: "two writes") { try await library.metrics()["libraryd_writes_waiting"] == 2 }
        try await held.letGo()
        _ = try await (second, third)
        #expect(try await library.metrics()["libraryd_writes_waiting"] == 0)
    }

    @Test func aGroupThatFailsIsCounted() async throws {
        let store = try library.sqlite
        try library.hideFolder(true)
        await #expect(throws: (any Error).self) {
            try await store.writer.write { try $0.execute(sql: "UPDATE library SET epoch = epoch") }
        }
        let metrics = try await library.metrics()
        try library.hideFolder(false)
        #expect(metrics["libraryd_commits_failed_total"] ?? 0 > 0)
        #expect(metrics["libraryd_ready"] == 0)
        #expect(metrics["libraryd_database_bytes"] == nil)
    }

    @Test func passwordsThatAreHashedAreCounted() async throws {
        let passwords = Passwords(threads: 1)
        #expect(passwords.pendingCount == 0)
        async let first = passwords.hash(Array("a".utf8), for: "a")
        async let second = passwords.hash(Array("b".utf8), for: nil)
        try await wait(until: "a hash", pause: .milliseconds(1)) { passwords.pendingCount > 0 }
        #expect(try await [first, second].allSatisfy { $0.hasPrefix("$scrypt$") })
        #expect(passwords.pendingCount == 0)
    }

    @Test func connectionsAreCounted() async throws {
        var limits = ConnectionLimits()
        limits.connections = 2
        limits.connectionsOfAddress = 1
        let server = library.app.server(on: [], limits: limits) { _, _ in }
        func counts() async throws -> [Double?] {
            let metrics = try await library.metrics()
            return [
                metrics["libraryd_connections"], metrics["libraryd_connections_opened_total"],
                metrics["libraryd_connections_rejected_total"], metrics["libraryd_connections_displaced_total"],
            ]
        }
        let first = try await TestConnection(server, from: "192.0.2.1")
        #expect(try await counts() == [1, 1, 0, 0])
        let refused = try await TestConnection(server, from: "192.0.2.1")
        #expect(try await refused.reply().status == 503)
        #expect(try await counts()[1...] == [2, 1, 0])
        let second = try await TestConnection(server, from: "192.0.2.2")
        try await refused.close()
        #expect(try await counts()[1...] == [3, 1, 0])
        // The first has been idle for the longest.
        let third = try await TestConnection(server, from: "192.0.2.3")
        #expect(try await counts()[2...] == [1, 1])
        for connection in [first, second, third] { try await connection.close() }
        try await wait(until: "the ends of all") { try await counts() == [0, 4, 1, 1] }
    }

    /// Threads that count at once lose nothing.
    @Test func countersLoseNothing() async {
        let histogram = Histogram([1, 10])
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { for value in 0..<3000 { histogram.count(UInt64(value % 12)) } } }
        }
        #expect(histogram.counts.cumulative == [4000, 22_000, 24_000])
        #expect(histogram.counts.sum == 8 * 250 * 66)
    }

    /// No password, token or key is in the metrics or in the log, whatever comes of the request that brought it.
    @Test func noSecretIsTold() async throws {
        let secret = "canary-7f3a"
        let login = try await library.login("ada", password: secret)
        let other = try await library.send("POST", "/login", headers: [basic(secret, secret)])
        #expect(other.status == 401)
        for header in [basic("ada", secret + "x"), bearer(secret), bearer(login.token + "x"), bearer(login.token)] {
            for (method, path) in [
                ("POST", "/login"), ("GET", "/me"), ("GET", "/authors?q=\(secret)"), ("GET", "/\(secret)"),
                ("DELETE", "/me?\(secret)"), ("GET", "/metrics"),
            ] {
                _ = try await library.send(method, path, headers: [header], address: "192.0.2.1")
            }
        }
        _ = try await library.post("/token/refresh", #"{"refresh_token":"\#(secret)"}"#)
        _ = try await library.post("/register", #"{"name":"\#(secret) ","password":"\#(secret)"}"#)
        _ = try await library.send(
            "PUT", "/me/password", headers: [bearer(login.token), ("Content-Type", "application/json")],
            body: Array(#"{"current_password":"\#(secret)y","new_password":"\#(secret)z"}"#.utf8))
        let metrics = try await library.send("GET", "/metrics", address: "127.0.0.1").text
        let log = library.log.lines.joined() + library.log.fields.map { "\($0)" }.joined()
        #expect(log.contains("login failed") && metrics.contains("/login"))
        for secret in [secret, login.token, login.refreshToken, String(login.token.suffix(20))] {
            #expect(!metrics.contains(secret))
            #expect(!log.contains(secret))
        }
    }
}
