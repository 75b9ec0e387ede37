import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Closes the connection of an event stream as soon as the client closes its half.
///
/// For other requests a half-closed connection is normal: the client has sent everything and waits for the reply. But
/// a client that closes its half of an event stream is gone, which would only be noticed at the next write.
final class EventStreamHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private var isStreaming = false
    private var isHalfClosed = false

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .head(let head) = unwrapOutboundIn(data) {
            isStreaming = head.headerFields[.contentType] == EventRoutes.mediaType
        }
        context.write(data, promise: promise)
        closeIfGone(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            isHalfClosed = true
            closeIfGone(context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func closeIfGone(_ context: ChannelHandlerContext) {
        if isStreaming, isHalfClosed { context.close(promise: nil) }
    }
}
