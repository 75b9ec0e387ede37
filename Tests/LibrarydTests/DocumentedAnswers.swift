import Foundation
import GRDB
import Shared

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport

/// A request that gets one documented answer, in a library with an admin, with bob and with bob's author 1.
struct DocumentedAnswer: Sendable {
    let method: String
    /// With parameters in braces.
    let path: String
    let status: Int
    /// Of a problem.
    let code: String?

    /// Whether the answer needs a fault of the machine or of the program that a test cannot cause in this process.
    var isUnprovoked: Bool {
        switch code {
        // A database server does not answer: FailoverTests.
        case "outcome_unknown": true
        // The disk cannot be read: FaultTests.
        case "storage_unavailable": method == "GET" && path != "/login"
        // A request that needs nothing of the database, or does without.
        case "internal_error":
            ["/", "/livez", "/readyz", "/healthz", "/openapi.json", "/proof", "/metrics"].contains(path)
        default: false
        }
    }

    private static let password = "correct horse"
    private static let draft = #"{"name":"Hilary Mantel","book":"Wolf Hall","country":"UK"}"#

    /// The body of the request that succeeds.
    private var body: String? {
        switch "\(method) \(path)" {
        case "POST /register": #"{"name":"ada","password":"\#(Self.password)"}"#
        case "POST /proof": ProofRequest.example.text
        case "PUT /me/password": #"{"current_password":"\#(Self.password)","new_password":"battery staple"}"#
        case "POST /keys": APIKeyRequest(name: "cron", scope: .read).text
        case "PATCH /users/{public_id}": #"{"disabled":true}"#
        case "POST /authors", "POST /author": Self.draft
        case "PATCH /authors/{id}": #"{"country":"Ireland"}"#
        case "POST /authors/undo": UndoRequest(last: 1).text
        default: nil
        }
    }

    private var isForAdmins: Bool { path.hasPrefix("/users") || path == "/metrics" }
    private var takesPassword: Bool { path == "/login" || "\(method) \(path)" == "DELETE /me" }

    func reply() async throws -> TestReply {
        let library = try await TestLibrary(
            isRegistrationOpen: code != "registration_closed",
            keptEvents: code == "history_gone" ? 1 : 100_000)
        if code == "registration_closed" { return try await library.post(path, body ?? "") }
        let admin = try await library.adminToken()
        let bob = try await library.login("bob")
        _ = try await library.create("A", "1", as: bob.token)
        var request = Sent(path: path, headers: [], body: body)
        if path == "/token/refresh" { request.body = RefreshRequest(refreshToken: bob.refreshToken).text }
        if takesPassword { request.headers = [basic("bob", Self.password)] }
        if !takesPassword, path != "/register", path != "/token/refresh" {
            request.headers = [bearer(isForAdmins ? admin : bob.token)]
        }
        if request.body != nil { request.headers.append(("Content-Type", "application/json")) }
        if method == "DELETE", path == "/sessions" { request.path += "?scope=others" }
        let users = try await library.store.users()
        let named = isForAdmins && code == "last_admin" ? "admin" : "bob"
        let user = try require(users.first { $0.name == named }).publicID
        let session = try await library.store.sessions(user: 2, current: "", at: library.time.now)[0].id
        let key = try await library.key(APIKeyRequest(name: "held", scope: .read), as: bob.token).key.id
        let id = path.hasPrefix("/sessions") ? session : path.hasPrefix("/keys") ? key : "1"
        request.path = request.path.replacing("{public_id}", with: user).replacing("{id}", with: id)
        try await prepare(&request, library, bob, admin)
        if let fault { try await library.sqlite.writer.write(fault) }
        if code == "not_ready" { try library.hideFolder(true) }
        defer { if code == "not_ready" { try? library.hideFolder(false) } }
        return try await send(request, library)
    }

    /// What makes the database fail.
    var fault: (@Sendable (Database) throws -> Void)? {
        switch code {
        case "storage_unavailable": { try $0.execute(sql: "PRAGMA query_only = ON") }
        // Every write needs pages that the file must not get.
        case "storage_full":
            { db in
                try db.execute(sql: "CREATE TABLE filler (bytes BLOB)")
                for table in Self.tables {
                    for change in ["INSERT", "UPDATE", "DELETE"] {
                        try db.execute(
                            sql: """
                                CREATE TRIGGER full_\(table)_\(change) BEFORE \(change) ON \(table)
                                    BEGIN INSERT INTO filler VALUES (zeroblob(10000000)); END
                                """)
                    }
                }
                _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = 1")
            }
        // No table is where it should be.
        case "internal_error":
            { db in
                for table in Self.tables { try db.execute(sql: "ALTER TABLE \(table) RENAME TO lost_\(table)") }
            }
        default: nil
        }
    }

    private static let tables = ["user", "session", "api_key", "author", "author_event"]

    struct Sent {
        var path: String
        var headers: [(String, String)]
        var body: String?

        mutating func set(_ name: String, _ value: String?) {
            headers.removeAll { $0.0 == name }
            if let value { headers.append((name, value)) }
        }
    }

    /// Makes the request, and the library, such that it gets the answer.
    private func prepare(
        _ request: inout Sent, _ library: TestLibrary, _ bob: Login, _ admin: String
    ) async throws {
        switch code {
        case nil: prepareSuccess(&request)
        // There is another session to end.
        case "storage_full", "internal_error", "storage_unavailable": _ = try await library.login("bob")
        case "invalid_query": request.path += (request.path.contains("?") ? "&" : "?") + "nonsense=1"
        case "invalid_json": request.body = "{"
        case "invalid_encoding":
            request.set("Content-Type", "text/csv")
            request.body = "n\u{0},\u{0}\n\u{0}"
        case "invalid_csv":
            request.set("Content-Type", "text/csv")
            request.body = "\"name"
        case "invalid_fields": request.body = #"{"nonsense":1}"#
        case "unsupported_media_type": request.set("Content-Type", "text/plain")
        case "not_acceptable": request.set("Accept", "application/json;q=0")
        case "token_missing", "credentials_missing": request.set("Authorization", nil)
        case "token_malformed": request.set("Authorization", "Bearer x")
        case "credentials_malformed": request.set("Authorization", "Basic !")
        case "credentials_wrong": request.set("Authorization", basic("bob", "wrong").1)
        case "token_expired": library.time.advance(seconds: 1801)
        case "token_revoked":
            _ = try await library.send("POST", "/logout", headers: [bearer(isForAdmins ? admin : bob.token)])
        case "tokens_conflict": request.headers.append(("x-access-tokens", "y"))
        case "admin_required": request.set("Authorization", bearer(bob.token).1)
        case "insufficient_scope", "login_required":
            let key = try await library.key(APIKeyRequest(name: "reader", scope: .read), as: bob.token)
            request.set("Authorization", bearer(key.secret).1)
        case "key_not_found": request.path = "/keys/5d1e6f7a-8b9c-4d0e-a1f2-b3c4d5e6f708"
        case "key_exists": _ = try await library.key(APIKeyRequest(name: "Cron", scope: .write), as: bob.token)
        case "too_many_keys":
            for number in 1..<APIKey.limit {
                _ = try await library.key(APIKeyRequest(name: "k\(number)", scope: .read), as: bob.token)
            }
        case "refresh_token_invalid": request.body = RefreshRequest(refreshToken: "x").text
        case "name_taken": request.body = #"{"name":"Bob","password":"\#(Self.password)"}"#
        case "password_wrong": request.body = PasswordChange(currentPassword: "x", newPassword: "battery staple").text
        case "session_not_found": request.path = "/sessions/5d1e6f7a-8b9c-4d0e-a1f2-b3c4d5e6f708"
        case "user_not_found": request.path = "/users/5d1e6f7a-8b9c-4d0e-a1f2-b3c4d5e6f708"
        case "author_not_found": request.path = "/authors/99"
        case "event_not_found", "history_gone":
            if code == "history_gone" {
                _ = try await library.create("A", "2", as: bob.token)
                try await library.store.pruneHistory(at: library.time.now)
            }
            let event = "\(try await library.store.lastEvent(owner: 2).epoch)-\(code == "history_gone" ? 0 : 9)"
            if path == "/authors/undo" {
                request.body = (code == "history_gone" ? UndoRequest(last: 2) : UndoRequest(event: event)).text
            } else {
                request.path += (path == "/authors" ? "?at=" : "?since=") + event
            }
        case "import_not_found": request.body = UndoRequest(importID: "x").text
        case "undo_conflict":
            _ = try await library.patch(1, #"{"country":"Ireland"}"#, as: bob.token)
            request.body = UndoRequest(event: "\(try await library.store.lastEvent(owner: 2).epoch)-1").text
        case "library_changed":
            var undo = UndoRequest(last: 1)
            undo.expectedEvent = AuthorEvent.example.id
            request.body = undo.text
        case "precondition_failed": request.set("If-Match", #""1-9""#)
        case "last_admin":
            if request.body != nil { request.body = #"{"admin":false}"# }
            if takesPassword { request.set("Authorization", basic("admin", Self.password).1) }
        case "author_exists":
            if method == "PATCH" { _ = try await library.create("A", "2", as: bob.token) }
            request.body = method == "PATCH" ? #"{"book":"2"}"# : #"{"name":"A","book":"1","country":"UK"}"#
        case "idempotency_key_reused":
            request.set("Idempotency-Key", "k")
            _ = try await send(request, library)
            request.body = request.body?.replacing("Hall", with: "Hill").replacing("correct horse", with: "battery one")
                .replacing(#""last":1"#, with: #""last":2"#)
        case "rate_limited":
            for number in 0..<6 {
                var other = request
                other.body = method == "POST" ? request.body?.replacing("ada", with: "ada\(number)") : nil
                if method == "PUT" {
                    other.body = PasswordChange(currentPassword: "x", newPassword: "battery staple").text
                }
                if takesPassword { other.set("Authorization", basic("bob", "wrong").1) }
                _ = try await send(other, library)
            }
        default: break
        }
    }

    private func prepareSuccess(_ request: inout Sent) {
        if status == 304 { request.set("If-None-Match", "*") }
        guard status == 200, method == "POST", ["/authors", "/author"].contains(path) else { return }
        request.set("Content-Type", "application/x-ndjson")
    }

    private func send(_ request: Sent, _ library: TestLibrary) async throws -> TestReply {
        switch code {
        case "bad_request", "request_timeout", "body_too_large", "uri_too_long", "headers_too_large", "busy":
            return try await sendBytes(request, library)
        default: break
        }
        if path == "/authors/events", status == 200 {
            let stream = try await library.open(path, headers: request.headers)
            try await stream.close()
            return stream.reply
        }
        return try await library.send(
            method, request.path, headers: request.headers, body: Array((request.body ?? "").utf8),
            address: code == "rate_limited" ? "192.0.2.9" : nil)
    }

    /// Sends a head that is refused before a route is looked for.
    private func sendBytes(_ request: Sent, _ library: TestLibrary) async throws -> TestReply {
        var limits = ConnectionLimits()
        if code == "busy" { limits.connections = 0 }
        let connection = try await TestConnection(library, limits: limits)
        var (target, fields) = (request.path, "Host: x\r\n")
        switch code {
        case "bad_request": fields = "Host: a b\r\n"
        case "body_too_large": fields += "Content-Length: 9223372036854775808\r\n"
        case "uri_too_long": target += "?" + String(repeating: "a", count: 20_000)
        case "headers_too_large": fields += "X: \(String(repeating: "a", count: 40_000))\r\n"
        default: break
        }
        try await connection.send(
            "\(method) \(target) HTTP/1.1\r\n\(fields)" + (code == "request_timeout" ? "" : "\r\n"))
        if code == "request_timeout" { await connection.pass(seconds: 11) }
        let reply = try await connection.reply()
        try APIDocument.served.check(method, request.path, reply)
        try await connection.close()
        return reply
    }
}

extension JSONWritable {
    fileprivate var text: String { String(decoding: json, as: UTF8.self) }
}
