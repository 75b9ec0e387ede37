import HTTPTypes
import Hummingbird
import LibraryStore
import NIOCore
import Shared

extension Request {
    /// Largest body of a request for a single item, in bytes: 64 KiB.
    static let maximumBody = 64 * 1024
    /// Limit for receiving a body slowly. A client that sends nothing is disconnected by the connection's idle
    /// timeout.
    private static let bodyTime = Duration.seconds(30)

    /// The body as the endpoint's input.
    /// - Throws: ``Failure`` for the media type, the size, the time or the framing of the body, ``JSONSyntaxError``,
    ///   ``InvalidFields``.
    func decode<Value: JSONReadable>(as type: Value.Type = Value.self) async throws -> Value {
        _ = try mediaType(among: [MediaType.json])
        if let announced = headers[.contentLength].flatMap({ Int($0) }), announced > Self.maximumBody {
            throw Failure(.bodyTooLarge)
        }
        return try Value(json: try await wholeBody(), unknownMembers: .rejected)
    }

    private func wholeBody() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        let deadline = ContinuousClock.now + Self.bodyTime
        do {
            for try await part in body {
                guard bytes.count + part.readableBytes <= Self.maximumBody else { throw Failure(.bodyTooLarge) }
                guard ContinuousClock.now < deadline else {
                    throw Failure(.requestTimeout, headers: [.connection: "close"])
                }
                bytes.append(contentsOf: part.readableBytesView)
            }
            return bytes
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure.brokenBody
        }
    }

    /// The versions in `If-Match` for the author with that id; `nil` without the header or for `*`.
    ///
    /// The comparison is strong (RFC 9110, section 13.1.1): weak tags and tags of other resources match nothing.
    func ifMatchVersions(id: Int64) -> [Int64]? {
        let tags = headers[values: .ifMatch].flatMap { $0.split(separator: ",") }
            .map { $0.replacing(" ", with: "").replacing("\t", with: "") }
        guard !tags.isEmpty, tags != ["*"] else { return nil }
        return tags.compactMap { tag in
            let version = tag.dropFirst("\"\(id)-".utf8.count).dropLast()
            return Int64(decimal: version).flatMap { tag == Author.entityTag(id: id, version: $0) ? $0 : nil }
        }
    }
}

extension Request {
    /// The value of `Idempotency-Key`: 1 to 255 visible ASCII characters, with or without quotes
    /// (draft-ietf-httpapi-idempotency-key-header; RFC 9651, section 3.3.3).
    /// - Throws: ``Failure`` `bad_request`.
    var idempotencyKey: String? {
        get throws(Failure) {
            let values = headers[values: .idempotencyKey]
            guard let value = values.first else { return nil }
            guard values.count == 1, let key = Self.unquoted(Array(value.utf8)), (1...255).contains(key.count),
                key.allSatisfy({ (0x21...0x7E).contains($0) })
            else {
                throw Failure(.badRequest, "Idempotency-Key must be 1 to 255 visible ASCII characters, given once.")
            }
            return String(decoding: key, as: UTF8.self)
        }
    }

    /// The content of a Structured Field string, or the text itself if it does not begin with a quote; `nil` for a
    /// malformed string.
    private static func unquoted(_ text: [UInt8]) -> [UInt8]? {
        let (quote, backslash) = (UInt8(ascii: "\""), UInt8(ascii: "\\"))
        guard text.first == quote else { return text }
        guard text.count > 1, text.last == quote else { return nil }
        var inside: [UInt8] = []
        var isEscaped = false
        for byte in text[1..<(text.count - 1)] {
            if isEscaped {
                guard byte == quote || byte == backslash else { return nil }
                inside.append(byte)
                isEscaped = false
            } else if byte == backslash {
                isEscaped = true
            } else {
                guard byte != quote else { return nil }
                inside.append(byte)
            }
        }
        return isEscaped ? nil : inside
    }

    /// The text after the first question mark. A `#` is part of it, because a request target has no fragment (RFC
    /// 9112, section 3.2).
    private var queryText: Substring? {
        let target = uri.string
        return target.utf8.firstIndex(of: UInt8(ascii: "?")).map { target[target.utf8.index(after: $0)...] }
    }

    /// Passes if the query has only these parameters, each at most once.
    /// - Throws: ``Failure`` `invalid_query`.
    func checkQuery(among parameters: [String]) throws {
        guard queryText?.isEmpty == false else { return }
        try query { try QueryItem.check($0, among: parameters) }
    }

    /// The query as the endpoint's input.
    /// - Throws: ``Failure`` `invalid_query`.
    func query<Value>(_ read: ([QueryItem]) throws -> Value) throws -> Value {
        guard let items = QueryItem.parse(queryText ?? "") else {
            throw Failure(.invalidQuery, "The query has a broken percent escape.")
        }
        do {
            return try read(items)
        } catch let invalid as InvalidFields {
            throw Failure(query: invalid)
        }
    }

    /// A reply with status 200 and the body, or 304 without the body if `If-None-Match` names the reply's `ETag` (RFC
    /// 9110, section 13.1.2).
    func conditionally(_ replyHeaders: HTTPFields, _ body: ByteBuffer) -> Response {
        guard let tag = replyHeaders[.eTag], hasMatch(tag) else {
            return Response(status: .ok, headers: replyHeaders, body: ResponseBody(byteBuffer: body))
        }
        var replyHeaders = replyHeaders
        replyHeaders[.contentType] = nil
        return Response(status: .notModified, headers: replyHeaders)
    }

    /// Weak comparison, which ignores `W/` (RFC 9110, section 8.8.3.2).
    private func hasMatch(_ tag: String) -> Bool {
        headers[values: .ifNoneMatch].contains { field in
            field.split(separator: ",").contains { candidate in
                let candidate = candidate.filter { $0 != " " && $0 != "\t" }
                return candidate == "*" || candidate == tag || candidate == "W/" + tag
            }
        }
    }
}

extension Response {
    static func json(
        _ value: some JSONWritable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) -> Response {
        json(bytes: value.json, status: status, headers: headers)
    }

    static func json(bytes: [UInt8], status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.contentType] = "application/json"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
