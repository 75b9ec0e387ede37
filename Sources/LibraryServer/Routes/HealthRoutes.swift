import Hummingbird
import LibraryStore
import Shared

struct HealthRoutes: Sendable {
    let store: any Store

    func add(to routes: RouterGroup<GuestContext>) {
        routes.on(Endpoints.live) { _, _ in .made(Response(live())) }
        routes.on(Endpoints.healthz) { _, _ in .made(Response(live())) }
        routes.on(Endpoints.ready) { _, _ in .made(Response(try ready())) }
    }

    func live() -> Reply { .json(Health().json) }

    /// - Throws: ``StoreError`` `notReady`.
    func ready() throws -> Reply {
        try store.checkReadiness()
        return live()
    }
}
