import HTTPTypes
import Hummingbird
import NIOCore
import Shared

/// A reply that is complete before its first byte is sent.
struct Reply: Sendable {
    var status: HTTPResponse.Status = .ok
    /// Fields that have no place of their own here.
    var fields: [HTTPField] = []
    var location: String?
    var entityTag: String?
    /// Whether `Accept` decides between this reply and another one.
    var isNegotiated = false
    var link: String?
    var mediaType = MediaType.json
    /// Whether the client may store the reply, and must ask about it each time. No other reply is stored.
    var isStorable = false
    var body = ByteBuffer()
    /// Set once the reply goes past the router; ``EnvelopeMiddleware`` knows the ids of the others.
    var requestID: String?
    /// The value of `Server-Timing`, set in the same place.
    var serverTiming: String?

    static func json(_ bytes: [UInt8], status: HTTPResponse.Status = .ok) -> Reply {
        Reply(status: status, body: ByteBuffer(bytes: bytes))
    }

    /// The reply, or 304 without a body if one of the entity tags of `If-None-Match` names it (RFC 9110, section
    /// 13.1.2).
    func unlessMatched(by tags: [String]) -> Reply {
        guard !tags.isEmpty, let entityTag, EntityTags(tags).namesWeakly(entityTag) else { return self }
        var reply = self
        (reply.status, reply.body) = (.notModified, ByteBuffer())
        return reply
    }

    /// Calls `body` with the fields that depend on the route, in the order in which they are sent.
    func forEachField(_ body: (HTTPField.Name, String) -> Void) {
        for field in fields { body(field.name, field.value) }
        if let location { body(.location, location) }
        if let entityTag { body(.eTag, entityTag) }
        if isNegotiated { body(.vary, AuthorFileRoutes.vary) }
        if let link { body(.link, link) }
        if status != .notModified { body(.contentType, mediaType) }
        if isStorable { body(.cacheControl, Self.storable) }
    }

    private static let storable = "private, no-cache"
}

extension Response {
    init(_ reply: Reply) {
        var headers = HTTPFields()
        reply.forEachField { headers.append(HTTPField(name: $0, value: $1)) }
        let hasBody = reply.status != .notModified
        self.init(
            status: reply.status, headers: headers,
            body: hasBody ? ResponseBody(byteBuffer: reply.body) : ResponseBody())
    }
}
