import Foundation
import JWTKit
import LibraryStore
import Shared
import Synchronization

/// The claims of an access token. They have plain types, because jwt-kit's `AudienceClaim` traps on an empty array.
struct AccessClaims: JWTPayload, Equatable {
    let iss: String
    let aud: String
    /// The user's id, also in `public_id`, the name that the origin tutorial uses.
    let sub: String
    let public_id: String
    /// The id of the session.
    let sid: String
    let jti: String
    let iat: Int64
    let exp: Int64

    /// Does nothing: ``Tokens`` checks time, issuer and audience, because it has the clock.
    func verify(using algorithm: some JWTAlgorithm) throws {}
}

/// Issues and verifies access tokens: JSON Web Tokens (RFC 7519, best practices of RFC 8725) with HS256 (RFC 7518,
/// section 3.2).
final class Tokens: Sendable {
    static let issuer = "libraryd"
    static let maximumLength = 4096
    /// Seconds by which a token's `iat` may be in the future, because clocks are corrected in small steps.
    static let clockSkew: Int64 = 60

    let lifetime: TimeSpan

    /// The claims of a token whose signature is right, and the id of its key.
    typealias Verified = (claims: AccessClaims, keyID: String)

    private struct State {
        let version: Int64
        var signer: TokenKey
        var retired: (key: TokenKey, at: Timestamp)?
        /// Tokens whose signature has been verified, so that it is not verified at each request.
        var verified: [String: Verified] = [:]

        /// Passes if a token whose signature is right is good now.
        /// - Throws: ``Failure`` `token_malformed` or `token_expired`.
        func check(
            _ claims: AccessClaims, _ keyID: String, _ lifetime: TimeSpan, at now: Timestamp
        ) throws(Failure) {
            if keyID != signer.id {
                // Tokens of the retired key stay valid for one token lifetime after its retirement.
                guard let retired, keyID == retired.key.id else { throw Failure(.tokenMalformed) }
                // A clock that was ahead when the key was retired must not make its tokens live longer.
                guard now < retired.at.adding(seconds: lifetime.seconds),
                    now > retired.at.adding(seconds: -lifetime.seconds)
                else { throw Failure(.tokenExpired) }
            }
            // A clock that was set back must not make a token live longer.
            guard now.seconds < claims.exp, claims.iat <= now.seconds + Tokens.clockSkew else {
                throw Failure(.tokenExpired)
            }
        }
    }

    private let state: Mutex<State>
    private static let rememberedTokens = 4096

    init(keys: SigningKeys, lifetime: TimeSpan) async throws {
        self.lifetime = lifetime
        state = Mutex(try await Self.state(keys))
    }

    /// ``SigningKeys/version`` of the keys in use.
    var version: Int64 { state.withLock { $0.version } }

    /// Signs with the given keys from now on.
    /// - Returns: the id of the current key.
    func use(_ keys: SigningKeys) async throws -> String {
        let next = try await Self.state(keys)
        state.withLock { $0 = next }
        return next.signer.id
    }

    func issue(
        user publicID: String, session: String, id: String, at now: Timestamp, expiresAt: Timestamp
    ) async throws -> String {
        let claims = AccessClaims(
            iss: Self.issuer, aud: Self.issuer, sub: publicID, public_id: publicID, sid: session, jti: id,
            iat: now.seconds, exp: expiresAt.seconds)
        return try await state.withLock { $0.signer }.sign(claims)
    }

    /// The claims of a token that this daemon signed and that has not expired.
    /// - Throws: ``Failure`` `token_malformed` or `token_expired`.
    func verify(_ token: String, at now: Timestamp) async throws -> AccessClaims {
        guard Self.isASCII(token) else { throw Failure(.tokenMalformed) }
        let known = state.withLock { $0.verified[token] }
        let (claims, keyID) = if let known { known } else { try await verifySignature(token) }
        try state.withLock { state in
            do {
                try state.check(claims, keyID, lifetime, at: now)
            } catch {
                state.verified.removeValue(forKey: token)
                throw error
            }
            guard known == nil else { return }
            if state.verified.count >= Self.rememberedTokens { state.verified.removeAll(keepingCapacity: true) }
            state.verified[token] = (claims, keyID)
        }
        return claims
    }

    /// A token whose signature was right before; `nil` for any other token.
    func known(_ token: String) -> Verified? {
        guard Self.isASCII(token) else { return nil }
        return state.withLock { $0.verified[token] }
    }

    /// Whether a token whose signature was right before is good now.
    func isGood(_ known: Verified, at now: Timestamp) -> Bool {
        state.withLock { (try? $0.check(known.claims, known.keyID, lifetime, at: now)) != nil }
    }

    /// Whether a token begins like those that a daemon signs, with whatever key.
    static func mayHaveAnotherKey(_ token: String) -> Bool {
        guard token.utf8.count <= maximumLength, let end = token.utf8.firstIndex(of: UInt8(ascii: ".")),
            let header = Base64URL.decode(token[..<end])
        else { return false }
        return header.starts(with: #"{"alg":"HS256","kid":""#.utf8)
            && header.reversed().starts(with: #"","typ":"at+jwt"}"#.utf8.reversed())
    }

    /// The dictionary compares by canonical equivalence: a token with U+212A (Kelvin sign) would equal one with K.
    private static func isASCII(_ token: String) -> Bool {
        var token = token
        return token.withUTF8 { $0.allSatisfy { $0 < 0x80 } }
    }

    private func verifySignature(_ token: String) async throws -> Verified {
        guard token.utf8.count <= Self.maximumLength else { throw Failure(.tokenMalformed) }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        let keys = state.withLock { [$0.signer] + ($0.retired.map { [$0.key] } ?? []) }
        guard parts.count == 3, let key = keys.first(where: { parts[0].utf8.elementsEqual($0.header.utf8) }),
            let claimBytes = Base64URL.decode(parts[1]), Base64URL.decode(parts[2])?.count == 32,
            let claims = await key.claims(token)
        else { throw Failure(.tokenMalformed) }
        // The signature is right, but Foundation's decoder accepts duplicate members, so they are refused here.
        guard (try? JSONValue(parsing: claimBytes)) != nil, claims.iss == Self.issuer, claims.aud == Self.issuer,
            claims.sub == claims.public_id
        else { throw Failure(.tokenMalformed) }
        return (claims, key.id)
    }

    private static func state(_ keys: SigningKeys) async throws -> State {
        var state = State(version: keys.version, signer: await TokenKey(keys.current))
        if let retired = keys.retired { state.retired = (await TokenKey(retired.key), retired.at) }
        return state
    }
}

/// One key in a collection of its own, because jwt-kit uses another key of a collection if it does not know the
/// `kid`.
private struct TokenKey: Sendable {
    let id: String
    /// The first part of every token that this key signs. A token with another first part is refused, so that no
    /// header parameter of an attacker (`alg`, `jku`, `crit`, `b64` …) is ever interpreted.
    let header: String
    private let keys = JWTKeyCollection()

    /// - Parameter key: 32 random bytes.
    init(_ key: [UInt8]) async {
        id = Base64URL.encode(Digest.sha256(Array("libraryd key id".utf8) + key).prefix(8))
        header = Base64URL.encode(Array(#"{"alg":"HS256","kid":"\#(id)","typ":"at+jwt"}"#.utf8))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        await keys.add(
            hmac: HMACKey(from: Data(key)), digestAlgorithm: .sha256, kid: JWKIdentifier(string: id),
            serializer: DefaultJWTSerializer(jsonEncoder: encoder))
    }

    func sign(_ claims: AccessClaims) async throws -> String {
        let token = try await keys.sign(claims, kid: JWKIdentifier(string: id), header: ["typ": "at+jwt"])
        guard token.hasPrefix(header + ".") else { throw Failure(.internalError) }
        return token
    }

    /// The claims of the token; `nil` if its signature is wrong.
    func claims(_ token: String) async -> AccessClaims? {
        try? await keys.verify(token, as: AccessClaims.self)
    }
}
