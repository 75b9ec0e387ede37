import LibraryStore
import Shared
import Testing

@testable import LibraryPostgres

extension AccountRaceTests {
    // MARK: Sessions

    @Test func noLoginOutlivesANewPassword() async throws {
        let daemons = try await Daemons()
        var user = try await daemons.a.add("ada")
        for round in 0..<200 {
            let old = user
            let results = await both {
                _ = try await daemons.a.login(old, id: "session \(round)", token: "token \(round)")
            } _: {
                try await daemons.b.setPassword(
                    .id(old.id), from: old.passwordHash, to: "hash \(round)", keeping: nil, by: .operator, at: start)
            }
            #expect(throws: Never.self) { try results[1].get() }
            if case .failure(let error) = results[0] { #expect(error as? StoreError == .passwordChanged) }
            #expect(try await daemons.a.principal("session \(round)") == nil)
            #expect(try await daemons.a.sessions(user: old.id, current: "", at: start) == [])
            user = try #require(try await daemons.a.user(.id(old.id)))
            #expect(user.passwordHash == "hash \(round)")
        }
    }

    @Test func noLoginAndNoKeyOutlivesADisabling() async throws {
        let daemons = try await Daemons()
        let user = try await daemons.a.add("ada")
        for round in 0..<50 {
            async let key = Result.of { _ = try await daemons.b.addKey(.id(user.id), "key \(round)") }
            let results = await both {
                _ = try await daemons.a.login(user, id: "session \(round)", token: "token \(round)")
            } _: {
                _ = try await daemons.b.updateUser(
                    .id(user.id), UserPatch(disabled: true), by: .operator, at: start)
            }
            #expect(throws: Never.self) { try results[1].get() }
            if case .failure(let error) = results[0] { #expect(error as? StoreError == .passwordChanged) }
            if case .failure(let error) = await key { #expect(error as? StoreError == .ownerDeleted) }
            #expect(try await daemons.a.keys(.id(user.id)) == [])
            #expect(try await daemons.a.sessions(user: user.id, current: "", at: start) == [])
            _ = try await daemons.a.updateUser(.id(user.id), UserPatch(disabled: false), by: .operator, at: start)
        }
    }

    @Test func theSameLoginAtOnceIsOneSession() async throws {
        let daemons = try await Daemons()
        let user = try await daemons.a.add("ada")
        for round in 0..<50 {
            let results = await both {
                try await daemons.a.login(user, id: "a\(round)", token: "a\(round)", key: "key \(round)").id
            } _: {
                try await daemons.b.login(user, id: "b\(round)", token: "b\(round)", key: "key \(round)").id
            }
            let ids = try results.map { try $0.get() }
            #expect(ids[0] == ids[1])
            #expect(try await daemons.a.sessions(user: user.id, current: "", at: start).count == round + 1)
            for token in ["a\(round)", "b\(round)"] {
                #expect(try await daemons.a.refresh(token, to: token + "'", after: 1) == "rotated \(ids[0])")
            }
        }
    }

    /// The answers of both may be used, and each token is of the one session.
    @Test func oneRefreshTokenIsExchangedTwiceAtOnce() async throws {
        let daemons = try await Daemons()
        let user = try await daemons.a.add("ada")
        for round in 0..<100 {
            let id = "session \(round)"
            try await daemons.a.login(user, id: id, token: "\(round)")
            let results = await both {
                try await daemons.a.refresh("\(round)", to: "\(round) a", after: 1)
            } _: {
                try await daemons.b.refresh("\(round)", to: "\(round) b", after: 1)
            }
            #expect(try results.map { try $0.get() } == ["rotated \(id)", "rotated \(id)"])
            #expect(try await daemons.b.refresh("\(round) a", to: "\(round) c", after: 100) == "rotated \(id)")
            #expect(try await daemons.a.refresh("\(round) b", to: "\(round) d", after: 101) == "rotated \(id)")
        }
    }

    /// Beside an exchange the session ends, or the exchange finds it gone; it never lives on.
    @Test func noExchangeOutlivesALogout() async throws {
        let daemons = try await Daemons()
        let user = try await daemons.a.add("ada")
        for round in 0..<100 {
            let id = "session \(round)"
            try await daemons.a.login(user, id: id, token: "\(round)")
            let caller = try #require(try await daemons.a.principal(id))
            let results = await both {
                try await daemons.a.refresh("\(round)", to: "\(round) a", after: 1)
            } _: {
                if round.isMultiple(of: 2) {
                    try await daemons.b.deleteSession(id: id, caller, by: .operator, at: start)
                } else {
                    try await daemons.b.deleteSessions(.all, caller, by: .operator, at: start)
                }
                return ""
            }
            #expect(["unknown", "rotated \(id)"].contains(try results[0].get()))
            #expect(try results[1].get() == "")
            #expect(try await daemons.a.principal(id) == nil)
            #expect(try await daemons.b.refresh("\(round) a", to: "x", after: 2) == "unknown")
        }
    }
}
