import HTTPTypes
import LibraryStore
import NIOCore
import NIOHTTPTypes
import Shared

/// Replaces the reply to a request that is not valid HTTP by a problem document.
///
/// Hummingbird replies to such a request before any middleware runs, with status 400 and an empty body. No reply of a
/// route has that form, so it can be recognized.
final class MalformedRequestHandler: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .head(var head) = unwrapOutboundIn(data), head.status == .badRequest,
            head.headerFields[.contentLength] == "0"
        else { return context.write(data, promise: promise) }
        let requestID = RequestID.next()
        let body = Failure(.badRequest, "The request is not valid HTTP.").problem(requestID: requestID).json
        head.headerFields[.contentType] = Problem.mediaType
        head.headerFields[.contentLength] = String(body.count)
        head.headerFields[.xRequestID] = requestID
        head.headerFields[.xContentTypeOptions] = "nosniff"
        head.headerFields[.cacheControl] = "no-store"
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(context.channel.allocator.buffer(bytes: body))), promise: promise)
    }
}
