import ArgumentParser
import Foundation
import Glibc
import Hummingbird
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
            Creates what is missing: the data folder, the database and the key. Nothing needs configuring. Settings come
            from flags, else from LIBRARYD_* variables, else from the file that --config names.
            """)

    @OptionGroup var flags: Flags

    func run() async throws {
        try await Exit.reporting {
            let settings = try await Settings(flags: flags, environment: ProcessInfo.processInfo.environment)
            let folder = try DataFolder(path: settings.data)
            do {
                try await serve(settings, folder)
            } catch {
                throw CommandError(error, library: folder.databasePath)
            }
        }
    }

    private func serve(_ settings: Settings, _ folder: borrowing DataFolder) async throws {
        let logger = Logger(label: "libraryd") { _ in
            LineLogHandler(level: settings.logLevel, format: settings.logFormat)
        }
        try UnixSocket.requireName(folder.operatorSocketPath)
        try folder.requireLibraryNotLost()
        let store = try Store(path: folder.databasePath)
        defer { store.close() }
        let app = try await App(
            store: store, keys: folder.keys, tokenLifetime: settings.tokenLifetime,
            refreshLifetime: settings.refreshLifetime, passwords: Passwords(), behindProxy: settings.behindProxy,
            logger: logger)

        var services: [any Service] = [OperatorSocket(path: folder.operatorSocketPath, app: app)]
        if let listen = settings.listen {
            services.append(
                app.server(on: .hostname(listen.host, port: listen.port)) { channel in
                    let port = channel.localAddress?.port ?? listen.port
                    Self.announce("http://\(Listen(host: listen.host, port: port))")
                })
        }
        if let socket = settings.socket {
            try Self.refuseLiveSocket(socket)
            services.append(
                app.server(on: .unixDomainSocket(path: socket)) { _ in
                    chmod(socket, 0o600)
                    Self.announce("unix:\(socket)")
                })
        }
        // Added last: services are stopped one after the other from the last, so its time counts from the signal.
        services.append(StopLimit(logger: logger))
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint],
            logger: Logger(label: "services") { _ in SwiftLogNoOpLogHandler() })
        configuration.maximumGracefulShutdownDuration = StopLimit.drain
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let error as IOError {
            let addresses = [settings.listen?.description, settings.socket].compactMap { $0 }.joined(separator: " or ")
            throw CommandError(
                .unavailable, "cannot listen on \(addresses): \(String(cString: strerror(error.errnoCode)))",
                hint: "choose another address with --listen; port 0 picks a free one")
        }
        if let socket = settings.socket { unlink(socket) }
        logger.info("stopped")
    }

    /// Throws if another process listens on the socket, which must not be taken from it.
    private static func refuseLiveSocket(_ path: String) throws {
        try UnixSocket.requireName(path)
        guard let connection = try UnixSocket.connect(to: path) else { return }
        close(connection)
        throw CommandError(
            .unavailable, "\(path): another process listens there", hint: "choose another --socket, or use --listen")
    }

    private static func announce(_ address: String) {
        let line = Array("libraryd: listening on \(address)\n".utf8)
        _ = write(STDOUT_FILENO, line, line.count)
    }
}

/// Ends the process if the stop takes too long, because something cannot be cancelled, such as a write to a disk that
/// does not respond. All acknowledged writes are on the disk.
private struct StopLimit: Service {
    /// The time in which requests can finish; then they are cancelled.
    static let drain = Duration.seconds(10)
    /// Seconds from the signal to the end of the process.
    private static let longest = 14.0

    let logger: Logger

    func run() async throws {
        try? await gracefulShutdown()
        Thread.detachNewThread { [logger] in
            Thread.sleep(forTimeInterval: Self.longest)
            logger.critical("the stop took too long; what was under way is given up")
            _exit(ExitStatus.temporaryFailure.rawValue)
        }
    }
}
