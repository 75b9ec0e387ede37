/// One thing that the API can do: a method, a path, what goes in and what comes out.
///
/// The daemon routes with it and the client calls with it, so nothing is spelt twice.
public struct Endpoint<Input: Sendable, Output: Sendable>: Sendable {
    public let method: Method
    /// The path, with parameters in braces: `/authors/{id}`.
    public let path: String
    /// Names of the query parameters that it knows; a request with another one is refused. `nil` if it takes any, and
    /// ignores them.
    public let parameters: [String]?
    /// Whether a request whose answer was lost may be sent again: a `GET`, or a `POST` that honours `Idempotency-Key`.
    public let isRepeatable: Bool

    public init(_ method: Method, _ path: String, parameters: [String]? = [], repeatable: Bool? = nil) {
        self.method = method
        self.path = path
        self.parameters = parameters
        isRepeatable = repeatable ?? (method == .get)
    }

    /// The path with its one parameter filled in.
    public func path(_ parameter: String) -> String {
        guard let open = path.firstIndex(of: "{"), let close = path.firstIndex(of: "}") else { return path }
        return path[..<open] + PercentEncoding.encode(parameter) + path[path.index(after: close)...]
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
    public static let register = Endpoint<Registration, Registered>(.post, "/register", repeatable: true)
    /// HTTP Basic credentials in; a new session out.
    public static let login = Endpoint<Empty, Login>(.post, "/login", repeatable: true)
    /// The origin tutorial's spelling of ``login``.
    public static let loginByGet = Endpoint<Empty, Login>(.get, "/login")
    public static let refresh = Endpoint<RefreshRequest, Login>(.post, "/token/refresh")
    public static let logout = Endpoint<Empty, Empty>(.post, "/logout")
    public static let me = Endpoint<Empty, User>(.get, "/me")
    public static let changePassword = Endpoint<PasswordChange, Empty>(.put, "/me/password")
    /// HTTP Basic credentials in: a stolen token is not enough.
    public static let deleteMe = Endpoint<Empty, Empty>(.delete, "/me")
    public static let sessions = Endpoint<Empty, LoginSessionList>(.get, "/sessions")
    public static let endSessions = Endpoint<SessionScope, Empty>(
        .delete, "/sessions", parameters: SessionScope.parameters)
    public static let endSession = Endpoint<Empty, Empty>(.delete, "/sessions/{id}")
    public static let users = Endpoint<Empty, UserList>(.get, "/users")
    public static let updateUser = Endpoint<UserPatch, User>(.patch, "/users/{public_id}")
    public static let deleteUser = Endpoint<Empty, Empty>(.delete, "/users/{public_id}")

    // Authors.
    /// The parameters are for a file of authors.
    public static let createAuthor = Endpoint<AuthorDraft, AuthorReply>(
        .post, "/authors", parameters: BulkOptions.parameters, repeatable: true)
    /// The origin tutorial's spelling of ``createAuthor``.
    public static let createAuthorByOldPath = Endpoint<AuthorDraft, AuthorReply>(
        .post, "/author", parameters: BulkOptions.parameters, repeatable: true)
    public static let authors = Endpoint<AuthorQuery, AuthorPage>(
        .get, "/authors", parameters: AuthorQuery.parameters)
    public static let author = Endpoint<Empty, Author>(.get, "/authors/{id}")
    public static let updateAuthor = Endpoint<AuthorPatch, AuthorReply>(.patch, "/authors/{id}")
    public static let deleteAuthor = Endpoint<Empty, AuthorReply>(.delete, "/authors/{id}")
    /// Server-sent events (WHATWG HTML, section 9.2) without an end; the output is the `data` of each.
    public static let authorEvents = Endpoint<Empty, AuthorEvent>(.get, "/authors/events")

    // Health. A probe may add what it likes.
    public static let live = Endpoint<Empty, Health>(.get, "/livez", parameters: nil)
    public static let ready = Endpoint<Empty, Health>(.get, "/readyz", parameters: nil)
    /// ``live`` under the name that old clients ask for.
    public static let healthz = Endpoint<Empty, Health>(.get, "/healthz", parameters: nil)

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
