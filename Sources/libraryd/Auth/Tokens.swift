import Foundation
import JWTKit
import Shared
import Synchronization

/// The claims of an access token. Types are plain on purpose: jwt-kit's `AudienceClaim` traps on an empty array.
struct AccessClaims: JWTPayload, Equatable {
    let iss: String
    let aud: String
    /// The user, like `public_id`, which is the name that the origin tutorial gave it.
    let sub: String
    let public_id: String
    /// The session.
    let sid: String
    let jti: String
    let iat: Int64
    let exp: Int64

    /// Time, issuer and audience are judged by ``Tokens``, which has the clock.
    func verify(using algorithm: some JWTAlgorithm) throws {}
}

/// Makes and checks access tokens: JSON Web Tokens (RFC 7519, best practices of RFC 8725) with HS256.
final class Tokens: Sendable {
    static let issuer = "libraryd"
    static let maximumLength = 4096
    /// How far from the future a token may come, in seconds: clocks are set right by small steps all the time.
    static let clockSkew: Int64 = 60

    let lifetime: Lifetime
    private let keys: JWTKeyCollection
    private let keyID: JWKIdentifier
    /// The first part of every token that this daemon signs. A token with any other is not ours, so no header that
    /// somebody else thought up (`alg`, `jku`, `crit`, `b64` …) is ever interpreted.
    private let header: String
    /// Tokens whose signature was right, so that the same token is not verified again on each request.
    private let verified = Mutex<[String: AccessClaims]>([:])
    private static let rememberedTokens = 4096

    /// - Parameter key: 32 random bytes.
    init(key: [UInt8], lifetime: Lifetime) async throws {
        self.lifetime = lifetime
        let secret = HMACKey(from: Data(key))
        let id = Base64URL.encode(Digest.sha256(Array("libraryd key id".utf8) + key).prefix(8))
        keyID = JWKIdentifier(string: id)
        keys = JWTKeyCollection()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        await keys.add(
            hmac: secret, digestAlgorithm: .sha256, kid: keyID, serializer: DefaultJWTSerializer(jsonEncoder: encoder))
        header = Base64URL.encode(Array(#"{"alg":"HS256","kid":"\#(id)","typ":"at+jwt"}"#.utf8))
    }

    func issue(user publicID: String, session: String, id: String, at now: Timestamp) async throws -> String {
        let claims = AccessClaims(
            iss: Self.issuer, aud: Self.issuer, sub: publicID, public_id: publicID, sid: session, jti: id,
            iat: now.seconds, exp: now.adding(seconds: lifetime.seconds).seconds)
        let token = try await keys.sign(claims, kid: keyID, header: ["typ": "at+jwt"])
        guard token.hasPrefix(header + ".") else { throw Failure(.internalError) }
        return token
    }

    /// The claims of a token that this daemon signed and that has not expired.
    /// - Throws: ``Failure`` `token_malformed` or `token_expired`.
    func verify(_ token: String, at now: Timestamp) async throws -> AccessClaims {
        let claims: AccessClaims
        if let known = verified.withLock({ $0[token] }) {
            claims = known
        } else {
            claims = try await verifySignature(token)
            verified.withLock {
                if $0.count >= Self.rememberedTokens { $0.removeAll(keepingCapacity: true) }
                $0[token] = claims
            }
        }
        // A clock that was set back must not make it live longer.
        guard now.seconds < claims.exp, claims.iat <= now.seconds + Self.clockSkew else {
            _ = verified.withLock { $0.removeValue(forKey: token) }
            throw Failure(.tokenExpired)
        }
        return claims
    }

    private func verifySignature(_ token: String) async throws -> AccessClaims {
        guard token.utf8.count <= Self.maximumLength else { throw Failure(.tokenMalformed) }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].utf8.elementsEqual(header.utf8), let claimBytes = Base64URL.decode(parts[1]),
            Base64URL.decode(parts[2])?.count == 32
        else { throw Failure(.tokenMalformed) }
        guard let claims = try? await keys.verify(token, as: AccessClaims.self) else {
            throw Failure(.tokenMalformed)
        }
        // Signed with our key, and yet: refuse duplicate members, which Foundation's decoder lets pass.
        guard (try? JSONValue(parsing: claimBytes)) != nil, claims.iss == Self.issuer, claims.aud == Self.issuer,
            claims.sub == claims.public_id
        else { throw Failure(.tokenMalformed) }
        return claims
    }
}
