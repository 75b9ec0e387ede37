import Hummingbird
import LibraryStore

/// Authenticates the caller by the access token or the API key.
struct TokenMiddleware: RouterMiddleware {
    let authenticator: Authenticator

    func handle(
        _ request: Request, context: GuestContext, next: (Request, GuestContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        let caller = try await authenticator.caller(request.headers)
        context.caller = caller
        context.user.name = caller.principal.name
        context.confirm = authenticator.confirm
        return try await next(request, context)
    }
}
