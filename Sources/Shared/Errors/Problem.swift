/// A failure as the body of a reply: `application/problem+json` (RFC 9457) with extension members (section 3.2).
public struct Problem: Error, Sendable, Equatable, JSONReadable, JSONWritable {
    /// Media type of a problem document.
    public static let mediaType = "application/problem+json"

    /// `about:blank` (RFC 9457, section 4.2.1): clients distinguish problems by ``code``, not by a URI.
    public let type: String
    /// The reason phrase of the status.
    public let title: String
    /// The HTTP status code.
    public let status: Int
    /// What is wrong and what to do next, for people; lower case, without a full stop. Never an internal cause.
    public let detail: String
    /// The raw value of an ``ErrorCode``, or a code that this program does not know.
    public let code: String
    /// The origin tutorial's message if the tutorial has one for this failure, otherwise ``detail``.
    public let message: String
    /// The value of the reply's `X-Request-Id` header.
    public let requestID: String
    /// Faults of single fields; empty for most problems.
    public let errors: [FieldError]
    /// With the code `author_exists`, the id of the author that already has the name and the book.
    public let existingID: Int64?

    /// The type of all problems, whose meaning the code has (RFC 9457, section 4.2.1).
    private static let type = "about:blank"

    public init(
        status: Int, title: String, code: String, message: String, detail: String, requestID: String,
        errors: [FieldError] = [], existingID: Int64? = nil
    ) {
        type = Self.type
        self.title = title
        self.status = status
        self.detail = detail
        self.code = code
        self.message = message
        self.requestID = requestID
        self.errors = errors
        self.existingID = existingID
    }

    /// The code as an ``ErrorCode``; `nil` if this program does not know it.
    public var knownCode: ErrorCode? { ErrorCode(rawValue: code) }

    public init(from object: inout ObjectReader) {
        type = object.string("type", .oneOf([Self.type]))
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
                $0.member("errors", errors)
            }
            if let existingID { $0.member("existing_id", existingID) }
        }
    }
}
