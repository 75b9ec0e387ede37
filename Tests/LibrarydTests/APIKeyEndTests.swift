import Foundation
import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// What ends an API key, and what does not.
extension APIKeyTests {
    enum End: CaseIterable {
        case revoked, revokedByOperator, expired, passwordChanged, passwordReset, disabled, deleted
    }

    @Test(arguments: End.allCases)
    func whatEndsAKeyEndsItAtOnce(end: End) async throws {
        let library = try await TestLibrary()
        let ada = try await library.login("ada").token
        let key = try await library.key(APIKeyRequest(name: "cron", scope: .read, expiresIn: 3600), as: ada)
        let bobs = try await library.key(Self.read, as: library.login("bob").token).secret
        #expect(try await answer(key.secret, library) == "200")
        switch end {
        case .revoked:
            #expect(try await library.send("DELETE", "/keys/\(key.key.id)", headers: [bearer(ada)]).status == 204)
        case .revokedByOperator: _ = try await library.app.perform(.revokeKey("CRON", of: "ada"))
        case .expired: library.time.advance(seconds: 3600)
        case .passwordChanged:
            let change = #"{"current_password":"correct horse","new_password":"battery staple"}"#
            let reply = try await library.send(
                "PUT", "/me/password", headers: [bearer(ada), ("Content-Type", "application/json")],
                body: Array(change.utf8))
            #expect(reply.status == 204)
        case .passwordReset: _ = try await library.app.perform(.passwd("ada", password: "battery staple"))
        case .disabled:
            _ = try await library.app.perform(.disable("ada"))
            _ = try await library.app.perform(.enable("ada"))
        case .deleted: _ = try await library.app.perform(.delete("ada"))
        }
        let expected = end == .expired ? "401 token_expired" : "401 token_revoked"
        #expect(try await answer(key.secret, library) == expected)
        #expect(try await answer(bobs, library) == "200")
        // As another process finds it.
        let other = try await TestLibrary(folder: library.folder, time: library.time)
        #expect(try await answer(key.secret, other) == expected)
        #expect(try await answer(bobs, other) == "200")
    }

    @Test func aLogoutEndsNoKey() async throws {
        let library = try await TestLibrary()
        let ada = try await library.login("ada").token
        let key = try await library.key(Self.read, as: ada).secret
        #expect(try await library.send("DELETE", "/sessions?scope=all", headers: [bearer(ada)]).status == 204)
        #expect(try await answer(key, library) == "200")
        #expect(try library.sessionCount == 0)
    }

    @Test func keysThatExpiredLongAgoMakeRoom() async throws {
        let library = try await TestLibrary()
        let ada = try await library.login("ada")
        for number in 0..<APIKey.limit {
            _ = try await library.app.perform(
                .addKey(APIKeyRequest(name: "k\(number)", scope: .read, expiresIn: 60), of: "ada"))
        }
        let error = await #expect(throws: StoreError.self) {
            try await library.app.perform(.addKey(Self.read, of: "ada"))
        }
        #expect(error?.code == .tooManyKeys)
        library.time.advance(seconds: 31 * 86400)
        library.time.pass(seconds: 31 * 86400)
        _ = try await library.app.perform(.addKey(Self.read, of: "ada"))
        #expect(try library.count("api_key") == 1)
        #expect(try library.sqlite.sessions.counts.keys == 1)
        _ = ada
    }

    /// A stream of events ends with its key.
    @Test func aStreamEndsWithItsKey() async throws {
        let library = try await TestLibrary()
        let ada = try await library.login("ada").token
        let key = try await library.key(Self.read, as: ada)
        let stream = try await library.open("/authors/events", headers: [bearer(key.secret)])
        #expect(try await library.send("DELETE", "/keys/\(key.key.id)", headers: [bearer(ada)]).status == 204)
        while await stream.next() != nil {}
        try await stream.close()
    }
}
