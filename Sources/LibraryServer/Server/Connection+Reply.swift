import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Shared

/// How a connection sends replies.
extension Connection {
    /// Sends a whole reply to the current request.
    func answer(_ reply: Reply, isLate: Bool = false) {
        guard case .request(let request) = state else { return }
        let connection = connectionField(request, isClosing: false)
        // Takes the memory of the reply before, unless that one waits to be sent.
        output.clear(minimumCapacity: 768 + reply.body.readableBytes)
        ReplyHead.write(reply, connection: connection, date: responder.date.text, to: &output)
        if request.method != .HEAD { output.writeImmutableBuffer(reply.body) }
        write(output)
        if output.capacity > Self.keptOutput { output = ByteBuffer() }
        complete(request)
        if isLate { flush() }
    }

    /// Limit of the memory that a connection keeps for its next reply, in bytes.
    private static let keptOutput = 16 * 1024

    /// Begins a reply of the router.
    func begin(_ response: Response, isHead: Bool) {
        guard case .request(let request) = state else { return }
        var fields = response.headers
        let mayHaveBody = !isHead && response.status != .noContent && response.status != .notModified
        request.isBodySent = mayHaveBody
        if response.status == .noContent || response.status == .notModified { fields[.contentLength] = nil }
        // The reply to HEAD has no body, so Hummingbird takes 0 for the length of a stream.
        if isHead, fields[.contentLength] == "0" { fields[.contentLength] = nil }
        if mayHaveBody, fields[.contentLength] == nil {
            if request.version == .http1_0 {
                request.closes = true
            } else {
                request.isReplyChunked = true
                fields[.transferEncoding] = "chunked"
            }
        }
        request.isEventStream = fields[.contentType] == EventRoutes.mediaType
        let connection = connectionField(request, isClosing: fields[.connection] == "close")
        fields[.connection] = nil
        var bytes = ByteBuffer()
        ReplyHead.write(response.status, fields, connection: connection, date: responder.date.text, to: &bytes)
        write(bytes)
        if request.isEventStream, isInputClosed { abort() }
    }

    /// Sends a piece of the body of a reply that was begun.
    func send(_ piece: ByteBuffer, _ promise: EventLoopPromise<Void>) {
        guard case .request(let request) = state, context != nil else {
            return promise.fail(ChannelError.ioOnClosedChannel)
        }
        guard request.isBodySent, piece.readableBytes > 0 else { return promise.succeed() }
        writeFramed(piece, request, promise)
        flush()
    }

    /// Sends the last piece, if there is one more, and ends the reply.
    func finish(_ piece: ByteBuffer?) {
        guard case .request(let request) = state else { return }
        if request.isBodySent {
            if let piece, piece.readableBytes > 0 { writeFramed(piece, request) }
            if request.isReplyChunked { write(ByteBuffer(string: "0\r\n\r\n")) }
        }
        complete(request)
        flush()
    }

    /// - Parameter promise: fulfilled once the operating system has taken the piece.
    private func writeFramed(_ piece: ByteBuffer, _ request: CurrentRequest, _ promise: EventLoopPromise<Void>? = nil) {
        guard request.isReplyChunked else { return write(piece, promise) }
        write(ByteBuffer(string: String(piece.readableBytes, radix: 16) + "\r\n"))
        write(piece)
        write(ByteBuffer(string: "\r\n"), promise)
    }

    func refuse(_ failure: Failure) {
        guard case .request(let request) = state else {
            enter(.request(CurrentRequest(HTTPRequestHead(version: .http1_1, method: .GET, uri: "/"))))
            return refuse(failure)
        }
        request.closes = true
        request.handler = nil
        answer(responder.refusal(failure, request, from: context?.remoteAddress))
        flush()
    }

    private func connectionField(_ request: CurrentRequest, isClosing: Bool) -> String? {
        if isClosing || isStopping || isInputClosed || !request.isWhole { request.closes = true }
        if request.closes { return "close" }
        return request.version == .http1_0 ? "keep-alive" : nil
    }

    private func complete(_ request: CurrentRequest) {
        hasServed = true
        if request.closes { return endOutput() }
        enter(.idle)
        flow?.resume()
    }

    /// Ends the connection once the client has taken all replies.
    func endOutput() {
        enter(.lingering)
        let promise = loop.makePromise(of: Void.self)
        promise.futureResult.whenComplete { _ in self.closeOutput() }
        write(ByteBuffer(), promise)
        flush()
        flow?.resume()
    }

    private func closeOutput() {
        guard case .lingering = state else { return }
        isOutputClosed = true
        context?.close(mode: isInputClosed ? .all : .output, promise: nil)
    }

    func write(_ bytes: ByteBuffer, _ promise: EventLoopPromise<Void>? = nil) {
        guard let context else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        backlog.written += bytes.readableBytes
        needsFlush = true
        context.write(wrapOutboundOut(bytes), promise: promise)
    }

    func flush() {
        guard needsFlush else { return }
        needsFlush = false
        context?.flush()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { flow?.resume() }
    }
}
