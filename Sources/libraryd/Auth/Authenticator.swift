import Foundation
import HTTPTypes
import Shared

/// Logs in, refreshes, logs out, and tells who asks.
struct Authenticator: Sendable {
    /// Seconds for which a used refresh token is honoured once more.
    static let refreshGrace: Int64 = 10
    /// A session that is not used for so long is over: 7 days.
    static let idleLimit: Int64 = 7 * 86400

    let store: Store
    let sessions: Sessions
    let tokens: Tokens
    let passwords: Passwords
    let refreshLifetime: Lifetime
    let clock: Clock

    /// Creates an account. The password is hashed before the name is looked at, so a taken one takes as long.
    func register(_ registration: Registration) async throws -> Registered {
        try registration.validate()
        let hash = try await passwords.hash(Array(registration.password.utf8))
        let publicID = UUID().uuidString.lowercased()
        try await store.createUser(
            publicID: publicID, name: registration.name, passwordHash: hash, at: clock.now())
        return Registered(publicID: publicID, name: registration.name, admin: false)
    }

    /// Opens a session.
    /// - Throws: ``Failure`` `credentials_wrong`, whether it was the name or the password.
    func login(_ credentials: BasicCredentials, client: String) async throws -> Login {
        let user = try store.user(named: credentials.name)
        guard credentials.password.count <= Registration.maximumPasswordBytes,
            try await passwords.verify(credentials.password, against: user?.passwordHash), let user, !user.disabled
        else { throw Failure(.credentialsWrong) }

        let now = clock.now()
        let refreshToken = Self.newRefreshToken()
        let session = StoredSession(
            id: UUID().uuidString.lowercased(), expiresAt: now.adding(seconds: refreshLifetime.seconds),
            user: .init(
                id: user.id, publicID: user.publicID, name: user.name, admin: user.admin, disabled: user.disabled))
        let ended = try await store.createSession(
            id: session.id, user: user.id, refreshHash: Self.hash(refreshToken), client: client, at: now,
            expiresAt: session.expiresAt, idle: Self.idleLimit)
        ended.forEach(sessions.end)
        sessions.add(session)
        return try await answer(session, refreshToken: refreshToken, at: now)
    }

    /// Trades a refresh token for new tokens.
    /// - Throws: ``Failure`` `refresh_token_invalid`; a replayed token also ends its session.
    func refresh(_ refreshToken: String) async throws -> Login {
        let now = clock.now()
        let newToken = Self.newRefreshToken()
        switch try await store.rotateRefreshToken(
            from: Self.hash(refreshToken), to: Self.hash(newToken), at: now, grace: Self.refreshGrace,
            idle: Self.idleLimit)
        {
        case .rotated(let session): return try await answer(session, refreshToken: newToken, at: now)
        case .replayed(let id):
            sessions.end(id)
            throw Failure(.refreshTokenInvalid)
        case .unknown: throw Failure(.refreshTokenInvalid)
        }
    }

    func logout(_ principal: Principal) async throws {
        try await store.deleteSession(id: principal.sessionID)
        sessions.end(principal.sessionID)
    }

    /// Who asks, by `Authorization: Bearer` or the origin tutorial's `x-access-tokens`.
    /// - Throws: ``Failure`` `token_missing`, `token_malformed`, `token_expired`, `token_revoked` or `tokens_conflict`.
    func principal(_ headers: HTTPFields) async throws -> Principal {
        let now = clock.now()
        let claims = try await tokens.verify(try Self.token(headers), at: now)
        guard let principal = sessions.principal(session: claims.sid, at: now), principal.publicID == claims.sub else {
            throw Failure(.tokenRevoked)
        }
        return principal
    }

    static func token(_ headers: HTTPFields) throws(Failure) -> String {
        var token: String?
        for field in headers {
            let candidate: String
            switch field.name {
            case .authorization:
                guard let bearer = try bearer(field.value) else { continue }
                candidate = bearer
            case .accessTokens: candidate = field.value
            default: continue
            }
            guard token == nil || token?.utf8.elementsEqual(candidate.utf8) == true else {
                throw Failure(.tokensConflict)
            }
            token = candidate
        }
        guard let token, !token.isEmpty else { throw Failure(.tokenMissing) }
        return token
    }

    /// The token of `Bearer TOKEN` (RFC 6750, section 2.1); `nil` for another scheme. Works on bytes: looking for
    /// characters in a header cost more than the query behind it.
    private static func bearer(_ value: String) throws(Failure) -> String? {
        let parts = value.utf8.split(separator: UInt8(ascii: " "))
        guard let scheme = parts.first, Substring(scheme).lowercased() == "bearer" else { return nil }
        guard parts.count == 2 else { throw Failure(.tokenMalformed) }
        return String(Substring(parts[1]))
    }

    private func answer(_ session: StoredSession, refreshToken: String, at now: Timestamp) async throws -> Login {
        let token = try await tokens.issue(
            user: session.user.publicID, session: session.id, id: UUID().uuidString.lowercased(), at: now)
        return Login(
            token: token, expiresIn: tokens.lifetime.seconds, expiresAt: now.adding(seconds: tokens.lifetime.seconds),
            refreshToken: refreshToken, refreshExpiresAt: session.expiresAt)
    }

    /// 256 random bits.
    private static func newRefreshToken() -> String {
        Base64URL.encode(Passwords.randomBytes(32))
    }

    private static func hash(_ refreshToken: String) -> [UInt8] {
        Digest.sha256(Array(refreshToken.utf8))
    }
}

/// Where the time comes from; tests bring their own.
struct Clock: Sendable {
    let now: @Sendable () -> Timestamp

    static let system = Clock {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

extension HTTPField.Name {
    /// The origin tutorial's header for a token.
    static let accessTokens = HTTPField.Name("x-access-tokens") ?? .authorization
}
