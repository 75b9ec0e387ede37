import Foundation
import GRDB
import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// Registrations and logins that are sent again, with the same `Idempotency-Key`.
@Suite(.serialized) struct RepeatedAccountTests {
    private static let registration = #"{"name":"ada","password":"correct horse"}"#

    @Test func aRegistrationComesAgain() async throws {
        let library = try await TestLibrary()
        let key = [("Idempotency-Key", "k")]
        let first = try await library.post("/register", Self.registration, headers: key)
        #expect(first.status == 201)
        #expect(try await library.post("/register", Self.registration, headers: key).differences(from: first) == [])
        let others = [
            (Self.registration, []), (Self.registration, [("Idempotency-Key", "K")]),
            (#"{"name":"ada","password":"battery staple"}"#, key), (#"{"name":"Ada","password":"correct horse"}"#, key),
        ]
        var refusals: Set<String> = []
        for (body, headers) in others {
            let reply = try await library.post("/register", body, headers: headers)
            #expect(reply.status == 409)
            #expect(reply.code == "name_taken")
            refusals.insert(reply.text.replacing(try reply.problem.requestID, with: "").lowercased())
        }
        // The refusal does not show whether the key or the password is another.
        #expect(refusals.count == 1)
        #expect(try library.count("user") == 1)
        library.time.advance(seconds: 86400)
        #expect(try await library.post("/register", Self.registration, headers: key).status == 409)
    }

    @Test func aLoginThatComesAgainIsOneSession() async throws {
        let library = try await TestLibrary()
        _ = try await library.post("/register", Self.registration)
        func login(_ key: String) async throws -> Login {
            let reply = try await library.send(
                "POST", "/login", headers: [basic("ada", "correct horse"), ("Idempotency-Key", key)])
            return try Login(json: reply.body, unknownMembers: .ignored)
        }
        let first = try await login("k")
        library.time.advance(seconds: 60)
        let again = try await login("k")
        #expect(try library.sessionCount == 1)
        #expect(again.refreshToken != first.refreshToken)
        #expect(again.refreshExpiresAt == first.refreshExpiresAt)
        for token in [first.token, again.token] {
            #expect(try await library.send("GET", "/me", headers: [bearer(token)]).status == 200)
        }
        #expect(
            try await library.post("/token/refresh", RefreshRequest(refreshToken: again.refreshToken).text).status
                == 200)
        _ = try await login("other")
        #expect(try library.sessionCount == 2)
        // After a logout, the same key opens a new session.
        _ = try await library.send("POST", "/logout", headers: [bearer(first.token)])
        let anew = try await login("k")
        #expect(try library.sessionCount == 2)
        #expect(try await library.send("GET", "/me", headers: [bearer(anew.token)]).status == 200)
        #expect(try await library.send("GET", "/me", headers: [bearer(again.token)]).status == 401)
        library.time.advance(seconds: 86400)
        _ = try await login("k")
        #expect(try library.sessionCount == 3)
    }

    @Test func aLoginsKeyIsNoPassword() async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        _ = try await library.login("bob")
        let key = ("Idempotency-Key", "k")
        _ = try await library.send("POST", "/login", headers: [basic("ada", "correct horse"), key])
        #expect(try await library.send("POST", "/login", headers: [basic("ada", "wrong horse"), key]).status == 401)
        _ = try await library.send("POST", "/login", headers: [basic("bob", "correct horse"), key])
        #expect(try library.sessionCount == 4)
    }

    /// Neither a key is stored nor a fast hash from which the password could be guessed.
    @Test(.onSQLite("reads the file")) func noSecretIsStored() async throws {
        let library = try await TestLibrary()
        let key = ("Idempotency-Key", "canary-key")
        let registration = #"{"name":"ada","password":"canary-password"}"#
        _ = try await library.post("/register", registration, headers: [key])
        let login = try await library.send("POST", "/login", headers: [basic("ada", "canary-password"), key])
        let token = try Login(json: login.body, unknownMembers: .ignored).token
        _ = try await library.sendFile(TestLibrary.lines(0..<1), key: "canary-key", as: token)
        let files = try ["library.db", "library.db-wal"].map {
            try Data(contentsOf: URL(fileURLWithPath: library.folder.path + "/" + $0))
        }
        #expect(files.reduce(0) { $0 + $1.count } > 50_000)
        let body = Data(Digest.sha256(Array(registration.utf8)))
        for secret in [Data("canary-".utf8), body, Data(Digest.sha256(Array("canary-password".utf8)))] {
            for file in files { #expect(file.range(of: secret) == nil) }
        }
    }
}

extension RefreshRequest {
    fileprivate var text: String { String(decoding: json, as: UTF8.self) }
}
