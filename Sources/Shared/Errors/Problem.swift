/// A failure as it crosses the wire: RFC 9457 `application/problem+json`, with members of our own.
public struct Problem: Error, Sendable, Equatable, JSONReadable, JSONWritable {
    /// Media type of a problem document.
    public static let mediaType = "application/problem+json"

    /// `about:blank` (RFC 9457, section 4.2.1): ``code`` tells problems apart, not a URI.
    public let type: String
    /// The status's reason phrase.
    public let title: String
    public let status: Int
    /// One sentence for people about this occurrence. Never a cause from inside the daemon.
    public let detail: String
    /// An ``ErrorCode``, or one that is younger than this program.
    public let code: String
    /// The origin tutorial's words where it had some, else ``detail``.
    public let message: String
    /// The value of the reply's `X-Request-Id`.
    public let requestID: String
    /// Faults of single fields; empty for most problems.
    public let errors: [FieldError]
    /// On a conflict: the id of the author that is in the way.
    public let existingID: Int64?

    public init(
        status: Int, title: String, code: String, message: String, detail: String, requestID: String,
        errors: [FieldError] = [], existingID: Int64? = nil
    ) {
        type = "about:blank"
        self.title = title
        self.status = status
        self.detail = detail
        self.code = code
        self.message = message
        self.requestID = requestID
        self.errors = errors
        self.existingID = existingID
    }

    /// The code, if this program knows it.
    public var knownCode: ErrorCode? { ErrorCode(rawValue: code) }

    public init(from object: inout ObjectReader) {
        type = object.string("type")
        title = object.string("title")
        status = Int(object.integer("status"))
        detail = object.string("detail")
        code = object.string("code")
        message = object.string("message")
        requestID = object.string("request_id")
        errors = object.optionalArray("errors", of: FieldError.self)
        existingID = object.optionalInteger("existing_id")
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("type", type)
            $0.member("title", title)
            $0.member("status", Int64(status))
            $0.member("detail", detail)
            $0.member("code", code)
            $0.member("message", message)
            $0.member("request_id", requestID)
            if !errors.isEmpty {
                $0.member("errors") { $0.array { for error in errors { error.write(to: &$0) } } }
            }
            if let existingID { $0.member("existing_id", existingID) }
        }
    }
}
