import NIOCore

/// Hands the bytes of a connection to the hot lane or the decoder, one request at a time, and stops reading while
/// nobody wants them.
///
/// So a request that was sent before the one in front of it was answered waits here as bytes, and no more of them are
/// in memory than NIO reads at once. That read is not put off while an author is added: to stop and to begin again
/// would take two system calls (`epoll_ctl`) for each request.
final class InboundFlow: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// As many requests of one connection are answered before those of others get their turn.
    private static let piecesOfTurn = 16

    private let connection: Connection
    private var context: ChannelHandlerContext?
    private var held = ByteBuffer()
    /// The first bytes of the head that is being decoded.
    private(set) var headBytes = ByteBuffer()
    private(set) var head = HeadScanner()
    private var chunks = ChunkScanner()
    private var isFeeding = false
    private var isReadHeld = false
    private var isInputClosed = false

    init(_ connection: Connection) {
        self.connection = connection
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if held.readableBytes == 0 { held = bytes } else { held.writeBuffer(&bytes) }
        feed(context)
    }

    func read(context: ChannelHandlerContext) {
        let isWanted = connection.takesBytes || connection.waitsForCommit
        if held.readableBytes > 0 || !isWanted { isReadHeld = true } else { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        // The decoder must see the end after the bytes before it.
        isInputClosed = true
        feed(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        held = ByteBuffer()
        context.fireChannelInactive()
    }

    /// Goes on, now that ``Connection/takesBytes`` may have changed.
    func resume() {
        guard let context, !isFeeding else { return }
        feed(context)
        guard isReadHeld, held.readableBytes == 0, connection.takesBytes else { return }
        isReadHeld = false
        context.read()
    }

    private func feed(_ context: ChannelHandlerContext) {
        guard !isFeeding else { return }
        isFeeding = true
        defer { isFeeding = false }
        // The replies are flushed at the end of a turn, by which there may be room for more of them.
        for _ in 0..<Self.piecesOfTurn where held.readableBytes > 0 && connection.takesBytes {
            if let hot = held.withUnsafeReadableBytes(connection.hotRequest) {
                held.moveReaderIndex(forwardBy: hot.headLength)
                connection.begin(hot: hot.request)
            } else {
                guard let piece = nextPiece() else { break }
                if !connection.receive(hot: piece) { context.fireChannelRead(wrapInboundOut(piece)) }
            }
        }
        connection.flush()
        let connection = connection
        if held.readableBytes > 0, connection.takesBytes { context.eventLoop.execute { connection.resume() } }
        if isInputClosed, held.readableBytes == 0 {
            isInputClosed = false
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
    }

    /// What the decoder gets next, at most up to the end of a head or of a body; `nil` for nothing.
    private func nextPiece() -> ByteBuffer? {
        let count: Int
        switch connection.incoming {
        case .head(let isBegun):
            // Empty lines may precede a request (RFC 9112, section 2.2), and are none.
            if !isBegun {
                while let byte = held.getInteger(at: held.readerIndex, as: UInt8.self), byte == 0x0A || byte == 0x0D {
                    held.moveReaderIndex(forwardBy: 1)
                }
                guard held.readableBytes > 0 else { return nil }
            }
            if !isBegun { (head, chunks) = (HeadScanner(), ChunkScanner()) }
            count = held.withUnsafeReadableBytes { bytes in head.scan(bytes) }
            if !isBegun { headBytes = held.getSlice(at: held.readerIndex, length: count) ?? ByteBuffer() }
            connection.receivesHead()
        case .content(let length): count = min(length, held.readableBytes)
        case .chunks:
            do {
                count = try held.withUnsafeReadableBytes { bytes in try chunks.scan(bytes) }
            } catch {
                connection.breakBody()
                return nil
            }
        case .nothing:
            held.clear()
            return nil
        }
        return held.readSlice(length: count)
    }
}
