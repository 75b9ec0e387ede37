import Hummingbird
import LibraryStore
import Shared

/// Shows what has changed, and takes changes back.
struct HistoryRoutes: Sendable {
    let store: any Store
    let clock: Clock

    func add(toCallers routes: RouterGroup<CallerContext>) {
        routes.on(Endpoints.changes) { request, context in
            let query = try request.query()
            let page = try await store.changes(query, owner: context.principal.userID) { try $0.page() }
            return .made(.json(bytes: page))
        }
        routes.on(Endpoints.history) { request, context in
            let query = try request.query()
            let page = try await store.history(of: request.path, query, owner: context.principal.userID) {
                try $0.page()
            }
            return .made(.json(bytes: page))
        }
        routes.on(Endpoints.undo) { request, context in
            let key = try request.request.idempotencyKey
            let undo = try await context.decode(request).validated()
            let repeated = IdempotentRequest(key, "undo", content: undo.json)
            return .value(
                try await store.undo(
                    undo, owner: context.principal.userID, from: context.principal.origin, as: repeated,
                    at: clock.now(), clock: clock.now))
        }
    }
}
