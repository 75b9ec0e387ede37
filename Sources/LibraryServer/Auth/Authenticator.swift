import Foundation
import HTTPTypes
import LibraryStore
import Logging
import Shared

/// Logs in, refreshes, logs out, and tells who asks.
struct Authenticator: Sendable {
    /// Seconds for which a used refresh token is honoured once more.
    static let refreshGrace: Int64 = 10
    /// Seconds that a trade may wait for the writer: less than a client waits for the answer, which is 4 seconds in
    /// libctl.
    private static let refreshPatience: Int64 = 3

    let store: Store
    let tokens: Tokens
    let passwords: Passwords
    let throttle: Throttle
    let refreshLifetime: TimeSpan
    let clock: Clock
    let logger: Logger

    /// Seconds after which a session that was not refreshed is over: 7 days, or as long as a token is good.
    private var idleLimit: Int64 { max(7 * 86400, tokens.lifetime.seconds) }

    /// Creates an account. The password is hashed before the name is looked at, so a taken one takes as long.
    /// - Parameters:
    ///   - address: of the client; `nil` where there is none, which nothing limits.
    ///   - key: if the same registration with the same key came before, it is answered again to who knows its password.
    /// - Returns: the account, and header fields that tell of the limit.
    func register(
        _ registration: Registration, from address: String?, key: String? = nil
    ) async throws -> (account: Registered, headers: HTTPFields) {
        try registration.validate()
        let headers = try throttle.admitRegistration(from: address)
        let hash = try await passwords.hash(Array(registration.password.utf8), for: address)
        let publicID = UUID().uuidString.lowercased()
        // The password is no part of it: its hash is to be found in one place only.
        let request = IdempotentRequest(key, "register", content: Array(registration.name.utf8))
        do {
            try await store.createUser(
                publicID: publicID, name: registration.name, passwordHash: hash, as: request, at: clock.now())
            return (Registered(publicID: publicID, name: registration.name, admin: false), headers)
        } catch let error as StoreError where error.code == .nameTaken {
            guard let request,
                let known = try store.registered(registration.name, as: request, at: clock.now()),
                try await passwords.verify(
                    Array(registration.password.utf8), against: known.passwordHash, for: address)
            else { throw error }
            return (known.account, headers)
        }
    }

    /// Opens a session.
    /// - Parameter key: if the same login with the same key came before, its session goes on.
    /// - Throws: ``Failure`` `credentials_wrong`, whether it was the name or the password.
    func login(
        _ credentials: BasicCredentials, from address: String?, client: String, key: String? = nil
    ) async throws -> Login {
        let user = try await user(credentials, from: address)
        let now = clock.now()
        let refreshToken = Self.newRefreshToken()
        let session = try await store.createSession(
            id: UUID().uuidString.lowercased(), user: user, refreshHash: Self.hash(refreshToken), client: client,
            at: now, expiresAt: now.adding(seconds: refreshLifetime.seconds), idle: idleLimit, address: address,
            key: key.map { IdempotentRequest.hash($0, "login") })
        return try await answer(session, refreshToken: refreshToken, at: now)
    }

    /// Changes the caller's password and ends all other sessions.
    /// - Throws: ``Failure`` `password_wrong`, ``InvalidFields``.
    func changePassword(_ principal: Principal, _ change: PasswordChange, from address: String?) async throws {
        try change.validate(name: principal.name)
        let user: StoredUser
        do {
            user = try await self.user(
                BasicCredentials(name: principal.name, password: Array(change.currentPassword.utf8)), from: address,
                isOwner: true)
        } catch let failure as Failure where failure.code == .credentialsWrong {
            throw Failure(.passwordWrong, headers: failure.headers)
        }
        let hash = try await passwords.hash(Array(change.newPassword.utf8), for: address)
        do {
            try await store.setPassword(
                .id(user.id), from: user.passwordHash, to: hash, keeping: principal.sessionID, at: clock.now())
        } catch StoreError.passwordChanged {
            throw Failure(.passwordWrong)
        }
    }

    /// Deletes the account with all that is its own.
    /// - Throws: ``Failure`` `credentials_wrong` or `last_admin`.
    func deleteAccount(_ credentials: BasicCredentials, from address: String?) async throws {
        let user = try await user(credentials, from: address)
        try await store.deleteUser(.id(user.id), passwordHash: user.passwordHash)
    }

    /// Changes a user's role or state. Who is enabled may try to log in at once, whatever others have tried.
    /// - Throws: ``Failure`` `user_not_found` or `last_admin`.
    func update(_ key: UserKey, _ patch: UserPatch) async throws -> User {
        let user = try await store.updateUser(key, patch, at: clock.now())
        if patch.disabled == false { throttle.forget(user.name) }
        return user
    }

    /// Who has that name and password. Unknown, wrong and disabled take as long and look the same.
    /// - Parameter isOwner: whether a token of the account has been shown.
    private func user(
        _ credentials: BasicCredentials, from address: String?, isOwner: Bool = false
    ) async throws -> StoredUser {
        let (name, password) = (credentials.name, credentials.password)
        // What nobody can have is not worth hashing, counting or keeping in mind.
        guard Registration.fault(inName: name) == nil, password.count <= Registration.maximumPasswordBytes else {
            throw Failure(.credentialsWrong)
        }
        try throttle.admit(name, from: address, isOwner: isOwner)
        let user: StoredUser?
        let isRight: Bool
        do {
            user = try store.user(.name(name))
            isRight = try await passwords.verify(password, against: user?.passwordHash, for: address)
        } catch {
            throttle.abandoned(name, from: address)
            throw error
        }
        guard isRight, let user, !user.disabled else {
            throw Failure(.credentialsWrong, headers: throttle.fields(name, from: address))
        }
        throttle.succeeded(name, from: address)
        return passwords.isOutdated(user.passwordHash) ? try await rehash(user, password, from: address) : user
    }

    /// Hashes the password as it is hashed today, now that it is known.
    private func rehash(_ user: StoredUser, _ password: [UInt8], from address: String?) async throws -> StoredUser {
        let hash = try await passwords.hash(password, for: address)
        if try await store.replacePasswordHash(user: user.id, from: user.passwordHash, to: hash) {
            return StoredUser(id: user.id, name: user.name, passwordHash: hash, disabled: user.disabled)
        }
        // Another login has done so meanwhile, or the password is another by now.
        guard let user = try store.user(.id(user.id)),
            try await passwords.verify(password, against: user.passwordHash, for: address), !user.disabled
        else { throw Failure(.credentialsWrong) }
        return user
    }

    /// Trades a refresh token for new tokens.
    /// - Throws: ``Failure`` `refresh_token_invalid`; a replayed token also ends its session.
    func refresh(_ refreshToken: String) async throws -> Login {
        let now = clock.now()
        let start = clock.uptime()
        let newToken = Self.newRefreshToken()
        switch try await store.rotateRefreshToken(
            from: Self.hash(refreshToken), to: Self.hash(newToken), at: now, grace: Self.refreshGrace,
            idle: idleLimit, isLate: { [clock] in clock.uptime() - start >= Self.refreshPatience })
        {
        case .rotated(let session): return try await answer(session, refreshToken: newToken, at: now)
        case .replayed(let id):
            logger.warning("a refresh token was used again; its session has been ended", metadata: ["session": "\(id)"])
            throw Failure(.refreshTokenInvalid)
        case .unknown: throw Failure(.refreshTokenInvalid)
        }
    }

    func logout(_ principal: Principal) async throws {
        do {
            try await store.deleteSession(id: principal.sessionID, user: principal.userID)
        } catch StoreError.sessionNotFound {
            // It ended while this request was on its way.
            throw Failure(.tokenRevoked)
        }
    }

    /// Who asks, by `Authorization: Bearer` or the origin tutorial's `x-access-tokens`.
    /// - Throws: ``Failure`` `token_missing`, `token_malformed`, `token_expired`, `token_revoked` or `tokens_conflict`.
    func principal(_ headers: HTTPFields) async throws -> Principal {
        let now = clock.now()
        let claims = try await tokens.verify(try Self.token(headers), at: now)
        guard let principal = store.sessions.principal(session: claims.sid, at: now), principal.publicID == claims.sub
        else {
            throw Failure(.tokenRevoked)
        }
        return principal
    }

    /// The caller as of now: a request's body may have taken its time since the token was looked at.
    /// - Throws: ``Failure`` `token_revoked`.
    func confirm(_ principal: Principal) throws -> Principal {
        guard let principal = store.sessions.principal(session: principal.sessionID, at: clock.now()) else {
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
        let prefix = "Bearer ".utf8
        let rest = value.utf8.dropFirst(prefix.count)
        if value.utf8.starts(with: prefix), !rest.isEmpty, !rest.contains(UInt8(ascii: " ")) {
            return String(Substring(rest))
        }
        let parts = value.utf8.split(separator: UInt8(ascii: " "))
        guard let scheme = parts.first, Substring(scheme).lowercased() == "bearer" else { return nil }
        guard parts.count == 2 else { throw Failure(.tokenMalformed) }
        return String(Substring(parts[1]))
    }

    private func answer(_ session: StoredSession, refreshToken: String, at now: Timestamp) async throws -> Login {
        // No longer than the session itself.
        let expiresAt = min(now.adding(seconds: tokens.lifetime.seconds), session.expiresAt)
        let token = try await tokens.issue(
            user: session.user.publicID, session: session.id, id: UUID().uuidString.lowercased(), at: now,
            expiresAt: expiresAt)
        return Login(
            token: token, expiresIn: expiresAt.seconds - now.seconds, expiresAt: expiresAt,
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
