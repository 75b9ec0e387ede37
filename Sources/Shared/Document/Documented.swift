/// The input or the output of an endpoint, as `/openapi.json` describes it.
public protocol Documented: Sendable {
    static var documented: DocumentedValue { get }
}

public enum DocumentedValue: Sendable {
    case nothing
    /// A JSON object, with an example.
    case json(ObjectShape, example: [UInt8])
}

/// A JSON object that an endpoint takes or returns. Its members are those that it reads.
public protocol DocumentedObject: Documented, JSONReadable, JSONWritable {
    static var example: Self { get }
}

extension DocumentedObject {
    public static var documented: DocumentedValue { .json(ObjectShape(of: Self.self), example: example.json) }
}

/// The query is described by ``RequestQuery/shapes``.
extension RequestQuery {
    public static var documented: DocumentedValue { .nothing }
}

extension Empty: Documented {
    public static var documented: DocumentedValue { .nothing }
}

/// The prose of an endpoint and its exceptions, beyond the types of its input and its output.
public struct Documentation: Sendable {
    /// The form of a body.
    public enum Body: Sendable {
        case json
        /// A file of authors in one of these formats.
        case file([AuthorLines.Format])
        /// Server-sent events.
        case events
        /// JSON, or a page for a browser.
        case page
        /// A document of another standard, in these media types.
        case other([String])
    }

    /// The use of the database by a request.
    public enum Storage: Sendable {
        case nothing
        case reads
        case writes
    }

    /// One line, without a full stop.
    let summary: String
    /// Sentences in Markdown; may be empty.
    let details: String
    /// The parameters of an endpoint whose input is a body.
    let query: [ParameterShape]
    /// The status of success; `nil` for 200, or 204 without an output.
    let status: Int?
    let sends: Body
    let returns: Body
    /// Header fields of the request, besides those of credentials and `Idempotency-Key`.
    let takes: [HeaderField]
    /// Header fields of a success, besides those of every reply.
    let gives: [HeaderField]
    /// `nil` for the rule: requests other than `GET` write, and a `GET` of a user reads.
    let storage: Storage?
    /// Failures besides those that follow from access, parameters, body and storage.
    let failures: [ErrorCode]

    init(
        _ summary: String, _ details: String = "", query: [ParameterShape] = [], status: Int? = nil,
        sends: Body = .json, returns: Body = .json, takes: [HeaderField] = [], gives: [HeaderField] = [],
        storage: Storage? = nil, failures: [ErrorCode] = []
    ) {
        self.summary = summary
        self.details = details
        self.query = query
        self.status = status
        self.sends = sends
        self.returns = returns
        self.takes = takes
        self.gives = gives
        self.storage = storage
        self.failures = failures
    }
}

extension Documentation.Body {
    var mediaTypes: [String] {
        switch self {
        case .json: ["application/json"]
        case .other(let types): types
        case .file(let formats): formats.map(\.mediaType)
        case .events: ["text/event-stream"]
        case .page: ["application/json", "text/html"]
        }
    }
}

/// The header fields of requests and replies that mean something to a client.
public enum HeaderField: String, Sendable, CaseIterable {
    case idempotencyKey = "Idempotency-Key"
    case ifMatch = "If-Match"
    case ifNoneMatch = "If-None-Match"
    case lastEventID = "Last-Event-ID"
    case requestID = "X-Request-Id"
    case contentTypeOptions = "X-Content-Type-Options"
    case cacheControl = "Cache-Control"
    case entityTag = "ETag"
    case location = "Location"
    case link = "Link"
    case vary = "Vary"
    case acceptEncoding = "Accept-Encoding"
    case buffering = "X-Accel-Buffering"
    case retryAfter = "Retry-After"
    case authenticate = "WWW-Authenticate"
    case rateLimit = "RateLimit"
    case rateLimitPolicy = "RateLimit-Policy"
    case contentSecurityPolicy = "Content-Security-Policy"
    case referrerPolicy = "Referrer-Policy"
    case serverTiming = "Server-Timing"

    /// The form of the value.
    public var shape: Shape {
        switch self {
        case .idempotencyKey: .text(.visible)
        case .lastEventID: .text(.eventID)
        case .contentTypeOptions: .text(.oneOf(["nosniff"]))
        case .cacheControl: .text(.oneOf(["no-store", "private, no-cache"]))
        case .buffering: .text(.oneOf(["no"]))
        case .retryAfter: .integer(minimum: 1)
        default: .text(.any)
        }
    }

    /// Whether every reply for which the field is documented has it. Others, such as `Link`, are on some replies only.
    public var isAlwaysGiven: Bool {
        switch self {
        case .requestID, .contentTypeOptions, .cacheControl, .location, .authenticate, .retryAfter, .buffering: true
        default: false
        }
    }

    /// One sentence, and an example.
    public var documentation: (summary: String, example: String) {
        switch self {
        case .idempotencyKey: ("The same key with the same request takes effect once, for 24 hours.", "5f0c-1")
        case .ifMatch: ("The request takes effect only on this version of the author.", "\"12-3\"")
        case .ifNoneMatch: ("A `GET` of this version returns 304, and a change of it 412.", "\"12-3\"")
        case .lastEventID: ("Continue after this event.", AuthorEvent.example.id)
        case .requestID: ("The id of the request, in the log too.", Problem.exampleRequestID)
        case .contentTypeOptions: ("The media type is not to be guessed.", "nosniff")
        case .cacheControl: ("Whether the reply may be stored.", "no-store")
        case .entityTag: ("The version of what is returned.", "\"12-3\"")
        case .location: ("The path of the new author.", Endpoints.author.path(Author.example.id))
        case .link: ("The path of the next page.", "</authors?after=WyJpZCIsMTAwXQ>; rel=\"next\"")
        case .vary: ("The request fields on which the reply depends.", "Accept")
        case .acceptEncoding: ("The encodings of a body that the daemon takes.", "identity")
        case .buffering: ("A proxy sends each event on at once.", "no")
        case .retryAfter: ("Seconds until another try makes sense.", "1")
        case .authenticate: ("The credentials that are needed (RFC 9110, section 11.6.1).", "Bearer realm=\"libraryd\"")
        case .rateLimit: ("How many tries are left, and for how many seconds.", "\"login\";r=4;t=86400")
        case .rateLimitPolicy: ("The limit of tries.", "\"login\";q=5")
        case .contentSecurityPolicy: ("What the page may load: nothing.", "default-src 'none'")
        case .referrerPolicy: ("Links of the page do not tell where they are.", "no-referrer")
        case .serverTiming: ("How long the request took, in milliseconds; for a known user.", "total;dur=1.234")
        }
    }
}
