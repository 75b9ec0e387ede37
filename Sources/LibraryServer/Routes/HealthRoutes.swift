import Hummingbird
import LibraryStore
import Shared

struct HealthRoutes {
    let store: Store

    func add(to routes: RouterGroup<GuestContext>) {
        routes.on(Endpoints.live) { _, _ in .value(Health()) }
        routes.on(Endpoints.healthz) { _, _ in .value(Health()) }
        routes.on(Endpoints.ready) { _, _ in
            try store.checkReadiness()
            return .value(Health())
        }
    }
}
