import Foundation
import Glibc
import Logging
import ServiceLifecycle
import Shared

/// `operator.sock`: one JSON request, one JSON answer, for processes of the same user only.
///
/// Blocking calls on a thread of their own: one operator at a time is all there ever is.
struct OperatorSocket: Service {
    let path: String
    let app: App

    func run() async throws {
        let listener = try UnixSocket.listen(at: path)
        let app = app
        let connections = AsyncStream<Int32> { continuation in
            Thread.detachNewThread {
                while let connection = UnixSocket.accept(listener) { continuation.yield(connection) }
                continuation.finish()
            }
        }
        await withGracefulShutdownHandler {
            for await connection in connections {
                await serve(connection, app)
                close(connection)
            }
        } onGracefulShutdown: {
            shutdown(listener, Int32(SHUT_RDWR))
        }
        close(listener)
        unlink(path)
    }

    private func serve(_ connection: Int32, _ app: App) async {
        guard UnixSocket.peer(of: connection) == geteuid() else { return }
        UnixSocket.setTimeout(connection, seconds: 5)
        let answer: [UInt8]
        do {
            let request = try OperatorRequest(json: try UnixSocket.read(connection), unknownMembers: .rejected)
            answer = try await app.perform(request).json
        } catch {
            answer = StartupError(error).json
        }
        try? UnixSocket.write(answer, to: connection)
    }

    /// Asks the daemon that has the folder, and waits as long as it works: its end closes the connection.
    /// - Returns: `nil` if none listens there.
    static func ask<Answer: JSONReadable>(_ request: OperatorRequest, at path: String) throws -> Answer? {
        guard let connection = try UnixSocket.connect(to: path) else { return nil }
        defer { close(connection) }
        try UnixSocket.write(request.json, to: connection)
        shutdown(connection, Int32(SHUT_WR))
        // The report of an import has a line for each row.
        let answer = try UnixSocket.read(connection, limit: 1 << 30)
        if let error = try? StartupError(json: answer, unknownMembers: .ignored) { throw error }
        guard let answer = try? Answer(json: answer, unknownMembers: .ignored) else {
            throw StartupError(.failure, "\(path): the daemon ended, or is of another version")
        }
        return answer
    }
}
