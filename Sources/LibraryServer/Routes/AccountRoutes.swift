import HTTPTypes
import Hummingbird
import LibraryStore
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
            try await authenticator.deleteAccount(credentials, from: address(request, context.peer))
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
            try await authenticator.changePassword(
                context.principal, try await context.decode(request), from: address(request, context.peer))
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
        let login = try await authenticator.login(
            credentials, from: address(request, context.peer), client: label, key: try request.request.idempotencyKey)
        context.user.name = credentials.name
        return .value(login)
    }

    private func address<Input>(_ request: EndpointRequest<Empty, Input>, _ peer: SocketAddress?) -> String? {
        ClientAddress.of(request.request, peer, behindProxy: behindProxy)
    }
}
