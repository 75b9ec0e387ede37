import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import Shared

/// A request on its way through the router: its body as a sequence, and its reply. All of its state belongs to the
/// event loop of its connection.
final class RoutedRequest: @unchecked Sendable {
    /// In bytes: no more of a body is read ahead.
    private static let mostContent = 64 * 1024

    private let connection: Connection
    private let loop: any EventLoop
    private var content = ByteBuffer()
    private var isEnded = false
    private var fault: Failure?
    private var demand: CheckedContinuation<ByteBuffer?, any Error>?

    init(_ connection: Connection, _ loop: any EventLoop) {
        self.connection = connection
        self.loop = loop
    }

    // MARK: On the event loop

    var takesBytes: Bool { content.readableBytes < Self.mostContent }
    /// Whether the route waits for the client.
    var isWaiting: Bool { demand != nil }

    func receive(_ bytes: ByteBuffer) {
        if let demand {
            self.demand = nil
            return demand.resume(returning: bytes)
        }
        var bytes = bytes
        if content.readableBytes == 0 { content = bytes } else { content.writeBuffer(&bytes) }
    }

    func end() {
        isEnded = true
        demand?.resume(returning: nil)
        demand = nil
    }

    /// The rest of the body does not come.
    func fail(_ failure: Failure) {
        fault = failure
        demand?.resume(throwing: failure)
        demand = nil
    }

    private func take(_ continuation: CheckedContinuation<ByteBuffer?, any Error>) {
        if content.readableBytes > 0 {
            let bytes = content
            content = ByteBuffer()
            continuation.resume(returning: bytes)
        } else if isEnded {
            continuation.resume(returning: nil)
        } else if let fault {
            continuation.resume(throwing: fault)
        } else {
            demand = continuation
            connection.wantsBody()
        }
        connection.resume()
    }

    // MARK: On any thread

    /// The next bytes of the body; `nil` at its end.
    /// - Throws: ``Failure`` if the body breaks off, is framed wrongly, or takes too long.
    fileprivate func next() async throws -> ByteBuffer? {
        try await withCheckedThrowingContinuation { continuation in
            loop.execute { self.take(continuation) }
        }
    }

    /// Performs the request and sends its reply.
    func perform(
        _ head: HTTPRequestHead, hasBody: Bool, _ context: GuestContext,
        _ respond: @Sendable (Request, GuestContext) async throws -> Response
    ) async {
        do {
            let body = hasBody ? RequestBody(asyncSequence: Body(request: self)) : RequestBody(buffer: ByteBuffer())
            let head = try HTTPRequest(head, secure: false, splitCookie: false)
            let response = try await respond(Request(head: head, body: body), context)
            try await response.body.write(ReplyWriter(connection, loop, response, isHead: head.method == .head))
        } catch {
            // The reply cannot be completed any more: only the end of the connection tells the client.
            loop.execute { self.connection.abort() }
        }
    }

    private struct Body: AsyncSequence, Sendable {
        let request: RoutedRequest

        struct AsyncIterator: AsyncIteratorProtocol {
            let request: RoutedRequest

            func next() async throws -> ByteBuffer? { try await request.next() }
        }

        func makeAsyncIterator() -> AsyncIterator { AsyncIterator(request: request) }
    }
}

/// Sends a reply of the router: at once if its body is known as a whole, else piece by piece, each when the one before
/// it has been taken.
private struct ReplyWriter: ResponseBodyWriter {
    private let connection: Connection
    private let loop: any EventLoop
    private let response: Response
    private let isHead: Bool
    private var whole: ByteBuffer?
    private var hasBegun = false

    init(_ connection: Connection, _ loop: any EventLoop, _ response: Response, isHead: Bool) {
        self.connection = connection
        self.loop = loop
        self.response = response
        self.isHead = isHead
    }

    mutating func write(_ buffer: ByteBuffer) async throws {
        if !hasBegun, whole == nil, response.body.contentLength == buffer.readableBytes {
            whole = buffer
            return
        }
        try await send(buffer)
    }

    private mutating func send(_ buffer: ByteBuffer) async throws {
        let (connection, isFirst) = (connection, !hasBegun)
        let (response, isHead) = (response, isHead)
        hasBegun = true
        let promise = loop.makePromise(of: Void.self)
        loop.execute {
            if isFirst { connection.begin(response, isHead: isHead) }
            connection.send(buffer, promise)
        }
        try await promise.futureResult.get()
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        let (connection, response, isHead) = (connection, response, isHead)
        let (whole, isFirst) = (whole, !hasBegun)
        loop.execute {
            if isFirst { connection.begin(response, isHead: isHead) }
            connection.finish(whole)
        }
    }
}
