import HTTPTypes
import Hummingbird
import LibraryStore
import Logging
import NIOCore
import NIOHTTP1
import Shared
import Synchronization

/// One client's connection: takes one request after the other, has each answered by the hot lane or the router, and
/// ends with whoever takes too long. All of its state belongs to its event loop, but for ``idleSince``.
final class Connection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    /// What comes next from the client.
    enum Incoming {
        case head(isBegun: Bool)
        case content(length: Int)
        case chunks
        /// Whatever comes is thrown away.
        case nothing
    }

    private enum State {
        /// Between two requests.
        case idle
        case head
        case request(CurrentRequest)
        /// All is answered. The client gets time to read it: a connection that is closed while bytes are unread may
        /// lose the reply (RFC 9112, section 9.6).
        case lingering
        case closed
    }

    private let responder: Responder
    private let limits: ConnectionLimits
    let loop: any EventLoop
    /// Set while the connection is in its pipeline, because each refers to the other.
    private var flow: InboundFlow?
    private var context: ChannelHandlerContext?
    private var state = State.idle
    private var stopwatch: Stopwatch
    private var backlog: Backlog
    private var looks: RepeatedTask?
    private var needsFlush = false
    private var isInputClosed = false
    private var isStopping = false
    private var hasServed = false
    /// Why the connection is answered before it has asked.
    private var refusal: Failure?
    /// When it became idle, in nanoseconds of the event loop's clock; 0 while it is not.
    private let idle: Atomic<UInt64>
    /// Set by ``Connections``, whose lock guards it.
    nonisolated(unsafe) var countedAddress: String?

    init(_ responder: Responder, _ limits: ConnectionLimits, loop: any EventLoop) {
        self.responder = responder
        self.limits = limits
        self.loop = loop
        stopwatch = Stopwatch(loop.now)
        idle = Atomic(max(1, loop.now.uptimeNanoseconds))
        backlog = Backlog(loop.now)
    }

    /// When the connection became idle; `nil` while there is a request. May be asked on any thread.
    var idleSince: UInt64? {
        let since = idle.load(ordering: .relaxed)
        return since == 0 ? nil : since
    }

    // MARK: Bytes

    var incoming: Incoming {
        switch state {
        case .idle: .head(isBegun: false)
        case .head: .head(isBegun: true)
        case .request(let request): request.isChunked ? .chunks : .content(length: max(1, request.missing))
        case .lingering, .closed: .nothing
        }
    }

    /// Whether the decoder may get more bytes.
    var takesBytes: Bool {
        switch state {
        case .idle, .head: context?.channel.isWritable ?? false
        case .request(let request): request.takesBytes
        case .lingering, .closed: true
        }
    }

    func receivesHead() {
        guard case .idle = state else { return }
        enter(.head)
    }

    func resume() { flow?.resume() }

    /// The handler in front of the decoder.
    func makeFlow() -> InboundFlow {
        let flow = InboundFlow(self)
        self.flow = flow
        return flow
    }

    private func enter(_ next: State) {
        state = next
        stopwatch.restart(loop.now)
        switch next {
        case .idle, .lingering: idle.store(max(1, loop.now.uptimeNanoseconds), ordering: .relaxed)
        default: idle.store(0, ordering: .relaxed)
        }
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (.head(let head), .head): begin(head)
        case (.body(let bytes), .request(let request)):
            request.received += bytes.readableBytes
            receive(bytes, request)
        case (.end, .request(let request)):
            request.isWhole = true
            end(request)
        case (_, .lingering), (_, .closed): break
        // The decoder and ``InboundFlow`` have found different ends of a request.
        default: abort()
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        let request = CurrentRequest(head)
        enter(.request(request))
        do {
            try RequestCheck.check(head, lineLength: flow?.head.lineLength ?? 0)
        } catch {
            return refuse(error)
        }
        if let hot = responder.lane.request(head, hasBody: request.hasBody) {
            request.handler = .hot(hot)
        } else {
            route(request)
        }
    }

    private func route(_ request: CurrentRequest) {
        guard let channel = context?.channel else { return }
        let routed = RoutedRequest(self, loop)
        request.handler = .routed(routed)
        let (responder, head, hasBody) = (responder, request.head, request.hasBody)
        Task { await routed.perform(head, hasBody: hasBody, responder.context(channel), responder.respond) }
    }

    private func receive(_ bytes: ByteBuffer, _ request: CurrentRequest) {
        switch request.handler {
        case .routed(let routed): routed.receive(bytes)
        case .hot(.create(let create)): create.body.append(contentsOf: bytes.readableBytesView)
        case .hot(.answered), nil: break
        }
    }

    private func end(_ request: CurrentRequest) {
        switch request.handler {
        case .routed(let routed): routed.end()
        case .hot(.answered(let reply)): answer(reply)
        case .hot(.create(let create)):
            let loop = loop
            create.perform { reply in
                if loop.inEventLoop { self.answer(reply) } else { loop.execute { self.answer(reply, isLate: true) } }
            }
        case nil: break
        }
    }

    /// A client that waits before it sends its body is told to send it (RFC 9110, section 10.1.1).
    func wantsBody() {
        guard case .request(let request) = state, request.expectsContinue, request.received == 0 else { return }
        request.expectsContinue = false
        write(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n"))
        flush()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch (error as? HTTPParserError, state) {
        case (let error?, .head):
            refuse(Failure(error, in: flow?.headBytes ?? ByteBuffer(), lineLength: flow?.head.lineLength ?? 0))
        case (.some, .request): breakBody()
        case (.some, .idle), (.some, .lingering), (.some, .closed): break
        case (nil, _): context.close(promise: nil)
        }
    }

    /// Gives up a body that is framed wrongly.
    func breakBody() {
        guard case .request(let request) = state, !request.isWhole else { return }
        request.isBroken = true
        if case .routed(let routed) = request.handler { routed.fail(.brokenBody) } else { refuse(.brokenBody) }
    }

    // MARK: Replies

    /// Sends a whole reply to the current request.
    private func answer(_ reply: HotReply, isLate: Bool = false) {
        guard case .request(let request) = state else { return }
        let connection = connectionField(request, isClosing: false)
        var bytes = context?.channel.allocator.buffer(capacity: 512 + reply.body.readableBytes) ?? ByteBuffer()
        ReplyHead.write(reply.status, reply.fields, connection: connection, date: responder.date.text, to: &bytes)
        bytes.writeImmutableBuffer(reply.body)
        write(bytes)
        complete(request)
        if isLate { flush() }
    }

    /// Begins a reply of the router.
    func begin(_ response: Response, isHead: Bool) {
        guard case .request(let request) = state else { return }
        var fields = response.headers
        let mayHaveBody = !isHead && response.status != .noContent && response.status != .notModified
        request.isBodySent = mayHaveBody
        if response.status == .noContent || response.status == .notModified { fields[.contentLength] = nil }
        if mayHaveBody, fields[.contentLength] == nil {
            if request.head.version == .http1_0 {
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

    private func refuse(_ failure: Failure) {
        guard case .request(let request) = state else {
            enter(.request(CurrentRequest(HTTPRequestHead(version: .http1_1, method: .GET, uri: "/"))))
            return refuse(failure)
        }
        request.closes = true
        request.handler = nil
        answer(responder.refusal(failure, method: request.head.method.rawValue))
        flush()
    }

    private func connectionField(_ request: CurrentRequest, isClosing: Bool) -> String? {
        if isClosing || isStopping || isInputClosed || !request.isWhole { request.closes = true }
        if request.closes { return "close" }
        return request.head.version == .http1_0 ? "keep-alive" : nil
    }

    private func complete(_ request: CurrentRequest) {
        hasServed = true
        if request.closes { return endOutput() }
        enter(.idle)
        flow?.resume()
    }

    private func endOutput() {
        enter(.lingering)
        flush()
        context?.close(mode: .output, promise: nil)
        if isInputClosed { close() }
        flow?.resume()
    }

    // MARK: Writing

    private func write(_ bytes: ByteBuffer, _ promise: EventLoopPromise<Void>? = nil) {
        guard let context else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        backlog.written += bytes.readableBytes
        needsFlush = true
        context.write(wrapOutboundOut(bytes), promise: promise)
    }

    private func flush() {
        guard needsFlush else { return }
        needsFlush = false
        context?.flush()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        flush()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { flow?.resume() }
    }

    // MARK: Life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        looks = loop.scheduleRepeatedTask(initialDelay: limits.look, delay: limits.look) { [weak self] _ in self?.look()
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        flow = nil
    }

    /// Answers the connection with a failure once it is open.
    func refuse(onceOpen failure: Failure) { refusal = failure }

    func channelActive(context: ChannelHandlerContext) {
        if let refusal { refuse(refusal) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        looks?.cancel()
        if case .request(let request) = state, case .routed(let routed) = request.handler { routed.fail(.brokenBody) }
        enter(.closed)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return }
        isInputClosed = true
        switch state {
        case .idle, .head, .lingering: close()
        // A client may close its half once it has asked. But whoever listens to events has nothing more to say, and
        // would otherwise be missed at the next write only.
        case .request(let request) where request.isEventStream: close()
        case .request, .closed: break
        }
    }

    private func close() {
        flush()
        context?.close(promise: nil)
    }

    /// Breaks a reply off.
    func abort() {
        context?.close(promise: nil)
    }

    /// Closes the connection unless it has a request. Its place has been given away.
    func closeIfIdle() {
        if idleSince != nil { abort() }
    }

    /// Closes the connection once it has answered what it has begun with. A client that has sent nothing yet may be
    /// about to.
    func stop() {
        isStopping = true
        switch state {
        case .idle where hasServed: endOutput()
        case .request(let request) where request.isEventStream:
            // The client may read nothing any more.
            loop.scheduleTask(in: limits.firstRequest) { self.abort() }
        default: break
        }
    }

    private func look() {
        let now = loop.now
        let unsent = (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        guard !backlog.isTooSlow(unsent: unsent, limits, at: now) else { return abort() }
        switch state {
        case .idle where isStopping && stopwatch.hasPassed(limits.firstRequest, at: now),
            .idle where stopwatch.hasPassed(limits.idle, at: now):
            close()
        case .head where stopwatch.hasPassed(limits.head, at: now): refuse(Failure(.requestTimeout))
        case .lingering where stopwatch.hasPassed(refusal == nil ? limits.lingering : limits.firstRequest, at: now):
            abort()
        case .request(let request): look(at: request)
        default: break
        }
    }

    private func look(at request: CurrentRequest) {
        guard !request.isWhole, request.isWaitingForBody else { return }
        request.waited = request.waited + limits.look
        let longest =
            request.isBulk ? limits.body + .seconds(Int64(request.received / limits.slowestBody)) : limits.body
        guard request.waited > longest else { return }
        let failure = Failure(.requestTimeout, headers: [.connection: "close"])
        if case .routed(let routed) = request.handler { routed.fail(failure) } else { refuse(failure) }
    }
}

/// The request that a connection is about.
final class CurrentRequest {
    enum Handler {
        case hot(HotLane.Request)
        case routed(RoutedRequest)
    }

    let head: HTTPRequestHead
    var handler: Handler?
    /// The bytes of the body that have come.
    var received = 0
    /// Whether the whole request has come.
    var isWhole = false
    var isBroken = false
    let isChunked: Bool
    private let length: Int
    var expectsContinue: Bool
    /// Whether the connection ends with the reply.
    var closes: Bool
    var isReplyChunked = false
    var isBodySent = false
    var isEventStream = false
    /// How long the daemon has waited for the body.
    var waited = TimeAmount.zero

    init(_ head: HTTPRequestHead) {
        self.head = head
        length = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
        isChunked = head.headers.contains(name: "transfer-encoding")
        expectsContinue = head.version == .http1_1 && head.headers.first(name: "expect")?.lowercased() == "100-continue"
        // NIO's decoder reads nothing after a request that offers another protocol.
        closes = !head.isKeepAlive || head.headers.contains(name: "upgrade")
    }

    var hasBody: Bool { isChunked || length > 0 }
    /// Bytes that are announced and have not come.
    var missing: Int { length - received }
    /// Whether the body may be a file, which takes its time.
    var isBulk: Bool { isChunked || length > Request.maximumBody }

    var takesBytes: Bool {
        switch handler {
        case .routed(let routed): !isWhole && !isBroken && routed.takesBytes
        case .hot: !isWhole && !isBroken
        case nil: false
        }
    }

    var isWaitingForBody: Bool {
        if case .routed(let routed) = handler { return routed.isWaiting }
        return true
    }
}

/// What has been written and not been taken by the client.
struct Backlog {
    /// All bytes that were written.
    var written = 0
    private var start: NIODeadline
    private var taken = 0

    init(_ now: NIODeadline) {
        start = now
    }

    /// Whether the client takes a reply too slowly.
    /// - Parameter unsent: bytes that the operating system has not accepted yet.
    mutating func isTooSlow(unsent: Int, _ limits: ConnectionLimits, at now: NIODeadline) -> Bool {
        guard unsent > 0 else {
            (start, taken) = (now, written)
            return false
        }
        let waited = now - start
        guard waited > limits.reply else { return false }
        return written - unsent - taken < Int(waited.nanoseconds / 1_000_000_000) * limits.slowestBody
    }
}
