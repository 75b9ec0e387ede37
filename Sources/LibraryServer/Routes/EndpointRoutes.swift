import HTTPTypes
import Hummingbird
import Shared

/// A request of an endpoint, whose path and query parameters are those that the endpoint knows.
struct EndpointRequest<Path: Sendable, Input: Sendable>: Sendable {
    let request: Request
    let path: Path

    var headers: HTTPFields { request.headers }
}

extension EndpointRequest where Input: JSONReadable {
    /// - Throws: as ``Hummingbird/Request/decode(as:)``.
    func body() async throws -> Input { try await request.decode() }
}

extension EndpointRequest where Input: RequestQuery {
    /// - Throws: ``Failure`` `invalid_query`.
    func query() throws -> Input { try request.query { items throws(InvalidFields) in try Input(items: items) } }
}

/// What an endpoint answers.
struct EndpointReply<Output: Sendable>: Sendable {
    let response: Response

    /// A reply whose bytes were made without a value: rows, files, events, and what was answered before.
    static func made(_ response: Response) -> Self { Self(response: response) }
}

extension EndpointReply where Output: JSONWritable {
    static func value(_ value: Output, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Self {
        Self(response: .json(value, status: status, headers: headers))
    }
}

extension EndpointReply<Empty> {
    /// 204 without a body.
    static var none: Self { Self(response: Response(status: .noContent)) }
}

/// A context that says which callers get to the routes that take it.
protocol EndpointContext: RequestContext {
    static var access: [Access] { get }
}

extension GuestContext: EndpointContext {
    static let access = [Access.anyone, .password]
}

extension CallerContext: EndpointContext {
    static let access = [Access.token]
}

extension AdminContext: EndpointContext {
    static let access = [Access.admin]
}

extension RouterMethods where Context: EndpointContext {
    /// Routes an endpoint to its handler, which sees no request with parameters that the endpoint does not know: what a
    /// client means by them, such as a dry run, would not be done.
    func on<Input, Output>(
        _ endpoint: Endpoint<Empty, Input, Output>,
        use handler: @escaping @Sendable (EndpointRequest<Empty, Input>, Context) async throws -> EndpointReply<Output>
    ) {
        route(endpoint, { _ in Empty() }, handler)
    }

    /// The same for an endpoint with a parameter in its path.
    func on<Path: PathParameter, Input, Output>(
        _ endpoint: Endpoint<Path, Input, Output>,
        use handler: @escaping @Sendable (EndpointRequest<Path, Input>, Context) async throws -> EndpointReply<Output>
    ) {
        let name = endpoint.parameter
        route(
            endpoint,
            { context in
                // Only the id of an author can be none, and what is no id cannot be anybody's author.
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
        // A mistake in the program, which shows when the router is made: an endpoint for admins that anyone could call.
        precondition(Context.access.contains(endpoint.access), "\(endpoint.path) is for \(endpoint.access)")
        on(RouterPath(endpoint.path), method: .init(endpoint.method.rawValue) ?? .get) { request, context in
            if let parameters = endpoint.parameters { try request.checkQuery(among: parameters) }
            return try await handler(EndpointRequest(request: request, path: path(context)), context).response
        }
    }
}
