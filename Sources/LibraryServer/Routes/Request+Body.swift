import HTTPTypes
import Hummingbird
import LibraryStore
import NIOCore
import Shared

extension Request {
    /// Largest body of a request for a single item, in bytes: 64 KiB.
    static let maximumBody = 64 * 1024
    /// Limit for receiving a body slowly. ``Connection`` gives up a client that sends nothing.
    private static let bodyTime = Duration.seconds(30)

    /// The body as the endpoint's input.
    /// - Throws: ``Failure`` for the media type, the size, the time or the framing of the body, ``JSONSyntaxError``,
    ///   ``InvalidFields``.
    func decode<Value: JSONReadable>(as type: Value.Type = Value.self) async throws -> Value {
        try Value(json: try await jsonBody(), unknownMembers: .rejected)
    }

    /// The bytes of a JSON body.
    /// - Throws: ``Failure`` for the media type, the size, the time or the framing of the body.
    func jsonBody() async throws -> [UInt8] {
        _ = try mediaType(among: [MediaType.json])
        try checkLength(upTo: Self.maximumBody)
        return try await wholeBody()
    }

    /// - Parameter limit: in bytes.
    /// - Throws: ``Failure`` if the request announces a larger body. A client that waits for `100 Continue` then sends
    ///   none.
    // The optimizer of Swift 6.3.1 crashes where this is inlined into an asynchronous function.
    @inline(never)
    func checkLength(upTo limit: Int) throws(Failure) {
        guard let length = headers[.contentLength].flatMap(RequestCheck.contentLength), length > limit else { return }
        throw Failure(.bodyTooLarge)
    }

    /// Whether the request has neither a query, a type, a key nor a body.
    var isEmpty: Bool {
        get async throws {
            let fields: [HTTPField.Name] = [.contentType, .contentEncoding, .transferEncoding, .idempotencyKey]
            guard uri.query == nil, (headers[.contentLength] ?? "0") == "0", fields.allSatisfy({ headers[$0] == nil })
            else { return false }
            return try await wholeBody().isEmpty
        }
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
}
