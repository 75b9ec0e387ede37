package import Hummingbird
package import HummingbirdCore
package import LibraryStore
package import Logging
package import NIOCore
package import Shared

/// The daemon's parts, made from its folder, settings and clock.
package struct App: Sendable {
    package let store: Store
    let authenticator: Authenticator
    let clock: Clock
    let logger: Logger
    let keys: KeyFiles
    let turns = OperatorTurns()
    private let behindProxy: Bool

    package init(
        store: Store, keys: KeyFiles, tokenLifetime: TimeSpan, refreshLifetime: TimeSpan, passwords: Passwords,
        behindProxy: Bool = false, clock: Clock = .system, logger: Logger
    ) async throws {
        self.store = store
        self.clock = clock
        self.logger = logger
        self.keys = keys
        self.behindProxy = behindProxy
        try store.loadSessions()
        let throttle = Throttle(uptime: clock.uptime)
        for hash in try store.importedHashes() { passwords.expect(hash) }
        for (name, address) in try store.loginAddresses() { throttle.know(name, at: address) }
        authenticator = Authenticator(
            store: store, tokens: try await Tokens(keys: try keys.load(), lifetime: tokenLifetime),
            passwords: passwords,
            throttle: throttle, refreshLifetime: refreshLifetime, clock: clock, logger: logger)
    }

    /// The router with all middlewares and routes.
    package func router() -> Router<GuestContext> {
        let router = Router(context: GuestContext.self, options: .autoGenerateHeadEndpoints)
        let authors = AuthorRoutes(store: store, clock: clock)
        let events = EventRoutes(store: store, authenticator: authenticator)
        let accounts = AccountRoutes(
            authenticator: authenticator, store: store, clock: clock, behindProxy: behindProxy)
        let health = HealthRoutes(store: store)

        // A middleware applies only to routes that are added after it.
        router.add(middleware: EnvelopeMiddleware(logger: logger))
        router.add(middleware: ProblemMiddleware(logger: logger))

        let guests = router.group()
        health.add(to: guests)
        accounts.add(to: guests)

        let callers = router.group().add(middleware: TokenMiddleware(authenticator: authenticator))
            .group(context: CallerContext.self)
        accounts.add(toCallers: callers)
        authors.add(toCallers: callers)
        events.add(toCallers: callers)

        let admins = callers.group(context: AdminContext.self)
        accounts.add(toAdmins: admins)
        return router
    }

    /// An HTTP server for all routes on one address.
    ///
    /// - Parameter onListening: called with the bound address once connections are accepted.
    package func server(
        on address: BindAddress, onListening: @escaping @Sendable (any Channel) async -> Void
    ) -> some ApplicationProtocol {
        Application(
            responder: router().buildResponder(),
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [MalformedRequestHandler(), EventStreamHandler()],
                    idleTimeout: .seconds(60),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 16 * 1024, maxHeaderListSize: 32 * 1024, maxHeaderFieldCount: 100))),
            configuration: .init(
                address: address, availableConnectionsDelegate: MaximumAvailableConnections(512)),
            onServerRunning: onListening,
            logger: Logger(label: "http") { _ in SwiftLogNoOpLogHandler() })
    }
}
