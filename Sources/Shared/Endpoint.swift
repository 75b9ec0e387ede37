/// One operation of the API: its method, its path, and the types of its input and its output.
///
/// The daemon registers its routes with endpoints and the client makes its requests with them, so method, path and
/// types are written once, and a wrong body, a missing id or a reply of another type does not compile.
/// - `Path` is the parameter of the path: ``Empty``, or a ``PathParameter``.
/// - `Input` is the body or the query: ``Empty``, a JSON value, or a ``RequestQuery``.
/// - `Output` is the body of the reply: ``Empty``, or a JSON value.
public struct Endpoint<Path: Sendable, Input: Documented, Output: Documented>: Sendable {
    public let method: Method
    /// The path, with its parameter in braces: `/authors/{id}`.
    public let path: String
    /// Who may call it.
    public let access: Access
    /// Names of the query parameters that the endpoint takes; a request with another parameter is refused. `nil` if
    /// the endpoint ignores all query parameters.
    public let parameters: [String]?
    /// Whether the client may send the request again after the reply was lost: a `GET`, or a `POST` that honors
    /// `Idempotency-Key`.
    public let isRepeatable: Bool
    /// The documentation in `/openapi.json` and `docs/api.md`.
    let documentation: Documentation

    init(
        _ method: Method, _ path: String, for access: Access, ignoresQuery: Bool = false, repeatable: Bool? = nil,
        _ documentation: Documentation
    ) {
        self.documentation = documentation
        self.method = method
        self.path = path
        self.access = access
        parameters =
            ignoresQuery
            ? nil : (Input.self as? any RequestQuery.Type)?.parameters ?? documentation.query.map(\.name)
        isRepeatable = repeatable ?? (method == .get)
    }
}

/// Who may call an endpoint, and with which credentials.
public enum Access: Sendable {
    case anyone
    /// A user, with name and password (HTTP Basic, RFC 7617).
    case password
    /// A user, with an access token (RFC 6750) or an API key whose scope is enough.
    case token
    /// A user, with an access token: no API key is enough.
    case login
    /// An admin, with an access token.
    case admin
    /// Anyone on the daemon's own machine, and an admin, with an access token or an API key.
    case local
}

/// The request methods of the API (RFC 9110, section 9; `PATCH` is RFC 5789).
public enum Method: String, Sendable, CaseIterable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
}

/// The input or output of an endpoint that has none.
public struct Empty: Sendable, Equatable {
    public init() {}
}
