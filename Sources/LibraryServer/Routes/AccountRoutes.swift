import HTTPTypes
import Hummingbird
import LibraryStore
import Logging
import NIOCore
import Shared

struct AccountRoutes {
    let authenticator: Authenticator
    let store: any Store
    let clock: Clock
    let behindProxy: Bool
    let isRegistrationOpen: Bool

    func add(to routes: RouterGroup<GuestContext>) {
        routes.on(Endpoints.register) { request, context in
            guard isRegistrationOpen else { throw Failure(.registrationClosed) }
            let key = try request.request.idempotencyKey
            let registration = try await request.body()
            let (account, headers) = try await authenticator.register(
                registration, from: source(request, context.peer), key: key)
            context.user.name = account.name
            return .value(account, status: .created, headers: headers)
        }
        routes.on(Endpoints.login, use: login)
        routes.on(Endpoints.loginByGet, use: login)
        routes.on(Endpoints.refresh) { request, context in
            .value(
                try await authenticator.refresh(
                    try await request.body().refreshToken, from: source(request, context.peer)))
        }
        routes.on(Endpoints.proof) { request, context in
            let body = try await request.body()
            try body.validate()
            return .value(authenticator.prover.proof(body, at: context.channel.localAddress))
        }
        routes.on(Endpoints.deleteMe) { request, context in
            let credentials = try BasicCredentials(request.headers)
            let source = source(request, context.peer)
            try await recordingFailure(of: credentials.name, source, id: context.requestID) {
                try await authenticator.deleteAccount(credentials, from: source)
            }
            context.user.name = credentials.name
            return .none
        }
    }

    func add(toCallers routes: RouterGroup<CallerContext>) {
        routes.on(Endpoints.me) { _, context in
            var user = try await store.profile(.id(context.principal.userID))
            user.history = try await store.history(owner: context.principal.userID)
            return .value(user)
        }
    }

    func add(toLogins routes: RouterGroup<LoginContext>) {
        routes.on(Endpoints.logout) { request, context in
            try await authenticator.logout(context.principal, from: source(request, context.peer))
            return .none
        }
        routes.on(Endpoints.changePassword) { request, context in
            let (principal, change) = (context.principal, try await context.caller.decode(request))
            let source = source(request, context.peer)
            try await recordingFailure(of: principal.name, source, id: context.requestID) {
                try await authenticator.changePassword(principal, change, from: source)
            }
            return .none
        }
        routes.on(Endpoints.sessions) { _, context in
            let principal = context.principal
            let sessions = try await store.sessions(
                user: principal.userID, current: principal.sessionID, at: clock.now())
            return .value(LoginSessionList(sessions))
        }
        routes.on(Endpoints.endSessions) { request, context in
            try await store.deleteSessions(
                try request.query(), context.principal, by: initiator(request, context), at: clock.now())
            return .none
        }
        routes.on(Endpoints.endSession) { request, context in
            try await store.deleteSession(
                id: request.path, context.principal, by: initiator(request, context), at: clock.now())
            return .none
        }
        addKeys(to: routes)
    }

    private func addKeys(to routes: RouterGroup<LoginContext>) {
        routes.on(Endpoints.keys) { _, context in
            .value(APIKeyList(try await store.keys(.id(context.principal.userID))))
        }
        routes.on(Endpoints.createKey) { request, context in
            let wanted = try await context.caller.decode(request)
            let key = try await authenticator.createKey(
                of: .id(context.principal.userID), wanted, by: initiator(request, context))
            return .value(key, status: .created)
        }
        routes.on(Endpoints.deleteKey) { request, context in
            try await store.deleteKey(
                .id(request.path), of: .id(context.principal.userID), by: initiator(request, context), at: clock.now())
            return .none
        }
    }

    func add(toAdmins routes: RouterGroup<AdminContext>) {
        routes.on(Endpoints.users) { _, _ in
            .value(UserList(try await store.users()))
        }
        routes.on(Endpoints.updateUser) { request, context in
            let patch = try await context.decode(request).validated()
            return .value(
                try await authenticator.update(.publicID(request.path), patch, by: initiator(request, context.login)))
        }
        routes.on(Endpoints.deleteUser) { request, context in
            try await store.deleteUser(
                .publicID(request.path), passwordHash: nil, by: initiator(request, context.login), at: clock.now())
            return .none
        }
    }

    @Sendable private func login(
        _ request: EndpointRequest<Empty, Empty>, _ context: GuestContext
    ) async throws -> EndpointReply<Login> {
        let client = request.headers[.userAgent]?.unicodeScalars.prefix(100).filter(\.isASCII) ?? []
        let label = String(String.UnicodeScalarView(client))
        let credentials = try BasicCredentials(request.headers)
        let key = try request.request.idempotencyKey
        let source = source(request, context.peer)
        let login = try await recordingFailure(of: credentials.name, source, id: context.requestID) {
            try await authenticator.login(credentials, from: source, client: label, key: key)
        }
        context.user.name = credentials.name
        return .value(login)
    }

    /// Logs a password that was wrong, or that was not tried because there have been too many, in one line that is the
    /// same forever: packaging/fail2ban reads it. A password that was tried is noted in the audit, too.
    /// - Parameter name: as the client sent it. It is logged only if there is such an account, because people type
    ///   passwords in its place; and what a client sends must not be taken for another field.
    private func recordingFailure<Value>(
        of name: String, _ source: RequestSource, id: String, _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch let failure as Failure where ErrorCode.ofAttempts.contains(failure.code) {
            var metadata: Logger.Metadata = ["code": "\(failure.code.rawValue)", "id": "\(id)"]
            let account = (try? await store.user(.name(name)))?.name
            metadata["account"] = account.map { "\($0)" }
            metadata["client"] = source.address.map { "\($0)" }
            authenticator.logger.notice("login failed", metadata: metadata)
            if failure.code != .rateLimited {
                // The reply says that the password is wrong, whether that could be stored or not.
                try? await store.note(
                    .loginFailed, user: account, by: source.initiator(nil), failure.code.rawValue, at: clock.now())
            }
            throw failure
        }
    }

    private func initiator<Path, Input>(
        _ request: EndpointRequest<Path, Input>, _ context: LoginContext
    ) -> Initiator {
        source(request, context.peer).initiator(context.principal.name)
    }

    private func source<Path, Input>(
        _ request: EndpointRequest<Path, Input>, _ peer: SocketAddress?
    ) -> RequestSource {
        RequestSource(request.request, peer, behindProxy: behindProxy)
    }
}
