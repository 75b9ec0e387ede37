import Foundation
import Synchronization

/// Listens on a free port of this machine and sends the same answer, or none, on each connection.
public final class FakeServer: Sendable {
    private let listener: Listener
    public let port: UInt16
    private let state = Mutex(State())

    private struct State {
        var requests: [String] = []
        /// Connections without an answer. They stay open until the server is released.
        var silent: [Int32] = []
    }

    /// - Parameter answer: `nil` to read requests and never answer.
    public convenience init(answer: String?) throws {
        try self.init { server, connection in server.serve(connection, answer) }
    }

    /// Answers the first requests of each connection, and ends it once it has read another one.
    public convenience init(replies: [String]) throws {
        try self.init { server, connection in server.serve(connection, replies) }
    }

    private init(_ serve: @escaping @Sendable (FakeServer, Int32) -> Void) throws {
        (listener, port) = try LoopbackSocket.listen(backlog: 16)
        Thread.detachNewThread { [weak self, listener] in
            while let connection = listener.accept() {
                guard let self else {
                    close(connection)
                    return
                }
                serve(self, connection)
            }
        }
    }

    deinit {
        listener.shutDown()
        for connection in state.withLock({ $0.silent }) { close(connection) }
    }

    /// An HTTP answer with the header fields that a body needs.
    public static func http(_ status: String, type: String = "application/json", headers: String = "", _ body: String)
        -> String
    {
        "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n"
            + headers + "\r\n" + body
    }

    /// An error answer as the daemon writes it.
    public static func problem(_ status: Int, _ code: String, headers: String = "") -> String {
        let body = """
            {"type":"about:blank","title":"T","status":\(status),"detail":"It is so.","code":"\(code)","message":"M",\
            "request_id":"R"}
            """
        return http("\(status) T", type: "application/problem+json", headers: headers, body)
    }

    public var address: String { "http://127.0.0.1:\(port)" }
    /// Head and body of each request, as received.
    public var requests: [String] { state.withLock { $0.requests } }

    /// Reads a request as far as it comes.
    private func read(_ connection: Int32) {
        var request: [UInt8] = []
        while !Self.isWhole(request) {
            let bytes = LoopbackSocket.receive(connection)
            if bytes.isEmpty { break }
            request += bytes
        }
        let text = String(decoding: request, as: UTF8.self)
        state.withLock { $0.requests.append(text) }
    }

    private func serve(_ connection: Int32, _ replies: [String]) {
        for reply in replies {
            read(connection)
            _ = send(connection, reply, reply.utf8.count, Int32(MSG_NOSIGNAL))
        }
        read(connection)
        close(connection)
    }

    private func serve(_ connection: Int32, _ answer: String?) {
        read(connection)
        guard let answer else { return state.withLock { $0.silent.append(connection) } }
        _ = send(connection, answer, answer.utf8.count, Int32(MSG_NOSIGNAL))
        shutdown(connection, Int32(SHUT_WR))
        // A close with unread input sends a reset, by which the client may lose the answer (RFC 9112, section 9.6).
        while !LoopbackSocket.receive(connection).isEmpty {}
        close(connection)
    }

    private static func isWhole(_ request: [UInt8]) -> Bool {
        let text = String(decoding: request, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return false }
        let line = text[..<end.lowerBound].split(separator: "\r\n").first {
            $0.lowercased().hasPrefix("content-length:")
        }
        let length = line.flatMap { Int($0.dropFirst("content-length:".count).drop { $0 == " " }) } ?? 0
        return text[end.upperBound...].utf8.count >= length
    }
}
