import Foundation
import Glibc
import LibraryStore
import Logging
import ServiceLifecycle
package import Shared

/// `operator.sock`: one JSON request, one JSON answer, for processes of the same user only.
///
/// Operators do not wait for each other, and each hears every few seconds that its work goes on. When the daemon stops,
/// work that is not done by the end of the drain is given up.
package struct OperatorSocket: Service {
    private let path: String
    private let app: App

    /// Time for a request to arrive, and for each piece of an answer to be taken.
    private let patience: Duration
    /// While the work goes on, a space goes out before the answer, which JSON allows (RFC 8259, section 2).
    private static let signOfLife = (byte: UInt8(ascii: " "), pause: Duration.seconds(5))

    package init(path: String, app: App, patience: Duration = .seconds(5)) {
        self.path = path
        self.app = app
        self.patience = patience
    }

    package func run() async throws {
        let listener = try UnixSocket.listen(at: path)
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
        guard UnixSocket.peer(of: connection) == geteuid() else { return }
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
            answer = CommandError(error, library: app.store.path).json
        }
        signs.cancel()
        _ = await signs.result
        try? await UnixSocket.send(answer, to: connection, patience: patience)
    }

    /// Asks the daemon that has the folder, and waits as long as it works: its end closes the connection.
    /// - Parameter patience: seconds without a sign of life.
    /// - Returns: `nil` if none listens there.
    package static func ask<Answer: JSONReadable>(
        _ command: OperatorCommand<Answer>, at path: String, patience: Int = 30
    ) throws -> Answer? {
        guard let connection = try UnixSocket.connect(to: path, patience: patience) else { return nil }
        defer { close(connection) }
        try UnixSocket.write(command.request.json, to: connection)
        shutdown(connection, Int32(SHUT_WR))
        // The report of an import has a line for each row.
        let answer = try UnixSocket.read(connection, limit: 1 << 30)
        if let error = try? CommandError(json: answer, unknownMembers: .ignored) { throw error }
        guard let answer = try? Answer(json: answer, unknownMembers: .ignored) else {
            throw CommandError(.failure, "\(path): the daemon ended, or is of another version")
        }
        return answer
    }
}
