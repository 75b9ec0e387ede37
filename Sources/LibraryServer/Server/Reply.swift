import HTTPTypes
import Hummingbird
import NIOCore
import Shared

/// A reply that is complete before its first byte is sent.
struct Reply: Sendable {
    var status: HTTPResponse.Status
    /// In the order in which they are sent.
    var fields: [HTTPField]
    var body: ByteBuffer

    init(status: HTTPResponse.Status = .ok, fields: [HTTPField] = [], body: ByteBuffer = ByteBuffer()) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    static func json(_ bytes: [UInt8], status: HTTPResponse.Status = .ok, fields: [HTTPField] = []) -> Reply {
        Reply(
            status: status, fields: fields + [HTTPField(name: .contentType, value: MediaType.json)],
            body: ByteBuffer(bytes: bytes))
    }

    subscript(name: HTTPField.Name) -> String? { fields.first { $0.name == name }?.value }

    /// The reply, or 304 without a body if one of the entity tags of `If-None-Match` names it (RFC 9110, section
    /// 13.1.2).
    func unlessMatched(by tags: [String]) -> Reply {
        guard !tags.isEmpty, let tag = self[.eTag], Self.isMatched(tag, by: tags) else { return self }
        return Reply(status: .notModified, fields: fields.filter { $0.name != .contentType })
    }

    /// The reply with the length of its body and the fields that every reply has.
    func enveloped(requestID: String) -> Reply {
        var reply = self
        if status != .notModified {
            reply.fields.append(HTTPField(name: .contentLength, value: String(body.readableBytes)))
        }
        reply.fields += ReplyHead.envelope(requestID: requestID, isPrivate: self[.cacheControl] != nil)
        return reply
    }

    /// Compares weakly: `W/` makes no difference.
    private static func isMatched(_ tag: String, by fields: [String]) -> Bool {
        fields.contains { field in
            field.split(separator: ",").contains { candidate in
                let candidate = candidate.filter { $0 != " " && $0 != "\t" }
                return candidate == "*" || candidate == tag || candidate == "W/" + tag
            }
        }
    }
}

extension Response {
    init(_ reply: Reply) {
        let hasBody = reply.status != .notModified
        self.init(
            status: reply.status, headers: HTTPFields(reply.fields),
            body: hasBody ? ResponseBody(byteBuffer: reply.body) : ResponseBody())
    }
}
