import Foundation
import LibraryStore
import Shared

extension Authenticator {
    /// Creates an API key. A digest of the secret is stored, and no slow hash: the secret has 256 random bits, which
    /// nobody can try.
    /// - Throws: ``InvalidFields``, ``StoreError`` `userNotFound`, `keyExists` or `tooManyKeys`.
    func createKey(
        of user: UserKey, _ request: APIKeyRequest, by initiator: Initiator
    ) async throws -> CreatedAPIKey {
        let scope = try request.validated()
        let secret = APIKey.prefix + Self.newSecret()
        let now = clock.now()
        let key = try await store.createKey(
            user, id: UUID().uuidString.lowercased(), name: request.name, scope: scope, hash: Self.hash(secret),
            expiresAt: request.expiresIn.map { now.adding(seconds: $0) }, by: initiator, at: now)
        return CreatedAPIKey(secret: secret, key)
    }

    /// Whether a token is to be an API key. No access token begins so, because those begin with `{"` in Base64url.
    static func isKey(_ token: some Collection<UInt8>) -> Bool { token.starts(with: APIKey.prefix.utf8) }

    /// The user whose API key it is.
    /// - Throws: ``Failure`` `token_malformed`, `token_expired` or `token_revoked`.
    func holder(ofKey secret: [UInt8], at now: Timestamp) async throws -> Caller {
        guard secret.count == Self.lengthOfKey else { throw Failure(.tokenMalformed) }
        switch try await store.holder(ofKey: Digest.sha256(secret), at: now) {
        case .caller(let caller): return caller
        case .expired: throw Failure(.tokenExpired, "the API key has expired; make a new one")
        case .unknown: throw Failure(.tokenRevoked, "there is no such API key, or it was revoked; make a new one")
        }
    }

    /// The same from memory; `nil` if the key is not good.
    func knownHolder(ofKey secret: [UInt8], _ sessions: LiveSessions, at now: Timestamp) -> Principal? {
        guard secret.count == Self.lengthOfKey,
            case .key(let principal, let isFirst) = sessions.key(hash: Digest.sha256(secret), at: now)
        else { return nil }
        if isFirst { store.noteUse(ofKey: principal.sessionID, at: now) }
        return principal
    }

    /// In bytes.
    private static let lengthOfKey = APIKey.prefix.utf8.count + 43
}
