/// One operation of the API: its method, its path, and the types of its input and its output.
///
/// The daemon registers its routes with endpoints and the client makes its requests with them, so method, path and
/// types are written once, and a wrong body, a missing id or a reply of another type does not compile.
/// - `Path` is the parameter of the path: ``Empty``, or a ``PathParameter``.
/// - `Input` is the body or the query: ``Empty``, a JSON value, or a ``RequestQuery``.
/// - `Output` is the body of the reply: ``Empty``, or a JSON value.
public struct Endpoint<Path: Sendable, Input: Sendable, Output: Sendable>: Sendable {
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

    init(
        _ method: Method, _ path: String, for access: Access, parameters: [String]? = [], repeatable: Bool? = nil
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.parameters = parameters
        isRepeatable = repeatable ?? (method == .get)
    }
}

/// Who may call an endpoint, and with which credentials.
public enum Access: Sendable {
    case anyone
    /// A user, with name and password (HTTP Basic, RFC 7617).
    case password
    /// A user, with an access token (RFC 6750).
    case token
    /// An admin, with an access token.
    case admin
}

/// A value that stands in a path.
public protocol PathParameter: Sendable {
    /// - Parameter text: the percent-decoded text of the path segment.
    init?(pathText text: String)
    /// The text before it is percent-encoded.
    var pathText: String { get }
}

/// The id of an author.
extension Int64: PathParameter {
    public init?(pathText text: String) { self.init(decimal: text) }
    public var pathText: String { String(self) }
}

/// The id of a user or of a session, both of them UUIDs.
extension String: PathParameter {
    public init?(pathText text: String) { self = text }
    public var pathText: String { self }
}

/// The query of a request.
public protocol RequestQuery: Sendable {
    /// The names of all parameters.
    static var parameters: [String] { get }
    /// Reads the parameters of a request whose names ``QueryItem/check(_:among:)`` has checked.
    /// - Throws: ``InvalidFields`` with every fault.
    init(items: [QueryItem]) throws(InvalidFields)
    /// The parameters, without those that have their default value.
    var items: [QueryItem] { get }
}

/// A request to an endpoint, ready to be sent, with the type of its reply.
public struct EndpointCall<Output: Sendable>: Sendable {
    public let method: Method
    /// The path with the query, percent-encoded.
    public let path: String
    /// The JSON body; `nil` for a request without a body.
    public let body: [UInt8]?
    /// As ``Endpoint/isRepeatable``.
    public let isRepeatable: Bool
}

extension Endpoint {
    private func call(_ path: String, body: [UInt8]? = nil) -> EndpointCall<Output> {
        EndpointCall(method: method, path: path, body: body, isRepeatable: isRepeatable)
    }

    /// The call of an endpoint that takes neither a parameter nor an input.
    public func call() -> EndpointCall<Output> where Path == Empty, Input == Empty { call(path) }

    /// The call with a query.
    public func call(_ query: Input) -> EndpointCall<Output> where Path == Empty, Input: RequestQuery {
        call(path + QueryItem.string(query.items))
    }

    /// The call with a JSON body.
    public func call(_ body: Input) -> EndpointCall<Output> where Path == Empty, Input: JSONWritable {
        call(path, body: body.json)
    }

    /// The call with a parameter in the path.
    public func call(_ parameter: Path) -> EndpointCall<Output> where Path: PathParameter, Input == Empty {
        call(path(parameter))
    }

    /// The call with a parameter in the path and a JSON body.
    public func call(_ parameter: Path, _ body: Input) -> EndpointCall<Output>
    where Path: PathParameter, Input: JSONWritable {
        call(path(parameter), body: body.json)
    }
}

/// The path of an endpoint whose body or reply is a file of authors: NDJSON, or CSV with a header line. Such a path has
/// no parameter.
public enum AuthorFilePath: Sendable {}

extension Endpoint where Path == AuthorFilePath, Input: RequestQuery {
    /// The path with the query.
    public func path(_ query: Input) -> String { path + QueryItem.string(query.items) }
}

extension Endpoint where Path: PathParameter {
    /// The path with its parameter filled in, percent-encoded.
    public func path(_ parameter: Path) -> String {
        guard let open = path.utf8.firstIndex(of: UInt8(ascii: "{")),
            let close = path.utf8.firstIndex(of: UInt8(ascii: "}"))
        else { return path }
        return path[..<open] + PercentEncoding.encode(parameter.pathText) + path[path.index(after: close)...]
    }

    /// The name of the parameter: `id` in `/authors/{id}`.
    public var parameter: String {
        String(path.drop { $0 != "{" }.dropFirst().prefix { $0 != "}" })
    }
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

/// All endpoints of the API.
public enum Endpoints {
    // Accounts.
    public static let register = Endpoint<Empty, Registration, Registered>(
        .post, "/register", for: .anyone, repeatable: true)
    /// Takes HTTP Basic credentials and returns the tokens of a new session.
    public static let login = Endpoint<Empty, Empty, Login>(.post, "/login", for: .password, repeatable: true)
    /// The same as ``login``, with the method that the origin tutorial uses.
    public static let loginByGet = Endpoint<Empty, Empty, Login>(.get, "/login", for: .password)
    /// Exchanges a refresh token for new tokens.
    public static let refresh = Endpoint<Empty, RefreshRequest, Login>(.post, "/token/refresh", for: .anyone)
    /// Proves to a client on this machine that this is the daemon of a login. Changes nothing, and replies to every
    /// user id alike.
    public static let proof = Endpoint<Empty, ProofRequest, Proof>(.post, "/proof", for: .anyone, repeatable: true)
    public static let logout = Endpoint<Empty, Empty, Empty>(.post, "/logout", for: .token)
    public static let me = Endpoint<Empty, Empty, User>(.get, "/me", for: .token)
    /// Also ends the caller's other sessions.
    public static let changePassword = Endpoint<Empty, PasswordChange, Empty>(.put, "/me/password", for: .token)
    /// Takes HTTP Basic credentials, so that a stolen token is not enough to delete an account.
    public static let deleteMe = Endpoint<Empty, Empty, Empty>(.delete, "/me", for: .password)
    public static let sessions = Endpoint<Empty, Empty, LoginSessionList>(.get, "/sessions", for: .token)
    public static let endSessions = Endpoint<Empty, SessionScope, Empty>(
        .delete, "/sessions", for: .token, parameters: SessionScope.parameters)
    public static let endSession = Endpoint<String, Empty, Empty>(.delete, "/sessions/{id}", for: .token)
    public static let users = Endpoint<Empty, Empty, UserList>(.get, "/users", for: .admin)
    public static let updateUser = Endpoint<String, UserPatch, User>(.patch, "/users/{public_id}", for: .admin)
    public static let deleteUser = Endpoint<String, Empty, Empty>(.delete, "/users/{public_id}", for: .admin)

    // Authors.
    /// Takes one author as JSON. The query parameters are those of ``createAuthors``, which has the same route.
    public static let createAuthor = Endpoint<Empty, AuthorDraft, AuthorReply>(
        .post, "/authors", for: .token, parameters: BulkOptions.parameters, repeatable: true)
    /// Takes a file of authors, and returns a line of NDJSON for each of its lines. The media type of the body says
    /// whether a request is for this endpoint or for ``createAuthor``.
    public static let createAuthors = Endpoint<AuthorFilePath, BulkOptions, BulkResult>(
        .post, "/authors", for: .token, parameters: BulkOptions.parameters, repeatable: true)
    /// The same as ``createAuthor``, under the path that the origin tutorial uses.
    public static let createAuthorByOldPath = Endpoint<Empty, AuthorDraft, AuthorReply>(
        .post, "/author", for: .token, parameters: BulkOptions.parameters, repeatable: true)
    public static let authors = Endpoint<Empty, AuthorQuery, AuthorPage>(
        .get, "/authors", for: .token, parameters: AuthorQuery.parameters)
    /// Returns the whole list as a file. `Accept` says whether a request is for this endpoint or for ``authors``.
    public static let authorFile = Endpoint<AuthorFilePath, AuthorQuery, Author>(
        .get, "/authors", for: .token, parameters: AuthorQuery.parameters)
    public static let author = Endpoint<Int64, Empty, Author>(.get, "/authors/{id}", for: .token)
    public static let updateAuthor = Endpoint<Int64, AuthorPatch, AuthorReply>(.patch, "/authors/{id}", for: .token)
    public static let deleteAuthor = Endpoint<Int64, Empty, AuthorReply>(.delete, "/authors/{id}", for: .token)
    /// An endless stream of server-sent events (WHATWG HTML, section 9.2); the output is the `data` of one event.
    public static let authorEvents = Endpoint<Empty, Empty, AuthorEvent>(.get, "/authors/events", for: .token)

    // Health. Query parameters are ignored, because some probes add their own.
    public static let live = Endpoint<Empty, Empty, Health>(.get, "/livez", for: .anyone, parameters: nil)
    /// Replies with a ``Problem`` unless the database can be read and written.
    public static let ready = Endpoint<Empty, Empty, Health>(.get, "/readyz", for: .anyone, parameters: nil)
    /// The same as ``live``, under the name that older probes use.
    public static let healthz = Endpoint<Empty, Empty, Health>(.get, "/healthz", for: .anyone, parameters: nil)

    /// Method and path of every endpoint.
    public static let all: [(method: Method, path: String)] = [
        register.route, login.route, loginByGet.route, refresh.route, proof.route, logout.route, me.route,
        changePassword.route, deleteMe.route, sessions.route, endSessions.route, endSession.route, users.route,
        updateUser.route,
        deleteUser.route,
        createAuthor.route, createAuthors.route, createAuthorByOldPath.route, authors.route, authorFile.route,
        author.route, updateAuthor.route, deleteAuthor.route, authorEvents.route, live.route, ready.route,
        healthz.route,
    ]
}

extension Endpoint {
    fileprivate var route: (method: Method, path: String) { (method, path) }
}

/// The `message` of successful replies. Where the origin tutorial has a message, it is the same text.
public enum Message {
    public static let registered = "registered successfully"
    public static let created = "new author created"
    public static let updated = "author updated"
    public static let unchanged = "author unchanged"
    public static let deleted = "Author deleted"
}
