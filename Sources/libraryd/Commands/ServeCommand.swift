import ArgumentParser
import Foundation
import Glibc
import Hummingbird
import LibraryPostgres
import LibraryServer
import LibraryStore
import Logging
import NIOCore
import ServiceLifecycle
import Shared
import UnixSignals

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve the library until SIGTERM or SIGINT.",
        discussion: """
            Creates what is missing: the data folder, the database and the key. No setting is needed. Settings come \
            from options, else from variables, else from the file that --config names.

            Variables:
            \(Settings.variables.map { "  " + $0 }.joined(separator: "\n"))
            """)

    @OptionGroup var flags: Flags

    func run() async throws {
        try await Exit.reporting {
            let environment = ProcessInfo.processInfo.environment
            let inherited = try InheritedSockets.descriptors(environment)
            let reread: @Sendable () throws -> Settings = { [flags] in
                try Settings(options: flags.texts, environment: environment, inheritsSockets: !inherited.isEmpty)
            }
            let settings = try reread()
            let bound = inherited.compactMap(InheritedSockets.address)
            for address in bound {
                try settings.requireConfidential(address.host, address.host)
            }
            try FolderOwner.require(settings.data)
            let folder = try DataFolder(path: settings.data)
            do {
                let start = Start(
                    settings: settings, reread: reread, inherited: inherited, bound: bound,
                    manager: ServiceManager(environment))
                try await serve(start, folder)
            } catch {
                throw CommandError(error, library: settings.database?.description ?? folder.databasePath)
            }
        }
    }

    /// The settings, the sockets and the service manager of a start.
    private struct Start: Sendable {
        let settings: Settings
        /// Reads the settings again.
        let reread: @Sendable () throws -> Settings
        /// Descriptors of sockets that listen already.
        let inherited: [Int32]
        /// The addresses of those that are no Unix sockets.
        let bound: [Listen]
        let manager: ServiceManager?
    }

    private func serve(_ start: Start, _ folder: borrowing DataFolder) async throws {
        let settings = start.settings
        let level = LogLevel(settings.logLevel)
        let logger = Logger(label: "libraryd") { _ in LineLogHandler(level: level, format: settings.logFormat) }
        for variable in settings.unknownVariables {
            logger.warning("\(variable.reason)", metadata: ["hint": "\(variable.hint)"])
        }
        try UnixSocket.requireName(folder.operatorSocketPath)
        let store = try await settings.openLibrary(in: folder)
        defer { store.close() }
        let app = try await App(
            store: store, keys: folder.keys, tokenLifetime: settings.tokenLifetime,
            refreshLifetime: settings.refreshLifetime, passwords: Passwords(), behindProxy: settings.behindProxy,
            isRegistrationOpen: settings.isRegistrationOpen, clock: store.clock, logger: logger)

        let tls = try settings.tls.map { try TLS(certificate: $0.certificate, key: $0.key) }
        // A socket unit may have the socket of the settings; its file is then not the daemon's.
        let socket = start.inherited.map(InheritedSockets.path).contains(settings.socket) ? nil : settings.socket
        if let socket { try Self.refuseLiveSocket(socket) }
        let addresses = settings.addresses(start.inherited, start.bound, socket)
        // Every address, the operators' socket, and SIGHUP.
        let readiness = Readiness(awaiting: addresses.count + 2) { [manager = start.manager] in
            guard let manager, let reason = manager.send("READY=1") else { return }
            logger.warning("the service manager cannot be told", metadata: ["reason": "\(reason)"])
        }
        let server = app.server(on: addresses, tls: tls) { address, bound in
            Self.announce(address, bound, isTLS: tls != nil)
            readiness.arrive()
        }
        var services: [any Service] = [
            OperatorSocket(path: folder.operatorSocketPath, app: app, onListening: readiness.arrive),
            Hangups(
                tls: tls, settings: settings, level: level, manager: start.manager, logger: logger,
                reread: start.reread, onTrapping: readiness.arrive),
            StoreWatch(store: store, logger: logger),
            HistoryPruning(store: store, now: store.clock.now, logger: logger),
            server,
        ]
        if settings.database != nil { services.append(ImportWatch(app: app)) }
        // Added last: services are stopped one after the other from the last, so its time counts from the signal.
        if let manager = start.manager {
            services.append(SignsOfLife(manager: manager, liveness: app.liveness(), logger: logger))
        }
        services.append(StopLimit(logger: logger))
        // Without a name, each service would be described with all that it refers to: a third of the time of a start.
        let named = services.map {
            ServiceGroupConfiguration.ServiceConfiguration(service: $0, serviceName: "\(type(of: $0))")
        }
        var configuration = ServiceGroupConfiguration(
            services: named, gracefulShutdownSignals: [.sigterm, .sigint],
            logger: Logger(label: "services") { _ in SwiftLogNoOpLogHandler() })
        configuration.maximumGracefulShutdownDuration = StopLimit.drain
        if let store = store as? PostgresStore {
            if try await store.server().synchronousStandbys.isEmpty {
                logger.notice("no commit waits for a standby: what is acknowledged is lost with the database server")
            }
            logger.info("the library is in PostgreSQL", metadata: ["database": "\(store.place)"])
        }
        logger.info(
            "starting",
            metadata: [
                "version": "\(Libraryd.version)", "data": "\(settings.data)",
                "schema": .stringConvertible(store.schema), "pid": .stringConvertible(Int(getpid())),
            ])
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let failure as Server.ListenFailure {
            throw Self.error(failure)
        }
        if let socket { unlink(socket) }
        logger.info("stopped")
    }

    /// Throws if another process listens on the socket, which must not be taken from it.
    private static func refuseLiveSocket(_ path: String) throws {
        do {
            try UnixSocket.requireName(path)
        } catch let error as CommandError where error.exit == .conflict {
            throw CommandError(.usage, error.reason, hint: "name another --socket, or move the file away")
        }
        guard path.utf8.count <= UnixSocket.longestPath else {
            throw CommandError(
                .usage,
                "\(path) has \(path.utf8.count) bytes, and the path of a socket may have "
                    + "\(UnixSocket.longestPath)", hint: "name a shorter --socket")
        }
        guard let connection = try UnixSocket.connect(to: path) else { return }
        close(connection)
        throw CommandError(
            .unavailable, "\(path): another process listens there", hint: "choose another --socket, or use --listen")
    }

    private static func error(_ failure: Server.ListenFailure) -> CommandError {
        let code = (failure.reason as? IOError)?.errnoCode
        let unknown = failure.reason as? SocketAddressError.UnknownHost
        let reason = code.map { String(cString: strerror($0)) } ?? unknown?.errorDescription ?? "\(failure.reason)"
        let (address, hint) =
            switch failure.address {
            case .tcp(let host, let port) where code == EADDRINUSE:
                ("\(Listen(host: host, port: port))", "choose another address with --listen; port 0 picks a free one")
            case .tcp(let host, let port): ("\(Listen(host: host, port: port))", "choose another address with --listen")
            case .unix(let path): (path, "choose another path with --socket")
            case .inherited(let descriptor): ("descriptor \(descriptor)", "see the socket unit")
            }
        return CommandError(.unavailable, "cannot listen on \(address): \(reason)", hint: hint)
    }

    private static func announce(_ address: Server.Address, _ bound: SocketAddress?, isTLS: Bool) {
        let text: String
        switch bound {
        case .unixDomainSocket?:
            if case .unix(let path) = address { chmod(path, 0o600) }
            text = "unix:\(bound?.pathname ?? "")"
        default:
            let host = if case .tcp(let host, _) = address { host } else { bound?.ipAddress ?? "" }
            text = "\(isTLS ? "https" : "http")://\(Listen(host: host, port: bound?.port ?? 0))"
        }
        let line = Array("libraryd: listening on \(text)\n".utf8)
        _ = write(STDOUT_FILENO, line, line.count)
    }
}

extension Settings {
    /// Opens the library, and creates it if it is missing.
    fileprivate func openLibrary(in folder: borrowing DataFolder) async throws -> any Store {
        if let database { return try await openLibrary(in: database, creates: true) }
        try folder.requireLibraryNotLost()
        return try SQLiteStore(path: folder.databasePath, history: history)
    }

    fileprivate func addresses(_ inherited: [Int32], _ bound: [Listen], _ socket: String?) -> [Server.Address] {
        var addresses = inherited.map { Server.Address.inherited(descriptor: $0) }
        // A socket unit may have the address of the settings.
        if let listen, !bound.contains(listen) {
            addresses.append(.tcp(host: listen.host, port: listen.port))
        }
        if let socket { addresses.append(.unix(path: socket)) }
        return addresses
    }
}
