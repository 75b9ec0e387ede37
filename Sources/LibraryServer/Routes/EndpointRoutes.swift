import HTTPTypes
import Hummingbird
import LibraryStore
import Shared

/// A request to an endpoint, with the parameter of its path. Its query has only parameters that the endpoint takes.
struct EndpointRequest<Path: Sendable, Input: Sendable>: Sendable {
    let request: Request
    let path: Path

    var headers: HTTPFields { request.headers }
}

extension EndpointRequest where Path == Empty {
    /// This request as a request of the endpoint that shares the route and takes or returns a file.
    func asFile<Query, Line>(of _: Endpoint<AuthorFilePath, Query, Line>) -> FileRequest<Query> {
        FileRequest(request: request)
    }
}

/// A request whose body or reply is a file of authors.
struct FileRequest<Query: RequestQuery>: Sendable {
    let request: Request

    /// - Throws: ``Failure`` `invalid_query`.
    func query() throws -> Query { try request.query { items throws(InvalidFields) in try Query(items: items) } }
}

extension EndpointRequest where Input: JSONReadable {
    /// - Throws: as ``Hummingbird/Request/decode(as:)``.
    func body() async throws -> Input { try await request.decode() }
}

extension EndpointRequest where Input: RequestQuery {
    /// - Throws: ``Failure`` `invalid_query`.
    func query() throws -> Input { try request.query { items throws(InvalidFields) in try Input(items: items) } }
}

/// The reply of an endpoint.
struct EndpointReply<Output: Sendable>: Sendable {
    let response: Response

    /// A reply whose bytes were not made from an `Output`: rows, files, events and cached replies.
    static func made(_ response: Response) -> Self { Self(response: response) }
}

extension EndpointReply where Output: JSONWritable {
    static func value(_ value: Output, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Self {
        Self(response: .json(value, status: status, headers: headers))
    }
}

extension EndpointReply<Empty> {
    /// A reply with status 204 and no body.
    static var none: Self { Self(response: Response(status: .noContent)) }
}

/// A context whose type states which callers reach the routes that take it.
protocol EndpointContext: RequestContext {
    static var access: [Access] { get }
    /// Passes if the caller may call an endpoint that reads, or that writes.
    /// - Throws: ``Failure`` `insufficient_scope`.
    func admit(_ method: Shared.Method) throws(Failure)
}

extension EndpointContext {
    func admit(_ method: Shared.Method) throws(Failure) {}
}

extension GuestContext: EndpointContext {
    static let access = [Access.anyone, .password, .local]
}

extension CallerContext: EndpointContext {
    static let access = [Access.token]

    func admit(_ method: Shared.Method) throws(Failure) {
        guard method == .get || principal.mayWrite else { throw Failure(.insufficientScope) }
    }
}

extension LoginContext: EndpointContext {
    static let access = [Access.login]
}

extension AdminContext: EndpointContext {
    static let access = [Access.admin]
}

extension RouterMethods where Context: EndpointContext {
    /// Routes an endpoint to its handler. A request with a parameter that the endpoint does not take is refused,
    /// because ignoring it, for example a misspelled `dry_run`, could do what the client did not want.
    func on<Input, Output>(
        _ endpoint: Endpoint<Empty, Input, Output>,
        use handler: @escaping @Sendable (EndpointRequest<Empty, Input>, Context) async throws -> EndpointReply<Output>
    ) {
        route(endpoint, { _ in Empty() }, handler)
    }

    /// Routes an endpoint with a parameter in its path.
    func on<Path: PathParameter, Input, Output>(
        _ endpoint: Endpoint<Path, Input, Output>,
        use handler: @escaping @Sendable (EndpointRequest<Path, Input>, Context) async throws -> EndpointReply<Output>
    ) {
        let name = endpoint.parameter
        route(
            endpoint,
            { context in
                // Only the id of an author can be malformed, and then there is no such author.
                guard let path = context.parameters.get(name).flatMap({ Path(pathText: $0) }) else {
                    throw Failure(.authorNotFound)
                }
                return path
            }, handler)
    }

    private func route<Path, Input, Output>(
        _ endpoint: Endpoint<Path, Input, Output>, _ path: @escaping @Sendable (Context) throws -> Path,
        _ handler: @escaping @Sendable (EndpointRequest<Path, Input>, Context) async throws -> EndpointReply<Output>
    ) {
        // A programming error, such as an admin endpoint on a route for guests, stops the daemon when the router is
        // made.
        precondition(Context.access.contains(endpoint.access), "\(endpoint.path) is for \(endpoint.access)")
        on(RouterPath(endpoint.path), method: .init(endpoint.method.rawValue) ?? .get) { request, context in
            try context.admit(endpoint.method)
            if let parameters = endpoint.parameters { try request.checkQuery(among: parameters) }
            return try await handler(EndpointRequest(request: request, path: path(context)), context).response
        }
    }
}
