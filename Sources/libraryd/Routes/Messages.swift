import HTTPTypes
import Hummingbird
import NIOCore
import Shared

extension Request {
    /// Bodies of single requests: 64 KiB.
    static let maximumBody = 64 * 1024

    /// The body as the endpoint's input.
    /// - Throws: ``Failure`` for a wrong media type, an oversized body, what is not JSON, or fields that are not right.
    func decode<Value: JSONReadable>(as type: Value.Type = Value.self) async throws -> Value {
        // A body without a media type is taken for JSON: there is nothing else that it could be.
        let mediaType = headers[.contentType]?.split(separator: ";").first?
            .trimmingPrefix { $0 == " " }.lowercased().replacing(" ", with: "")
        guard mediaType == nil || mediaType == "application/json", headers[.contentEncoding] == nil else {
            throw Failure(.unsupportedMediaType)
        }
        if let announced = headers[.contentLength].flatMap({ Int($0) }), announced > Self.maximumBody {
            throw Failure(.bodyTooLarge)
        }
        return try Value(json: try await wholeBody(), unknownMembers: .rejected)
    }

    private func wholeBody() async throws -> [UInt8] {
        do {
            return Array(try await body.collect(upTo: Self.maximumBody).readableBytesView)
        } catch is NIOTooManyBytesError {
            throw Failure(.bodyTooLarge)
        } catch {
            // Whatever it was, it was the client's doing, and nothing that follows on this connection can be understood.
            throw Failure(.badRequest, "The body breaks off or is framed wrongly.", headers: [.connection: "close"])
        }
    }

    /// The versions that `If-Match` names for the author of that id; `nil` if it names none or any (`*`).
    ///
    /// Strong comparison (RFC 9110, section 13.1.1): weak tags and tags of other resources match nothing.
    func ifMatchVersions(id: Int64) -> [Int64]? {
        let tags = headers[values: .ifMatch].flatMap { $0.split(separator: ",") }
            .map { $0.replacing(" ", with: "").replacing("\t", with: "") }
        guard !tags.isEmpty, tags != ["*"] else { return nil }
        return tags.compactMap { tag in
            let version = tag.dropFirst("\"\(id)-".utf8.count).dropLast()
            return Author.id(version).flatMap { tag == Author.entityTag(id: id, version: $0) ? $0 : nil }
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
