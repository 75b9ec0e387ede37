package import Hummingbird
package import LibraryStore
package import Logging
package import NIOCore
package import Shared

/// The daemon's parts, made from its folder, settings and clock.
package struct App: Sendable {
    package let store: any Store
    let authenticator: Authenticator
    let clock: Clock
    let logger: Logger
    let keys: KeyFiles
    /// The current key of the files at the start. A file that somebody has removed meanwhile must not be made anew.
    let secret: [UInt8]
    let turns = OperatorTurns()
    let metrics = Metrics()
    private let recorder: RequestRecorder
    private let behindProxy: Bool
    private let isRegistrationOpen: Bool
    private let authors: AuthorRoutes
    private let health: HealthRoutes

    package init(
        store: any Store, keys: KeyFiles, tokenLifetime: TimeSpan, refreshLifetime: TimeSpan, passwords: Passwords,
        behindProxy: Bool = false, isRegistrationOpen: Bool = true, clock: Clock = .system, logger: Logger
    ) async throws {
        self.store = store
        self.clock = clock
        self.logger = logger
        self.keys = keys
        self.behindProxy = behindProxy
        recorder = RequestRecorder(logger: logger, metrics: metrics.requests, behindProxy: behindProxy)
        self.isRegistrationOpen = isRegistrationOpen
        authors = AuthorRoutes(store: store, clock: clock, behindProxy: behindProxy)
        health = HealthRoutes(store: store)
        try await store.begin()
        let throttle = Throttle(clock, store: store)
        for hash in try await store.importedHashes() { passwords.expect(hash) }
        for (name, address) in try await store.loginAddresses() { throttle.know(name, at: address) }
        let files = try keys.load()
        let secret = files.current
        self.secret = secret
        let sharedKeys: @Sendable () async throws -> SigningKeys? = {
            try await store.keySalts().map { SigningKeys($0, secret: secret) }
        }
        let current = try await sharedKeys() ?? files
        authenticator = Authenticator(
            store: store, tokens: try await Tokens(keys: current, lifetime: tokenLifetime),
            prover: Prover(daemon: try await store.daemonID(), keys: current), passwords: passwords,
            throttle: throttle, refreshLifetime: refreshLifetime, clock: clock, logger: logger, sharedKeys: sharedKeys)
    }

    /// The router with all middlewares and routes.
    package func router() -> Router<GuestContext> {
        let router = Router(context: GuestContext.self, options: .autoGenerateHeadEndpoints)
        let events = EventRoutes(store: store, authenticator: authenticator)
        let accounts = AccountRoutes(
            authenticator: authenticator, store: store, clock: clock, behindProxy: behindProxy,
            isRegistrationOpen: isRegistrationOpen)

        // A middleware applies only to routes that are added after it.
        router.add(middleware: EnvelopeMiddleware(recorder: recorder))
        router.add(middleware: ProblemMiddleware(logger: logger))

        let guests = router.group()
        health.add(to: guests)
        DocumentRoutes().add(to: guests)
        MetricsRoutes(store: store, authenticator: authenticator, metrics: metrics).add(to: guests)
        accounts.add(to: guests)

        let callers = router.group().add(middleware: TokenMiddleware(authenticator: authenticator))
            .group(context: CallerContext.self)
        accounts.add(toCallers: callers)
        authors.add(toCallers: callers)
        events.add(toCallers: callers)
        HistoryRoutes(store: store, clock: clock).add(toCallers: callers)

        let logins = callers.group(context: LoginContext.self)
        accounts.add(toLogins: logins)

        let admins = logins.group(context: AdminContext.self)
        accounts.add(toAdmins: admins)
        return router
    }

    /// The responder for the requests that the hot lane leaves to the router.
    package func responder() -> PathResponder { PathResponder(router: router().buildResponder()) }

    /// The hot lane, which answers some requests without the router.
    var lane: HotLane {
        HotLane(health: health, authors: authors, authenticator: authenticator, recorder: recorder)
    }

    /// Takes note of password hashes that another process has imported: an unknown name must take as long.
    package func learnImportedHashes() async throws {
        for hash in try await store.importedHashes() { authenticator.passwords.expect(hash) }
    }

    /// Whether the daemon answers.
    package func liveness() -> Liveness { Liveness(store) }

    /// An HTTP server for all routes.
    ///
    /// - Parameters:
    ///   - tls: `nil` for plain HTTP.
    ///   - onListening: called for each address, with the one that it became, once connections are accepted.
    package func server(
        on addresses: [Server.Address], tls: TLS? = nil, limits: ConnectionLimits = ConnectionLimits(),
        onListening: @escaping @Sendable (Server.Address, SocketAddress?) -> Void
    ) -> Server {
        Server(
            addresses, Responder(lane, responder(), HTTPDate(now: clock.now)), limits: limits, tls: tls,
            behindProxy: behindProxy, metrics: metrics.connections, onListening: onListening,
            onStop: store.changes.endSubscriptions)
    }
}
