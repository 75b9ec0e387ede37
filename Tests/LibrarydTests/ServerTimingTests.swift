import Shared
import Testing

@testable import LibraryServer
@testable import TestSupport

/// `Server-Timing`.
@Suite(.serialized) struct ServerTimingTests {
    @Test(arguments: [
        (0, "0.000"), (7, "0.007"), (1000, "1.000"), (9999, "9.999"), (10_000, "10.000"), (123_456_789, "123456.789"),
        (UInt64.max, "18446744073709551.615"),
    ])
    func timesAreMilliseconds(microseconds: UInt64, text: String) {
        #expect(ServerTiming.total(microseconds: microseconds) == "total;dur=" + text)
    }

    /// Replies that a caller with a token was promised tell their time, by the router and by the lane. A failure does
    /// not, and no reply to somebody who is not known: its time could tell what it does not say.
    @Test func onlyGoodRepliesToAKnownCallerTellTheirTime() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        _ = try await library.create("N", "B", as: token)
        func timing(_ method: String, _ path: String, _ headers: [(String, String)] = []) async throws -> String? {
            try await library.send(method, path, headers: headers, address: "192.0.2.1").header("server-timing")
        }
        let form = /total;dur=[0-9]+\.[0-9]{3}/
        for path in ["/me", "/authors", "/authors/1", "/sessions"] {
            #expect(try await timing("GET", path, [bearer(token)])?.wholeMatch(of: form) != nil)
        }
        for (path, header) in [
            ("/authors/2", bearer(token)), ("/users", bearer(token)), ("/livez", bearer(token)),
            ("/me", bearer("x")), ("/login", basic("ada", "wrong horse")), ("/login", basic("bob", "wrong horse")),
        ] {
            #expect(try await timing("GET", path, [header]) == nil)
        }
        let connection = try await TestConnection(library)
        for (target, isTold) in [("/authors/1", true), ("/authors/2", false), ("/livez", false)] {
            try await connection.send("GET \(target) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n\r\n")
            let timing = try await connection.reply().header("server-timing")
            #expect((timing?.wholeMatch(of: form) != nil) == isTold)
        }
    }
}
