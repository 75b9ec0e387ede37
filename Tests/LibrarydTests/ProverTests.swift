import Foundation
import NIOCore
import Shared
import TestSupport
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import libraryd

@Suite struct ProverTests {
    private static let user = "6f9619ff-8b86-4011-b42d-00c04fc964ff"
    private static let nonce = String(repeating: "n", count: 42) + "_"
    private let prover = Prover(daemon: "d", keys: SigningKeys(current: Array(0..<32)))

    private func proof(
        _ prover: Prover? = nil, user: String = Self.user, nonce: String = Self.nonce, at address: SocketAddress? = nil
    ) throws -> Proof {
        try (prover ?? self.prover).proof(
            ProofRequest(user: user, nonce: nonce),
            at: address ?? SocketAddress(ipAddress: "127.0.0.1", port: 8080))
    }

    /// RFC 5869, sections 2.2 and 2.3, with another HMAC than the daemon's.
    @Test func aProofIsAnHMACOfQuestionAndAddress() throws {
        let extracted = HMAC.sha256(Array(0..<32), key: [UInt8](repeating: 0, count: 32))
        let key = HMAC.sha256(Array("libraryd proof key 1\n\(Self.user)\u{1}".utf8), key: extracted)
        #expect(prover.key(of: Self.user) == DaemonKey(daemon: "d", user: Self.user, key: Base64URL.encode(key)))
        let place = try #require(ConnectionPlace.tcp(address: "127.0.0.1", port: 8080))
        #expect(place.hasPrefix("tcp\n"))
        #expect(place.hasSuffix("]\n127.0.0.1:8080"))
        let message = Array("libraryd proof 1\nd\n\(Self.user)\n\(Self.nonce)\n\(place)".utf8)
        let expected = HMAC.sha256(message, key: Array(Base64URL.encode(key).utf8))
        #expect(try proof() == Proof(daemon: "d", proof: Base64URL.encode(expected)))
    }

    @Test func everythingThatDiffersMakesAnotherProof() throws {
        let rotated = Prover(daemon: "d", keys: SigningKeys(current: Array(1..<33)))
        var proofs = [
            try proof(), try proof(rotated), try proof(Prover(daemon: "e", keys: SigningKeys(current: Array(0..<32)))),
        ]
        proofs.append(try proof(user: Self.user.replacing("6", with: "7")))
        proofs.append(try proof(nonce: Self.nonce.replacing("_", with: "-")))
        for (host, port) in [("127.0.0.1", 8081), ("127.0.0.2", 8080), ("::1", 8080)] {
            proofs.append(try proof(at: SocketAddress(ipAddress: host, port: port)))
        }
        for path in ["/run/a", "/run/b", "127.0.0.1:8080"] {
            proofs.append(try proof(at: SocketAddress(unixDomainSocketPath: path)))
        }
        #expect(Set(proofs.map(\.proof)).count == proofs.count)
        rotated.use(SigningKeys(current: Array(0..<32)))
        #expect(try proof(rotated) == proofs[0])
        // An IPv4 connection to a socket that listens on IPv6.
        #expect(try proof(at: SocketAddress(ipAddress: "::ffff:127.0.0.1", port: 8080)) == proofs[0])
    }

    /// The same reply for a user, for another, and for nobody.
    @Test func noUserIsGivenAway() async throws {
        let library = try await TestLibrary()
        let login = try await library.login("ada")
        let known = try #require(login.daemon)
        var replies: [TestReply] = []
        for user in [known.user, Self.user] {
            let body = ProofRequest(user: user, nonce: Self.nonce).json
            replies.append(
                try await library.send("POST", "/proof", headers: [("Content-Type", "application/json")], body: body))
        }
        #expect(replies.map(\.status) == [200, 200])
        #expect(replies[0].body.count == replies[1].body.count)
        #expect(replies[0].headers.map(\.name) == replies[1].headers.map(\.name))
        let proofs = try replies.map { try Proof(json: $0.body, unknownMembers: .rejected) }
        #expect(proofs[0].daemon == known.daemon)
        #expect(proofs[0].proof != proofs[1].proof)
    }

    @Test func anotherQuestionIsRefused() async throws {
        let library = try await TestLibrary()
        func status(_ user: String, _ nonce: String) async throws -> Int {
            let body = ProofRequest(user: user, nonce: nonce).json
            return try await library.send(
                "POST", "/proof", headers: [("Content-Type", "application/json")], body: body
            ).status
        }
        #expect(try await status(Self.user, Self.nonce) == 200)
        for user in ["", "ada", Self.user.uppercased(), Self.user + "0", Self.user + "\n", "-" + Self.user] {
            #expect(try await status(user, Self.nonce) == 422)
        }
        let short = String(Self.nonce.dropLast())
        for nonce in ["", short, Self.nonce + "n", short + "=", short + "é", short + "\n"] {
            #expect(try await status(Self.user, nonce) == 422)
        }
    }

    @Test func aLoginAndARefreshHaveTheSameKey() async throws {
        let library = try await TestLibrary()
        let login = try await library.login("ada")
        let reply = try await library.send(
            "POST", "/token/refresh", headers: [("Content-Type", "application/json")],
            body: RefreshRequest(refreshToken: login.refreshToken).json)
        let refreshed = try Login(json: reply.body, unknownMembers: .rejected)
        #expect(refreshed.daemon == login.daemon)
        #expect(try await library.login("bob").daemon?.key != login.daemon?.key)
    }

    /// The id is a random UUID. It stays when the daemon is started again, and with a backup.
    @Test func theIdStaysWithTheLibrary() throws {
        let folder = TemporaryFolder()
        func id(_ path: String) throws -> String {
            let store = try SQLiteStore(path: folder.path + path)
            defer { store.close() }
            return try store.daemonID()
        }
        let first = try id("/a.db")
        #expect(first.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
        #expect(try id("/a.db") == first)
        #expect(try id("/b.db") != first)
        try FileManager.default.copyItem(atPath: folder.path + "/a.db", toPath: folder.path + "/c.db")
        #expect(try id("/c.db") == first)
    }
}
