import Foundation
import Glibc
import LibraryStore
import Logging
import ServiceLifecycle
package import Shared

/// Serves `operator.sock`: one JSON request and one JSON reply per connection, only for processes of the same user.
///
/// Requests of several operators run concurrently. While a request runs, the daemon sends a space every five seconds,
/// so that the operator's timeout does not expire. When the daemon stops, unfinished work is canceled at the end of
/// the graceful shutdown.
package struct OperatorSocket: Service {
    private let path: String
    private let app: App
    private let onListening: @Sendable () -> Void

    /// Timeout for receiving the request, and for sending while the other side reads nothing.
    private let patience: Duration
    /// Sent before the reply while the request runs. JSON allows white space before a value (RFC 8259, section 2).
    private static let signOfLife = (byte: UInt8(ascii: " "), pause: Duration.seconds(5))

    /// - Parameter onListening: called once operators can connect.
    package init(
        path: String, app: App, patience: Duration = .seconds(5), onListening: @escaping @Sendable () -> Void = {}
    ) {
        self.path = path
        self.app = app
        self.patience = patience
        self.onListening = onListening
    }

    package func run() async throws {
        let listener = try UnixSocket.listen(at: path)
        onListening()
        let app = app
        let connections = AsyncStream<Int32> { continuation in
            Thread.detachNewThread {
                while let connection = UnixSocket.accept(listener) { continuation.yield(connection) }
                continuation.finish()
            }
        }
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                for await connection in connections {
                    group.addTask {
                        await serve(connection, app)
                        close(connection)
                    }
                }
            }
        } onGracefulShutdown: {
            shutdown(listener, Int32(SHUT_RDWR))
        }
        close(listener)
        unlink(path)
    }

    private func serve(_ connection: Int32, _ app: App) async {
        guard ConnectionPlace.user(atOtherEndOf: connection) == geteuid() else {
            let refusal = CommandError(
                .noPermission, "the daemon runs as \(UserName.of(geteuid())) and answers only that user",
                hint: "run the command as that user")
            try? await UnixSocket.send(refusal.json, to: connection, patience: patience)
            return
        }
        let signs = Task { [patience] in
            while true {
                try await Task.sleep(for: Self.signOfLife.pause)
                try await UnixSocket.send([Self.signOfLife.byte], to: connection, patience: patience)
            }
        }
        let answer: [UInt8]
        do {
            let bytes = try await UnixSocket.receive(connection, by: .now + patience)
            answer = try await app.perform(OperatorRequest(json: bytes, unknownMembers: .rejected)).json
        } catch {
            answer = CommandError(error, library: app.store.place).json
        }
        signs.cancel()
        _ = await signs.result
        try? await UnixSocket.send(answer, to: connection, patience: patience)
    }

    /// Sends a request to the daemon and waits for the reply, as long as the daemon shows that it is alive.
    /// - Parameter limit: seconds in which the reply must be there; `nil` to wait as long as the daemon lives.
    /// - Returns: `nil` if no daemon listens at that path.
    package static func ask<Answer: JSONReadable>(
        _ command: OperatorCommand<Answer>, at path: String, within limit: Int? = nil
    ) throws -> Answer? {
        let deadline = limit.map { ContinuousClock.now + .seconds($0) }
        // The timeout of each read and write, too.
        guard let connection = try UnixSocket.connect(to: path, patience: limit ?? 30) else { return nil }
        defer { close(connection) }
        try UnixSocket.write(command.request.json, to: connection)
        shutdown(connection, Int32(SHUT_WR))
        // Large, because the report of an import has a line for each row.
        let answer = try UnixSocket.read(connection, limit: 1 << 30, by: deadline)
        if let error = try? CommandError(json: answer, unknownMembers: .ignored) { throw error }
        guard let answer = try? Answer(json: answer, unknownMembers: .ignored) else {
            throw CommandError(.failure, "\(path): the daemon ended, or is of another version")
        }
        return answer
    }
}
