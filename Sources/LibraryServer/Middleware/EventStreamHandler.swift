import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Closes the connection of a stream of events as soon as its client is gone.
///
/// A client may close its half of a connection once it has asked, so that alone ends no request; whoever listens to
/// events has nothing more to say, and would otherwise be missed at the next write only.
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
