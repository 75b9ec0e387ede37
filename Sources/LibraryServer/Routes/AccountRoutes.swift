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

    func add(to routes: RouterGroup<GuestContext>) {
        routes.on(Endpoints.register) { request, context in
            let key = try request.idempotencyKey
            let registration: Registration = try await request.decode()
            let (account, headers) = try await authenticator.register(
                registration, from: address(request, context.peer), key: key)
            return .json(account, status: .created, headers: headers)
        }
        routes.on(Endpoints.login, use: login)
        routes.on(Endpoints.loginByGet, use: login)
        routes.on(Endpoints.refresh) { request, _ in
            let body: RefreshRequest = try await request.decode()
            return .json(try await authenticator.refresh(body.refreshToken))
        }
        routes.on(Endpoints.deleteMe) { request, context in
            try await authenticator.deleteAccount(
                try BasicCredentials(request.headers), from: address(request, context.peer))
            return Response(status: .noContent)
        }
    }

    func add(toCallers routes: RouterGroup<CallerContext>) {
        routes.on(Endpoints.logout) { _, context in
            try await authenticator.logout(context.principal)
            return Response(status: .noContent)
        }
        routes.on(Endpoints.me) { _, context in
            .json(try await store.profile(.id(context.principal.userID)))
        }
        routes.on(Endpoints.changePassword) { request, context in
            try await authenticator.changePassword(
                context.principal, try await context.decode(request), from: address(request, context.peer))
            return Response(status: .noContent)
        }
        routes.on(Endpoints.sessions) { _, context in
            let principal = context.principal
            let sessions = try await store.sessions(
                user: principal.userID, current: principal.sessionID, at: clock.now())
            return .json(LoginSessionList(sessions))
        }
        routes.on(Endpoints.endSessions) { request, context in
            let principal = context.principal
            let scope = try request.query(SessionScope.init(items:))
            try await store.deleteSessions(
                user: principal.userID, except: scope == .others ? principal.sessionID : nil)
            return Response(status: .noContent)
        }
        routes.on(Endpoints.endSession) { _, context in
            try await store.deleteSession(
                id: context.parameters.get("id") ?? "", user: context.principal.userID)
            return Response(status: .noContent)
        }
    }

    func add(toAdmins routes: RouterGroup<AdminContext>) {
        routes.on(Endpoints.users) { _, _ in
            .json(UserList(try await store.users()))
        }
        routes.on(Endpoints.updateUser) { request, context in
            let patch = try await context.decode(request, as: UserPatch.self).validated()
            return .json(try await authenticator.update(user(context), patch))
        }
        routes.on(Endpoints.deleteUser) { _, context in
            try await store.deleteUser(user(context))
            return Response(status: .noContent)
        }
    }

    @Sendable private func login(_ request: Request, _ context: GuestContext) async throws -> Response {
        let client = request.headers[.userAgent]?.unicodeScalars.prefix(100).filter(\.isASCII) ?? []
        let label = String(String.UnicodeScalarView(client))
        return .json(
            try await authenticator.login(
                try BasicCredentials(request.headers), from: address(request, context.peer), client: label,
                key: try request.idempotencyKey))
    }

    private func address(_ request: Request, _ peer: SocketAddress?) -> String? {
        ClientAddress.of(request, peer, behindProxy: behindProxy)
    }

    private func user(_ context: AdminContext) -> UserKey {
        .publicID(context.parameters.get("public_id") ?? "")
    }
}
