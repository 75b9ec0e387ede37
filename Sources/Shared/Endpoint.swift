/// One thing that the API can do: a method, a path, what goes in and what comes out.
///
/// The daemon routes with it and the client calls with it, so nothing is spelt twice, and a wrong body, a missing id or
/// a reply of another type does not compile.
/// - `Path` is the parameter of the path: ``Empty``, or a ``PathParameter``.
/// - `Input` is the body or the query: ``Empty``, a JSON value, or a ``RequestQuery``.
/// - `Output` is the body of the reply: ``Empty``, or a JSON value.
public struct Endpoint<Path: Sendable, Input: Sendable, Output: Sendable>: Sendable {
    public let method: Method
    /// The path, with its parameter in braces: `/authors/{id}`.
    public let path: String
    /// Who may call it.
    public let access: Access
    /// Names of the query parameters that it knows; a request with another one is refused. `nil` if it takes any, and
    /// ignores them.
    public let parameters: [String]?
    /// Whether a request whose answer was lost may be sent again: a `GET`, or a `POST` that honours `Idempotency-Key`.
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

/// Who may call an endpoint, and with what.
public enum Access: Sendable {
    case anyone
    /// A name and a password, with HTTP Basic.
    case password
    /// An access token.
    case token
    /// An access token of an admin.
    case admin
}

/// The parameter of a path.
public protocol PathParameter: Sendable {
    /// - Parameter text: decoded.
    init?(pathText text: String)
    var pathText: String { get }
}

/// The id of an author.
extension Int64: PathParameter {
    public init?(pathText text: String) { self.init(decimal: text) }
    public var pathText: String { String(self) }
}

/// The id of a user or of a session.
extension String: PathParameter {
    public init?(pathText text: String) { self = text }
    public var pathText: String { self }
}

/// The parameters of a query.
public protocol RequestQuery: Sendable {
    static var parameters: [String] { get }
    /// Reads the parameters of a request. Its endpoint has seen to it that there are no others.
    /// - Throws: ``InvalidFields`` with every fault.
    init(items: [QueryItem]) throws(InvalidFields)
    /// The parameters, without those that have their default.
    var items: [QueryItem] { get }
}

/// A request of an endpoint, ready to be sent, with the type of its reply.
public struct EndpointCall<Output: Sendable>: Sendable {
    public let method: Method
    /// With the query.
    public let path: String
    /// JSON.
    public let body: [UInt8]?
    public let isRepeatable: Bool
}

extension Endpoint {
    private func call(_ path: String, body: [UInt8]? = nil) -> EndpointCall<Output> {
        EndpointCall(method: method, path: path, body: body, isRepeatable: isRepeatable)
    }

    public func call() -> EndpointCall<Output> where Path == Empty, Input == Empty { call(path) }

    public func call(_ query: Input) -> EndpointCall<Output> where Path == Empty, Input: RequestQuery {
        call(path + QueryItem.string(query.items))
    }

    public func call(_ body: Input) -> EndpointCall<Output> where Path == Empty, Input: JSONWritable {
        call(path, body: body.json)
    }

    public func call(_ parameter: Path) -> EndpointCall<Output> where Path: PathParameter, Input == Empty {
        call(path(parameter))
    }

    public func call(_ parameter: Path, _ body: Input) -> EndpointCall<Output>
    where Path: PathParameter, Input: JSONWritable {
        call(path(parameter), body: body.json)
    }
}

extension Endpoint where Path: PathParameter {
    /// The path with its parameter filled in.
    public func path(_ parameter: Path) -> String {
        guard let open = path.firstIndex(of: "{"), let close = path.firstIndex(of: "}") else { return path }
        return path[..<open] + PercentEncoding.encode(parameter.pathText) + path[path.index(after: close)...]
    }

    /// The name of the parameter.
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

/// The input or output of an endpoint that takes or answers no body.
public struct Empty: Sendable, Equatable {
    public init() {}
}

/// The whole API.
public enum Endpoints {
    // Accounts.
    public static let register = Endpoint<Empty, Registration, Registered>(
        .post, "/register", for: .anyone, repeatable: true)
    /// HTTP Basic credentials in; a new session out.
    public static let login = Endpoint<Empty, Empty, Login>(.post, "/login", for: .password, repeatable: true)
    /// The origin tutorial's spelling of ``login``.
    public static let loginByGet = Endpoint<Empty, Empty, Login>(.get, "/login", for: .password)
    public static let refresh = Endpoint<Empty, RefreshRequest, Login>(.post, "/token/refresh", for: .anyone)
    public static let logout = Endpoint<Empty, Empty, Empty>(.post, "/logout", for: .token)
    public static let me = Endpoint<Empty, Empty, User>(.get, "/me", for: .token)
    public static let changePassword = Endpoint<Empty, PasswordChange, Empty>(.put, "/me/password", for: .token)
    /// HTTP Basic credentials in: a stolen token is not enough.
    public static let deleteMe = Endpoint<Empty, Empty, Empty>(.delete, "/me", for: .password)
    public static let sessions = Endpoint<Empty, Empty, LoginSessionList>(.get, "/sessions", for: .token)
    public static let endSessions = Endpoint<Empty, SessionScope, Empty>(
        .delete, "/sessions", for: .token, parameters: SessionScope.parameters)
    public static let endSession = Endpoint<String, Empty, Empty>(.delete, "/sessions/{id}", for: .token)
    public static let users = Endpoint<Empty, Empty, UserList>(.get, "/users", for: .admin)
    public static let updateUser = Endpoint<String, UserPatch, User>(.patch, "/users/{public_id}", for: .admin)
    public static let deleteUser = Endpoint<String, Empty, Empty>(.delete, "/users/{public_id}", for: .admin)

    // Authors.
    /// The parameters are for a file of authors.
    public static let createAuthor = Endpoint<Empty, AuthorDraft, AuthorReply>(
        .post, "/authors", for: .token, parameters: BulkOptions.parameters, repeatable: true)
    /// The origin tutorial's spelling of ``createAuthor``.
    public static let createAuthorByOldPath = Endpoint<Empty, AuthorDraft, AuthorReply>(
        .post, "/author", for: .token, parameters: BulkOptions.parameters, repeatable: true)
    public static let authors = Endpoint<Empty, AuthorQuery, AuthorPage>(
        .get, "/authors", for: .token, parameters: AuthorQuery.parameters)
    public static let author = Endpoint<Int64, Empty, Author>(.get, "/authors/{id}", for: .token)
    public static let updateAuthor = Endpoint<Int64, AuthorPatch, AuthorReply>(.patch, "/authors/{id}", for: .token)
    public static let deleteAuthor = Endpoint<Int64, Empty, AuthorReply>(.delete, "/authors/{id}", for: .token)
    /// Server-sent events (WHATWG HTML, section 9.2) without an end; the output is the `data` of each.
    public static let authorEvents = Endpoint<Empty, Empty, AuthorEvent>(.get, "/authors/events", for: .token)

    // Health. A probe may add what it likes.
    public static let live = Endpoint<Empty, Empty, Health>(.get, "/livez", for: .anyone, parameters: nil)
    public static let ready = Endpoint<Empty, Empty, Health>(.get, "/readyz", for: .anyone, parameters: nil)
    /// ``live`` under the name that old clients ask for.
    public static let healthz = Endpoint<Empty, Empty, Health>(.get, "/healthz", for: .anyone, parameters: nil)

    /// Method and path of every endpoint.
    public static let all: [(method: Method, path: String)] = [
        register.route, login.route, loginByGet.route, refresh.route, logout.route, me.route, changePassword.route,
        deleteMe.route, sessions.route, endSessions.route, endSession.route, users.route, updateUser.route,
        deleteUser.route,
        createAuthor.route, createAuthorByOldPath.route, authors.route, author.route, updateAuthor.route,
        deleteAuthor.route, authorEvents.route, live.route, ready.route, healthz.route,
    ]
}

extension Endpoint {
    fileprivate var route: (method: Method, path: String) { (method, path) }
}

/// The tutorial's words and ours for what went well: the `message` of a reply.
public enum Message {
    public static let registered = "registered successfully"
    public static let created = "new author created"
    public static let updated = "author updated"
    public static let unchanged = "author unchanged"
    public static let deleted = "Author deleted"
}
