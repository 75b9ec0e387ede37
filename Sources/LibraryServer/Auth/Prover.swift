import Glibc
import LibraryStore
import NIOCore
import Shared
import Synchronization

/// Proves to a client which daemon this is, before the client sends a token to an address at which it has not logged
/// in.
///
/// Each user has a proof key, which the client gets with its tokens. It is derived from the signing key with HKDF
/// (RFC 5869), so nothing is stored for it, and `libraryd key rotate` renews it. A proof is an HMAC over the client's
/// nonce and the address on which the daemon has accepted the connection. So neither an older proof nor one for a
/// connection to another address is of use to an impostor.
final class Prover: Sendable {
    private let daemon: String
    /// The pseudorandom key that HKDF extracts from the signing key (RFC 5869, section 2.2).
    private let secret: Mutex<[UInt8]>

    /// - Parameter daemon: the id of the library.
    init(daemon: String, keys: SigningKeys) {
        self.daemon = daemon
        secret = Mutex(Self.extracted(keys))
    }

    func use(_ keys: SigningKeys) {
        secret.withLock { $0 = Self.extracted(keys) }
    }

    /// The extraction of HKDF, with a salt of zeros.
    private static func extracted(_ keys: SigningKeys) -> [UInt8] {
        HMACSHA256.code(of: keys.current, key: [UInt8](repeating: 0, count: 32))
    }

    /// - Parameter user: the user's public id; need not be that of a user.
    func key(of user: String) -> DaemonKey {
        // HKDF expands the secret to one block.
        let expanded = HMACSHA256.code(
            of: Array("libraryd proof key 1\n\(user)".utf8) + [1], key: secret.withLock { $0 })
        return DaemonKey(daemon: daemon, user: user, key: Base64URL.encode(expanded))
    }

    /// - Parameter address: on which the connection was accepted. Without one the proof is of no use.
    func proof(_ request: ProofRequest, at address: SocketAddress?) -> Proof {
        let message = Proof.message(
            daemon: daemon, user: request.user, nonce: request.nonce, place: address.flatMap(Self.place) ?? "")
        let proof = HMACSHA256.code(of: message, key: Array(key(of: request.user).key.utf8))
        return Proof(daemon: daemon, proof: Base64URL.encode(proof))
    }

    private static func place(_ address: SocketAddress) -> String? {
        switch address {
        case .unixDomainSocket: address.pathname.flatMap { ConnectionPlace.unix(path: $0, user: geteuid()) }
        case .v4, .v6:
            address.ipAddress.flatMap { text in
                address.port.flatMap { ConnectionPlace.tcp(address: text, port: $0) }
            }
        }
    }
}
