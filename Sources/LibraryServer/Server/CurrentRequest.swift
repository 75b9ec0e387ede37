import Hummingbird
import NIOCore
import NIOHTTP1

/// The request that a connection is about.
final class CurrentRequest {
    enum Handler {
        case hot(HotLane.Request)
        case routed(RoutedRequest)
    }

    let method: HTTPMethod
    let version: HTTPVersion
    /// The last `X-Forwarded-For`.
    let forwardedFor: String?
    /// Whether ``HotHead`` has read the head, so that the decoder knows nothing of the request.
    let isHot: Bool
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
        (method, version, isHot) = (head.method, head.version, false)
        forwardedFor = head.headers["X-Forwarded-For"].last
        length = head.headers.first(name: "content-length").flatMap(RequestCheck.contentLength) ?? 0
        isChunked = head.headers.contains(name: "transfer-encoding")
        expectsContinue = head.version == .http1_1 && head.headers.first(name: "expect").map(Self.isContinue) ?? false
        // NIO's decoder reads nothing after a request that offers another protocol.
        closes = !head.isKeepAlive || head.headers.contains(name: "upgrade")
    }

    private static func isContinue(_ value: String) -> Bool {
        value.lowercased().utf8.elementsEqual("100-continue".utf8)
    }

    init(_ head: HotHead) {
        (method, version, isHot) = (head.isPost ? .POST : .GET, .http1_1, true)
        forwardedFor = head.forwardedFor?.text
        length = head.contentLength
        (isChunked, expectsContinue, closes) = (false, false, false)
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
