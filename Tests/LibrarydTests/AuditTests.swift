import Foundation
import GRDB
import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// The audit: what is noted, and how much of it is kept.
@Suite(.serialized) struct AuditTests {
    private func entries(
        _ library: TestLibrary, after last: Int64 = 0, since: Timestamp? = nil, user: String? = nil
    ) async throws -> [AuditEntry] {
        let reply = try await library.app.perform(.audit(after: last, since: since, user: user))
        return try AuditPage(json: reply.json, unknownMembers: .rejected).entries
    }

    /// `EVENT USER ACTOR ADDRESS DETAIL`, with `-` for nothing.
    private func lines(_ library: TestLibrary) async throws -> [String] {
        try await entries(library).map {
            [$0.event, $0.user ?? "-", $0.actor ?? "-", $0.address ?? "-", $0.detail].joined(separator: " ")
        }
    }

    @Test func whatUsersDoIsNoted() async throws {
        let library = try await TestLibrary()
        let address = "192.0.2.7"
        func send(_ method: String, _ path: String, _ headers: [(String, String)] = [], _ body: String = "")
            async throws -> TestReply
        {
            try await library.send(
                method, path, headers: headers + [("Content-Type", "application/json"), ("User-Agent", "curl/8")],
                body: Array(body.utf8), address: address)
        }
        _ = try await send("POST", "/register", [], #"{"name":"ada","password":"correct horse"}"#)
        func login() async throws -> Login {
            try Login(
                json: try await send("POST", "/login", [basic("ADA", "correct horse")]).body, unknownMembers: .ignored)
        }
        let (first, second) = (try await login(), try await login())
        _ = try await send("POST", "/login", [basic("ada", "wrong horse")])
        let token = [bearer(first.token)]
        let key = try await send("POST", "/keys", token, #"{"name":"cron","scope":"read"}"#)
        let id = try CreatedAPIKey(json: key.body, unknownMembers: .ignored).key.id
        _ = try await send("DELETE", "/keys/\(id)", token)
        _ = try await library.send(
            "POST", "/authors", headers: token + [("Content-Type", "application/x-ndjson")],
            body: Array(TestLibrary.lines(0..<3).utf8), address: address)
        for _ in 0..<2 {
            _ = try await send("POST", "/token/refresh", [], #"{"refresh_token":"\#(second.refreshToken)"}"#)
            library.time.advance(seconds: 60)
        }
        _ = try await send("DELETE", "/sessions?scope=others", token)
        let change = #"{"current_password":"correct horse","new_password":"battery staple"}"#
        _ = try await send("PUT", "/me/password", token, change)
        _ = try await send("POST", "/logout", token)
        _ = try await send("DELETE", "/me", [basic("ada", "battery staple")])

        let noted = try await lines(library).map { $0.replacing(/[0-9a-f]{8}-[0-9a-f-]{27}/, with: "ID") }
        #expect(
            noted == [
                "user_created ada ada \(address) ", "login ada ada \(address) curl/8",
                "login ada ada \(address) curl/8",
                "login_failed ada - \(address) credentials_wrong", "key_created ada ada \(address) cron, to read",
                "key_revoked ada ada \(address) cron", "authors_imported ada ada \(address) 3 authors",
                "refresh_token_reused ada - \(address) ID", "sessions_revoked ada ada \(address) others",
                "password_changed ada ada \(address) ", "logout ada ada \(address) ",
                "user_deleted ada ada \(address) ",
            ])
    }

    @Test func whatAdminsAndOperatorsDoIsNoted() async throws {
        let library = try await TestLibrary()
        let admin = try await library.adminToken()
        _ = try await library.login("bob")
        let bob = try require(try await library.store.users().last).publicID
        func patch(_ body: String) async throws {
            let reply = try await library.send(
                "PATCH", "/users/\(bob)", headers: [bearer(admin), ("Content-Type", "application/json")],
                body: Array(body.utf8))
            #expect(reply.status == 200)
        }
        let last = try await entries(library).last?.id ?? 0
        try await patch(#"{"admin":true}"#)
        // What changes nothing is not noted.
        try await patch(#"{"admin":true}"#)
        try await patch(#"{"admin":false,"disabled":true}"#)
        _ = try await library.app.perform(.enable("bob"))
        _ = try await library.app.perform(.passwd("bob", password: "battery staple"))
        _ = try await library.app.perform(.addKey(APIKeyRequest(name: "k", scope: .write), of: "bob"))
        _ = try await library.app.perform(OperatorRequest.rotateKey)
        _ = try await library.app.perform(.add("eve", password: "correct horse"))
        _ = try await library.send("DELETE", "/users/\(bob)", headers: [bearer(admin)])
        let noted = try await entries(library, after: last).map {
            "\($0.event) \($0.user ?? "-") \($0.actor ?? "-") \($0.address ?? "-")"
        }
        #expect(
            noted == [
                "promoted bob admin -", "demoted bob admin -", "disabled bob admin -",
                "enabled bob - operator", "password_changed bob - operator", "key_created bob - operator",
                "signing_key_rotated - - operator", "user_created eve - operator", "user_deleted bob admin -",
            ])
    }

    /// People type passwords in the place of names.
    @Test func unknownNamesAreNotNoted() async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        _ = try await library.send("POST", "/login", headers: [basic("canary-password", "correct horse")])
        #expect(try await lines(library).last == "login_failed - - - credentials_wrong")
        for entry in try await entries(library) {
            let text = String(decoding: entry.json, as: UTF8.self)
            #expect(!text.contains("canary") && !text.contains("horse"))
        }
    }

    /// A throttled attempt costs nothing, so it must not cost a write either.
    @Test func attemptsThatWereNotTriedAreNotNoted() async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        let before = try library.count("audit")
        for _ in 0..<20 {
            _ = try await library.send("POST", "/login", headers: [basic("ada", "wrong")], address: "192.0.2.1")
        }
        #expect(try library.count("audit") == before + 6)
    }

    @Test func entriesAreFoundByTimeAndUser() async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        library.time.advance(seconds: 60)
        let later = library.time.now
        _ = try await library.login("bob")
        #expect(try await entries(library, since: later).map(\.user) == ["bob", "bob"])
        #expect(try await entries(library, user: "ADA").map(\.event) == ["user_created", "login"])
        let all = try await entries(library)
        #expect(try await entries(library, after: all[1].id) == Array(all[2...]))
        #expect(all.map(\.id) == all.map(\.id).sorted() && Set(all.map(\.id)).count == 4)
    }

    /// Each part keeps its last 50,000 entries, and wrong passwords displace nothing else.
    @Test func theAuditIsBounded() async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        try await library.sqlite.writer.write { db in
            try db.execute(
                sql: """
                    WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
                    INSERT INTO audit (part, number, at, event, detail) SELECT 1, i, 0, 'login_failed', i FROM n
                    """)
        }
        for _ in 0..<3 { _ = try await library.send("POST", "/login", headers: [basic("ada", "wrong")]) }
        func first(_ event: String) throws -> [Row] {
            try library.sqlite.readers.read {
                try Row.fetchAll(
                    $0, sql: "SELECT count(*), min(number) FROM audit WHERE event = ?", arguments: [event])
            }
        }
        #expect(try first("login_failed").map { [$0[0] as Int, $0[1] as Int] } == [[50_000, 4]])
        #expect(try first("login").map { [$0[0] as Int, $0[1] as Int] } == [[1, 2]])
        // Pages, from the first to the last.
        var (last, count) = (Int64(0), 0)
        while case let page = try await entries(library, after: last), let end = page.last {
            count += page.count
            last = end.id
        }
        #expect(count == 50_002)
    }

    /// An entry is stored with the change that it reports, or neither is.
    @Test func anEntryFailsWithItsChange() async throws {
        let library = try await TestLibrary()
        let admin = try await library.adminToken()
        try await library.sqlite.writer.write { try $0.execute(sql: "ALTER TABLE audit RENAME TO lost") }
        let reply = try await library.post(
            "/keys", #"{"name":"cron","scope":"read"}"#, headers: [bearer(admin)])
        #expect(reply.status == 500)
        #expect(try library.count("api_key") == 0)
        #expect(try library.sqlite.sessions.counts.keys == 0)
        // A wrong password is told as one, whether it can be noted or not.
        let wrong = try await library.send("POST", "/login", headers: [basic("admin", "wrong")])
        #expect(wrong.code == "credentials_wrong")
    }

    @Test(arguments: [
        ("24h", 1_795_369_442_123), ("2026-11-23", 1_795_392_000_000), ("2026-11-23T17:04Z", 1_795_453_440_000),
        ("2026-11-23T17:04:02", 1_795_453_442_000), ("2026-11-23T17:04:02.500Z", 1_795_453_442_500),
    ])
    func timesAreRead(text: String, milliseconds: Int64) {
        #expect(Since(argument: text)?.time(now: TestTime().now) == Timestamp(milliseconds: milliseconds))
    }

    @Test(arguments: ["", "x", "2026", "2026-13-01", "2026-11-23T", "2026-11-23T25:00Z", "yesterday", "-1h", "Z"])
    func otherTimesAreRefused(text: String) {
        #expect(Since(argument: text) == nil)
    }
}
