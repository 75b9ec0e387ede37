import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport

/// Which addresses count as one, and where the daemon takes them from.
extension ThrottleTests {
    /// The network of an IPv6 address counts as one address, and so do both notations of an IPv4 address.
    @Test(arguments: [
        ("2001:db8::1", "2001:db8::ffff:2", 429), ("2001:db8::1", "2001:db8:0:1::1", 401),
        ("10.0.0.1", "::ffff:10.0.0.1", 429),
    ])
    func addressesAreTakenByNetwork(first: String, second: String, expected: Int) async throws {
        let library = try await TestLibrary()
        try await fail(6, from: first, library)
        #expect(try await login("wrong horse", from: second, library).status == expected)
    }

    @Test func theLastSixteenAddressesAreKept() async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        for host in 0..<20 {
            library.time.advance(seconds: 1)
            #expect(try await login("correct horse", from: "10.0.0.\(host)", library).status == 200)
        }
        let kept = try await library.store.loginAddresses().map(\.address)
        #expect(Set(kept) == Set((4..<20).map { "10.0.0.\($0)" }))
    }

    /// Behind a proxy, the client's address is the one that the proxy adds, not one that the client sends.
    @Test(arguments: [
        (["10.0.0.1"], 429), (["10.9.9.9, 10.0.0.1"], 429), (["10.9.9.9", "10.0.0.1"], 429),
        (["10.0.0.1, 10.0.0.2"], 401),
        (["10.0.0.1:5678"], 429), (["[::ffff:10.0.0.1]:5678"], 429), ([], 401), (["nonsense"], 401),
    ])
    func behindAProxyTheLastAddressCounts(forwarded: [String], expected: Int) async throws {
        let library = try await TestLibrary(behindProxy: true)
        for _ in 0..<6 {
            _ = try await library.send(
                "POST", "/login", headers: [basic("ada", "x"), ("X-Forwarded-For", "10.0.0.1")], address: "127.0.0.1")
        }
        let reply = try await library.send(
            "POST", "/login", headers: [basic("ada", "x")] + forwarded.map { ("X-Forwarded-For", $0) },
            address: "127.0.0.1")
        #expect(reply.status == expected)
    }

    /// Without an address from the proxy, all requests count as from one address, on a Unix socket too.
    @Test(arguments: [nil, "127.0.0.1"], [[], [("X-Forwarded-For", "unknown")]])
    func aProxyThatTellsNothingIsOneAddress(peer: String?, headers: [(String, String)]) async throws {
        let library = try await TestLibrary(behindProxy: true)
        for _ in 0..<6 {
            _ = try await library.send("POST", "/login", headers: [basic("ada", "x")] + headers, address: peer)
        }
        let reply = try await library.send("POST", "/login", headers: [basic("ada", "x")] + headers, address: peer)
        #expect(reply.status == 429)
    }

    @Test func withoutAProxyNobodyIsAskedWhereTheyAre() async throws {
        let library = try await TestLibrary()
        for number in 0..<6 {
            _ = try await library.send(
                "POST", "/login", headers: [basic("ada", "x"), ("X-Forwarded-For", "10.0.0.\(number)")],
                address: "127.0.0.1")
        }
        #expect(try await login("x", from: "127.0.0.1", library).status == 429)
    }
}
