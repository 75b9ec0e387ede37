import LibraryStore
import Shared
import Testing

@testable import LibraryServer
@testable import TestSupport

/// How long a stream goes on, and how many there may be.
extension EventTests {
    enum End: CaseIterable { case logout, disabled, deleted, password }

    @Test(arguments: End.allCases)
    func aSessionThatEndsEndsItsStream(end: End) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let other = try await library.login("bob").token
        let (stream, _) = try await begin(library, token)
        let (bystander, _) = try await begin(library, other)
        switch end {
        case .logout: _ = try await library.send("POST", "/logout", headers: [bearer(token)])
        case .disabled: _ = try await library.app.perform(OperatorRequest.disable("ada"))
        case .deleted: _ = try await library.app.perform(OperatorRequest.delete("ada"))
        case .password:
            let second = try await library.login("ada").token
            let change = #"{"current_password":"correct horse","new_password":"battery staple"}"#
            let reply = try await library.send(
                "PUT", "/me/password", headers: [bearer(second), Self.json], body: Array(change.utf8))
            #expect(reply.status == 204)
        }
        #expect(await stream.next() == nil)
        #expect(try await library.send("GET", "/authors/events", headers: [bearer(token)]).status == 401)
        _ = try await library.create("A", "B", as: other)
        #expect(try await next(bystander).summary == "created 1 A v1")
    }

    /// A stream ends when its token expires. A stream with the next token goes on without a gap.
    @Test func aTokenThatExpiresEndsItsStream() async throws {
        let library = try await TestLibrary()
        let login = try await library.login("ada")
        let (stream, position) = try await begin(library, login.token)
        library.time.advance(seconds: 1799)
        _ = try await library.create("A", "1", as: login.token)
        #expect(try await next(stream).summary == "created 1 A v1")
        library.time.advance(seconds: 1)
        let refreshed = try await library.send(
            "POST", "/token/refresh", headers: [Self.json], body: RefreshRequest(refreshToken: login.refreshToken).json)
        let token = try Login(json: refreshed.body, unknownMembers: .ignored).token
        _ = try await library.create("A", "2", as: token)
        #expect(await stream.next() == nil)
        let again = try await open(library, token, after: position)
        _ = await again.next()
        #expect(try await next(again).summary == "created 1 A v1")
        #expect(try await next(again).summary == "created 2 A v1")
    }

    @Test func thereAreOnlySoManyStreams() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        var streams: [TestStream] = []
        for _ in 0..<16 { streams.append(try await begin(library, token).stream) }
        let refused = try await library.send("GET", "/authors/events", headers: [bearer(token)])
        #expect(refused.status == 503)
        #expect(refused.code == "busy")
        #expect(refused.header("retry-after") == "1")
        // A closed stream makes room for another.
        try await streams[3].close()
        streams[3] = try await begin(library, token).stream
        #expect(try await library.send("GET", "/authors/events", headers: [bearer(token)]).status == 503)
        for number in 1...7 {
            let other = try await library.login("u\(number)").token
            for _ in 0..<16 { streams.append(try await begin(library, other).stream) }
        }
        #expect(streams.count == 128)
        let last = try await library.login("last").token
        #expect(try await library.send("GET", "/authors/events", headers: [bearer(last)]).status == 503)
        // A HEAD request does not count as a stream.
        try await streams[0].close()
        for _ in 0..<3 {
            #expect(try await library.send("HEAD", "/authors/events", headers: [bearer(last)]).status == 200)
        }
        _ = try await begin(library, last)
    }

    /// A quiet stream gets a comment every 15 seconds, and each time its session is checked again.
    /// Time that passes while a comment is written is not taken for what it answers.
    @Test func aTickStaysUntilItWasSeen() throws {
        let subscription = try ChangeCounter().watch(1)
        #expect(subscription.tick() == 1)
        let seen = subscription.ticks
        #expect(subscription.tick() == 2)
        subscription.acknowledge(seen)
        #expect(subscription.ticks == 1)
        subscription.acknowledge(1)
        #expect(subscription.ticks == 0 && subscription.tick() == 1)
    }

    @Test func aQuietStreamHasComments() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let (stream, _) = try await begin(library, token)
        for _ in 0..<5 {
            await stream.pass(seconds: 15)
            #expect(await stream.next() == [": "])
        }
        library.time.advance(seconds: 31 * 86400)
        await stream.pass(seconds: 15)
        #expect(await stream.next() == nil)
    }
}
