import Foundation
import HTTPTypes
import LibraryStore
import Logging
import Shared

/// Registers users, logs them in and out, and identifies the caller of a request.
struct Authenticator: Sendable {
    /// Seconds for which a refresh token is accepted again after its first use, because the reply may have been lost.
    static let refreshGrace: Int64 = 10
    /// Seconds that an exchange of refresh tokens may wait for the writer. Less than libctl's timeout of 4 seconds,
    /// so that no token is replaced after the client has given up.
    private static let refreshPatience: Int64 = 3

    let store: any Store
    let tokens: Tokens
    let prover: Prover
    let passwords: Passwords
    let throttle: Throttle
    let refreshLifetime: TimeSpan
    let clock: Clock
    let logger: Logger
    /// Reads the keys that daemons share, as they are now; `nil` if daemons share none.
    let sharedKeys: @Sendable () async throws -> SigningKeys?

    /// Seconds without a refresh after which a session ends: 7 days, or the lifetime of a token if that is longer.
    private var idleLimit: Int64 { max(7 * 86400, tokens.lifetime.seconds) }

    /// Creates an account. The password is hashed before the name is looked up, so that a taken name takes as long as
    /// a free one.
    /// - Parameters:
    ///   - source: the unix socket and operators have no limit.
    ///   - key: the `Idempotency-Key`. If an earlier registration had the same key and name, its reply is repeated,
    ///     provided that the password is right.
    /// - Returns: the account, and header fields with the state of the limit.
    func register(
        _ registration: Registration, from source: RequestSource, key: String? = nil
    ) async throws -> (account: Registered, headers: HTTPFields) {
        try registration.validate()
        let headers = try throttle.admitRegistration(from: source.network)
        let hash = try await passwords.hash(Array(registration.password.utf8), for: source.network)
        let publicID = UUID().uuidString.lowercased()
        // The password is left out, so that the database has no digest of it but the password hash.
        let request = IdempotentRequest(key, "register", content: Array(registration.name.utf8))
        do {
            try await store.createUser(
                publicID: publicID, name: registration.name, passwordHash: hash, as: request,
                by: source.initiator(registration.name), at: clock.now())
            return (Registered(publicID: publicID, name: registration.name, admin: false), headers)
        } catch let error as StoreError where error.code == .nameTaken {
            guard let request,
                let known = try await store.registered(registration.name, as: request, at: clock.now()),
                try await passwords.verify(
                    Array(registration.password.utf8), against: known.passwordHash, for: source.network)
            else { throw error }
            return (known.account, headers)
        }
    }

    /// Creates a session.
    /// - Parameter key: the `Idempotency-Key`. If an earlier login had the same key and its session is live, that
    ///   session gets the new tokens.
    /// - Throws: ``Failure`` `credentials_wrong`, whether the name or the password is wrong.
    func login(
        _ credentials: BasicCredentials, from source: RequestSource, client: String, key: String? = nil
    ) async throws -> Login {
        let user = try await user(credentials, from: source.network)
        let now = clock.now()
        let refreshToken = Self.newSecret()
        let session = try await store.createSession(
            id: UUID().uuidString.lowercased(), user: user, refreshHash: Self.hash(refreshToken), client: client,
            at: now, expiresAt: now.adding(seconds: refreshLifetime.seconds), idle: idleLimit, address: source.network,
            key: key.map { IdempotentRequest.hash($0, "login") }, by: source.initiator(user.name))
        return try await answer(session, refreshToken: refreshToken, at: now)
    }

    /// Changes the caller's password, ends all other sessions and revokes all API keys.
    /// - Throws: ``Failure`` `password_wrong`, ``InvalidFields``.
    func changePassword(_ principal: Principal, _ change: PasswordChange, from source: RequestSource) async throws {
        try change.validate(name: principal.name)
        let user: StoredUser
        do {
            user = try await self.user(
                BasicCredentials(name: principal.name, password: Array(change.currentPassword.utf8)),
                from: source.network, isOwner: true)
        } catch let failure as Failure where failure.code == .credentialsWrong {
            throw Failure(.passwordWrong, headers: failure.headers)
        }
        let hash = try await passwords.hash(Array(change.newPassword.utf8), for: source.network)
        do {
            try await store.setPassword(
                .id(user.id), from: user.passwordHash, to: hash, keeping: principal.sessionID,
                by: source.initiator(user.name), at: clock.now())
        } catch StoreError.passwordChanged {
            throw Failure(.passwordWrong)
        }
    }

    /// Deletes the account and everything that belongs to it.
    /// - Throws: ``Failure`` `credentials_wrong` or `last_admin`.
    func deleteAccount(_ credentials: BasicCredentials, from source: RequestSource) async throws {
        let user = try await user(credentials, from: source.network)
        try await store.deleteUser(
            .id(user.id), passwordHash: user.passwordHash, by: source.initiator(user.name), at: clock.now())
    }

    /// Changes a user's role or state. Enabling a user also resets the failed logins, so that the user can log in at
    /// once.
    /// - Throws: ``Failure`` `user_not_found` or `last_admin`.
    func update(_ key: UserKey, _ patch: UserPatch, by initiator: Initiator) async throws -> User {
        let user = try await store.updateUser(key, patch, by: initiator, at: clock.now())
        if patch.disabled == false { try await throttle.forget(user.name) }
        return user
    }

    /// The user with that name and password. An unknown name, a wrong password and a disabled user take the same time
    /// and give the same error (OWASP Authentication Cheat Sheet).
    /// - Parameter isOwner: whether the request had a valid token of the account.
    private func user(
        _ credentials: BasicCredentials, from address: String?, isOwner: Bool = false
    ) async throws -> StoredUser {
        let (name, password) = (credentials.name, credentials.password)
        // No user can have such a name or password, so it is neither hashed nor counted.
        guard Registration.fault(inName: name) == nil, password.count <= Registration.maximumPasswordBytes else {
            throw Failure(.credentialsWrong)
        }
        try await throttle.admit(name, from: address, isOwner: isOwner)
        let user: StoredUser?
        let isRight: Bool
        do {
            user = try await store.user(.name(name))
            isRight = try await passwords.verify(password, against: user?.passwordHash, for: address)
        } catch {
            await throttle.abandoned(name, from: address)
            throw error
        }
        guard isRight, let user, !user.disabled else {
            throw Failure(.credentialsWrong, headers: try await throttle.fields(name, from: address))
        }
        try await throttle.succeeded(name, from: address)
        return passwords.isOutdated(user.passwordHash) ? try await rehash(user, password, from: address) : user
    }

    /// Replaces a hash of an outdated form, now that the password is known.
    private func rehash(_ user: StoredUser, _ password: [UInt8], from address: String?) async throws -> StoredUser {
        let hash = try await passwords.hash(password, for: address)
        if try await store.replacePasswordHash(user: user.id, from: user.passwordHash, to: hash) {
            return StoredUser(id: user.id, name: user.name, passwordHash: hash, disabled: user.disabled)
        }
        // Another login has replaced the hash meanwhile, or the password has been changed.
        guard let user = try await store.user(.id(user.id)),
            try await passwords.verify(password, against: user.passwordHash, for: address), !user.disabled
        else { throw Failure(.credentialsWrong) }
        return user
    }

    /// Exchanges a refresh token for new tokens.
    /// - Throws: ``Failure`` `refresh_token_invalid`; a token that was used before also ends its session.
    func refresh(_ refreshToken: String, from source: RequestSource) async throws -> Login {
        let now = clock.now()
        let start = clock.uptime()
        let newToken = Self.newSecret()
        switch try await store.rotateRefreshToken(
            from: Self.hash(refreshToken), to: Self.hash(newToken), at: now, grace: Self.refreshGrace,
            idle: idleLimit, isLate: { [clock] in clock.uptime() - start >= Self.refreshPatience },
            by: source.initiator(nil))
        {
        case .rotated(let session): return try await answer(session, refreshToken: newToken, at: now)
        case .replayed(let id):
            logger.warning("a refresh token was used again; its session has been ended", metadata: ["session": "\(id)"])
            throw Failure(.refreshTokenInvalid)
        case .unknown: throw Failure(.refreshTokenInvalid)
        }
    }

    func logout(_ principal: Principal, from source: RequestSource) async throws {
        do {
            try await store.deleteSession(
                id: principal.sessionID, principal, by: source.initiator(principal.name), at: clock.now())
        } catch StoreError.sessionNotFound {
            // The session ended while this request was in progress.
            throw Failure(.tokenRevoked)
        }
    }

    /// The caller, identified by `Authorization: Bearer` or by the origin tutorial's `x-access-tokens`.
    /// The token is an access token or an API key.
    /// - Throws: ``Failure`` `token_missing`, `token_malformed`, `token_expired`, `token_revoked` or `tokens_conflict`.
    func caller(_ headers: HTTPFields) async throws -> Caller {
        let now = clock.now()
        let token = try BearerToken.read(headers)
        if Self.isKey(token.utf8) { return try await holder(ofKey: Array(token.utf8), at: now) }
        let version = tokens.version
        let claims = try await verify(token, by: version, at: now)
        guard var caller = try await store.caller(session: claims.sid, at: now),
            caller.principal.publicID == claims.sub
        else { throw Failure(.tokenRevoked) }
        caller.tokenExpiresAt = Timestamp(milliseconds: 0).adding(seconds: claims.exp)
        // Another daemon has begun another key: the key of the token may be none any more.
        if caller.keyVersion != version {
            try await renewKeys()
            _ = try await tokens.verify(token, at: now)
        }
        return caller
    }

    /// The claims of a token that this daemon signed, or another one that shares its keys.
    /// - Parameter version: of the keys in use before.
    private func verify(_ token: String, by version: Int64, at now: Timestamp) async throws -> AccessClaims {
        do {
            return try await tokens.verify(token, at: now)
        } catch let failure as Failure where failure.code == .tokenMalformed && Tokens.mayHaveAnotherKey(token) {
            try await renewKeys()
            guard tokens.version != version else { throw failure }
            return try await tokens.verify(token, at: now)
        }
    }

    /// Takes the keys that daemons share into use, unless they are in use already.
    private func renewKeys() async throws {
        guard let keys = try await sharedKeys(), keys.version != tokens.version else { return }
        _ = try await use(keys)
    }

    /// Takes keys into use.
    /// - Returns: the id of the current key.
    func use(_ keys: SigningKeys) async throws -> String {
        let id = try await tokens.use(keys)
        prover.use(keys)
        return id
    }

    /// The caller with an API key, or with a token that was verified before and is still good; `nil` for any other
    /// token, and if the store keeps no sessions in memory.
    /// - Parameter last: the caller of an earlier request, who is not looked for again if the token is the same.
    func known(_ token: UnsafeRawBufferPointer, _ last: inout KnownCaller?) -> Principal? {
        guard let sessions = store.liveSessions else { return nil }
        if Self.isKey(token) { return knownHolder(ofKey: Array(token), sessions, at: clock.now()) }
        let caller: KnownCaller
        if let last, token.isEqual(to: last.token) {
            caller = last
        } else {
            guard !token.isEmpty, let known = tokens.known(token.text) else { return nil }
            caller = KnownCaller(Array(token), known)
            last = caller
        }
        let now = clock.now()
        let claims = caller.verified.claims
        guard tokens.isGood(caller.verified, at: now),
            let principal = sessions.principal(session: claims.sid, at: now), principal.publicID == claims.sub
        else { return nil }
        return principal
    }

    /// Seconds after its end for which an access token is good enough for a body that had begun: the time that any body
    /// may take, as in ``ConnectionLimits/body``. A file may take longer.
    private static let bodyGrace: Int64 = 30

    /// The caller's current state. The session may have ended while the body of the request was received, and the token
    /// expired.
    /// - Parameter isChange: whether the token must not have expired for longer than ``bodyGrace``.
    /// - Throws: ``Failure`` `token_revoked` or `token_expired`.
    @Sendable func confirm(_ caller: Caller, isChange: Bool) async throws -> Principal {
        let now = clock.now()
        if isChange, let end = caller.tokenExpiresAt, end.adding(seconds: Self.bodyGrace) <= now {
            throw Failure(.tokenExpired)
        }
        guard let caller = try await store.caller(session: caller.principal.sessionID, at: now) else {
            throw Failure(.tokenRevoked)
        }
        return caller.principal
    }

    /// The same for a caller whom ``known(_:_:)`` has found.
    func confirmKnown(_ principal: Principal) throws {
        guard store.liveSessions?.principal(session: principal.sessionID, at: clock.now()) != nil else {
            throw Failure(.tokenRevoked)
        }
    }

    private func answer(_ session: StoredSession, refreshToken: String, at now: Timestamp) async throws -> Login {
        // No other daemon would take a token of an older key.
        try await renewKeys()
        // The token must not outlive the session.
        let expiresAt = min(now.adding(seconds: tokens.lifetime.seconds), session.expiresAt)
        let token = try await tokens.issue(
            user: session.user.publicID, session: session.id, id: UUID().uuidString.lowercased(), at: now,
            expiresAt: expiresAt)
        return Login(
            token: token, expiresIn: expiresAt.seconds - now.seconds, expiresAt: expiresAt,
            refreshToken: refreshToken, refreshExpiresAt: session.expiresAt,
            daemon: prover.key(of: session.user.publicID))
    }

    /// 256 random bits.
    static func newSecret() -> String {
        Base64URL.encode([UInt8].random(count: 32))
    }

    static func hash(_ secret: String) -> [UInt8] {
        Digest.sha256(Array(secret.utf8))
    }
}

/// Whose token a connection has brought, so that its signature is not looked for at each request. Whether it is still
/// good is.
final class KnownCaller {
    let token: [UInt8]
    let verified: Tokens.Verified

    init(_ token: [UInt8], _ verified: Tokens.Verified) {
        self.token = token
        self.verified = verified
    }
}
