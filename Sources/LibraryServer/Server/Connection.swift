import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Shared
import Synchronization

/// One client's connection: takes one request after the other, has each answered by the hot lane or the router, and
/// ends with whoever takes too long. All of its state belongs to its event loop, but for ``idleSince``.
final class Connection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    /// The next bytes of the client.
    enum Incoming {
        case head(isBegun: Bool)
        case content(length: Int)
        case chunks
        /// Bytes that are discarded.
        case nothing
    }

    enum State {
        /// Between two requests.
        case idle
        case head
        case request(CurrentRequest)
        /// All is answered. The client gets time to read it: a connection that is closed while bytes are unread may
        /// lose the reply (RFC 9112, section 9.6).
        case lingering
        case closed
    }

    let responder: Responder
    let limits: ConnectionLimits
    let loop: any EventLoop
    /// Set while the connection is in its pipeline, because each refers to the other.
    private(set) var flow: InboundFlow?
    private(set) var context: ChannelHandlerContext?
    private(set) var state = State.idle
    /// When the state was entered, or the last reply of an idle or ending connection was taken.
    var since: NIODeadline
    var backlog: Backlog
    private var looks: RepeatedTask?
    var needsFlush = false
    private(set) var isInputClosed = false
    var isOutputClosed = false
    var isStopping = false
    var hasServed = false
    /// How long the client may take to close the connection after the last reply.
    var lingering: TimeAmount
    private var caller: KnownCaller?
    /// The bytes of a reply that was whole.
    var output = ByteBuffer()
    /// Why the connection is answered before it has asked.
    private(set) var refusal: Failure?
    /// When it became idle, in nanoseconds of the event loop's clock; 0 while it is not.
    private let idle: Atomic<UInt64>
    /// Set by ``Connections``, whose lock guards it.
    nonisolated(unsafe) var countedAddress: String?

    init(_ responder: Responder, _ limits: ConnectionLimits, loop: any EventLoop) {
        self.responder = responder
        self.limits = limits
        self.loop = loop
        since = loop.now
        lingering = limits.lingering
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

    /// Whether an author is being added, whose request is here as a whole.
    var waitsForCommit: Bool {
        guard case .request(let request) = state else { return false }
        return request.isHot && request.isWhole
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

    /// Says whether the connection may be closed for another, and since when.
    func setIdle(since start: NIODeadline?) {
        idle.store(start.map { max(1, $0.uptimeNanoseconds) } ?? 0, ordering: .relaxed)
    }

    func enter(_ next: State) {
        state = next
        since = loop.now
        switch next {
        case .idle, .lingering: setIdle(since: since)
        default: setIdle(since: nil)
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
        route(request, head)
    }

    private func route(_ request: CurrentRequest, _ head: HTTPRequestHead) {
        guard let channel = context?.channel else { return }
        let routed = RoutedRequest(self, loop)
        request.handler = .routed(routed)
        let (responder, hasBody) = (responder, request.hasBody)
        Task { await routed.perform(head, hasBody: hasBody, responder.context(channel), responder.respond) }
    }

    /// A request that the hot lane answers, at the beginning of the bytes.
    /// - Returns: the length of its head as well; `nil` if the decoder has to read the bytes.
    func hotRequest(in bytes: UnsafeRawBufferPointer) -> (request: CurrentRequest, headLength: Int)? {
        guard case .idle = state, let head = HotHead(bytes),
            let hot = responder.lane.request(head, from: context?.remoteAddress, &caller)
        else { return nil }
        let request = CurrentRequest(head)
        request.handler = .hot(hot)
        return (request, head.length)
    }

    func begin(hot request: CurrentRequest) {
        enter(.request(request))
        if !request.hasBody { finish(hot: request) }
    }

    /// Takes bytes of a body.
    /// - Returns: `false` if they are for the decoder.
    func receive(hot bytes: ByteBuffer) -> Bool {
        guard case .request(let request) = state, request.isHot else { return false }
        request.received += bytes.readableBytes
        receive(bytes, request)
        if request.missing == 0 { finish(hot: request) }
        return true
    }

    private func finish(hot request: CurrentRequest) {
        request.isWhole = true
        end(request)
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
        case (nil, _): abort()
        }
    }

    /// Gives up a body that is framed wrongly.
    func breakBody() {
        guard case .request(let request) = state, !request.isWhole else { return }
        request.isBroken = true
        if case .routed(let routed) = request.handler { routed.fail(.brokenBody) } else { refuse(.brokenBody) }
    }

    // MARK: Life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        looks = loop.scheduleRepeatedTask(initialDelay: limits.look, delay: limits.look) { [weak self] _ in self?.look()
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        looks?.cancel()
        self.context = nil
        flow = nil
    }

    /// Answers the connection with a failure once it is open.
    func refuse(onceOpen failure: Failure) {
        refusal = failure
        lingering = limits.firstRequest
    }

    func channelActive(context: ChannelHandlerContext) {
        if let refusal { refuse(refusal) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        breakOff()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return }
        isInputClosed = true
        switch state {
        case .idle, .head: endOutput()
        case .lingering: if isOutputClosed { abort() }
        // A client may close its half once it has asked. But whoever listens to events has nothing more to say, and
        // would otherwise be missed at the next write only.
        case .request(let request) where request.isEventStream: close()
        // The decoder notices the end of any other body that is not whole.
        case .request(let request) where request.isHot: breakBody()
        case .request, .closed: break
        }
    }
}
