import HTTPTypes
import Hummingbird
import Shared

struct AccountRoutes {
    let authenticator: Authenticator
    let store: Store

    func add(to routes: RouterGroup<GuestContext>) {
        routes.on(Endpoints.register) { request, _ in
            .json(try await authenticator.register(try await request.decode()), status: .created)
        }
        routes.on(Endpoints.login, use: login)
        routes.on(Endpoints.loginByGet, use: login)
        routes.on(Endpoints.refresh) { request, _ in
            let body: RefreshRequest = try await request.decode()
            return .json(try await authenticator.refresh(body.refreshToken))
        }
    }

    func add(toCallers routes: RouterGroup<CallerContext>) {
        routes.on(Endpoints.logout) { _, context in
            try await authenticator.logout(context.principal)
            return Response(status: .noContent)
        }
        routes.on(Endpoints.me) { _, context in
            guard let user = try await store.users(id: context.principal.userID).first else {
                throw Failure(.tokenRevoked)
            }
            return .json(user)
        }
    }

    func add(toAdmins routes: RouterGroup<AdminContext>) {
        routes.on(Endpoints.users) { _, _ in
            .json(UserList(try await store.users()))
        }
    }

    @Sendable private func login(_ request: Request, _ context: GuestContext) async throws -> Response {
        let client = request.headers[.userAgent]?.unicodeScalars.prefix(100).filter(\.isASCII) ?? []
        let label = String(String.UnicodeScalarView(client))
        return .json(try await authenticator.login(try BasicCredentials(request.headers), client: label))
    }
}
