import HTTPTypes
import Hummingbird
import LibraryStore
import Logging
import NIOCore
import Shared

struct AccountRoutes {
    let authenticator: Authenticator
    let store: Store
    let clock: Clock
    let behindProxy: Bool
    let isRegistrationOpen: Bool

    func add(to routes: RouterGroup<GuestContext>) {
        routes.on(Endpoints.register) { request, context in
            guard isRegistrationOpen else { throw Failure(.registrationClosed) }
            let key = try request.request.idempotencyKey
            let registration = try await request.body()
            let (account, headers) = try await authenticator.register(
                registration, from: address(request, context.peer), key: key)
            context.user.name = account.name
            return .value(account, status: .created, headers: headers)
        }
        routes.on(Endpoints.login, use: login)
        routes.on(Endpoints.loginByGet, use: login)
        routes.on(Endpoints.refresh) { request, _ in
            .value(try await authenticator.refresh(try await request.body().refreshToken))
        }
        routes.on(Endpoints.proof) { request, context in
            let body = try await request.body()
            try body.validate()
            return .value(authenticator.prover.proof(body, at: context.channel.localAddress))
        }
        routes.on(Endpoints.deleteMe) { request, context in
            let credentials = try BasicCredentials(request.headers)
            try await recordingFailure(of: credentials.name, request.headers, context.peer, id: context.requestID) {
                try await authenticator.deleteAccount(credentials, from: address(request, context.peer))
            }
            context.user.name = credentials.name
            return .none
        }
    }

    func add(toCallers routes: RouterGroup<CallerContext>) {
        routes.on(Endpoints.logout) { _, context in
            try await authenticator.logout(context.principal)
            return .none
        }
        routes.on(Endpoints.me) { _, context in
            .value(try await store.profile(.id(context.principal.userID)))
        }
        routes.on(Endpoints.changePassword) { request, context in
            let (principal, change) = (context.principal, try await context.decode(request))
            try await recordingFailure(of: principal.name, request.headers, context.peer, id: context.requestID) {
                try await authenticator.changePassword(principal, change, from: address(request, context.peer))
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
            let principal = context.principal
            let scope = try request.query()
            try await store.deleteSessions(
                user: principal.userID, except: scope == .others ? principal.sessionID : nil)
            return .none
        }
        routes.on(Endpoints.endSession) { request, context in
            try await store.deleteSession(
                id: request.path, user: context.principal.userID)
            return .none
        }
    }

    func add(toAdmins routes: RouterGroup<AdminContext>) {
        routes.on(Endpoints.users) { _, _ in
            .value(UserList(try await store.users()))
        }
        routes.on(Endpoints.updateUser) { request, context in
            let patch = try await context.decode(request).validated()
            return .value(try await authenticator.update(.publicID(request.path), patch))
        }
        routes.on(Endpoints.deleteUser) { request, _ in
            try await store.deleteUser(.publicID(request.path))
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
        let login = try await recordingFailure(
            of: credentials.name, request.headers, context.peer, id: context.requestID
        ) {
            try await authenticator.login(
                credentials, from: address(request, context.peer), client: label, key: key)
        }
        context.user.name = credentials.name
        return .value(login)
    }

    /// Logs a password that was wrong, or that was not tried because there have been too many, in one line that is the
    /// same forever: packaging/fail2ban reads it.
    /// - Parameter name: as the client sent it. It is logged only if there is such an account, because people type
    ///   passwords in its place; and what a client sends must not be taken for another field.
    private func recordingFailure<Value>(
        of name: String, _ headers: HTTPFields, _ peer: SocketAddress?, id: String,
        _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch let failure as Failure where ErrorCode.ofAttempts.contains(failure.code) {
            var metadata: Logger.Metadata = ["code": "\(failure.code.rawValue)", "id": "\(id)"]
            metadata["account"] = (try? store.user(.name(name)))?.map { "\($0.name)" }
            metadata["client"] = ClientAddress.name(
                headers[values: .forwardedFor].last, peer, behindProxy: behindProxy
            ).map { "\($0)" }
            authenticator.logger.notice("login failed", metadata: metadata)
            throw failure
        }
    }

    private func address<Input>(_ request: EndpointRequest<Empty, Input>, _ peer: SocketAddress?) -> String? {
        ClientAddress.of(request.request, peer, behindProxy: behindProxy)
    }
}
