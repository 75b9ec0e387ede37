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

    /// The call with a parameter in the path and a query.
    public func call(_ parameter: Path, _ query: Input) -> EndpointCall<Output>
    where Path: PathParameter, Input: RequestQuery {
        call(path(parameter) + QueryItem.string(query.items))
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
        let (start, rest) = (String(path[..<open]), String(path[path.utf8.index(after: close)...]))
        return start + PercentEncoding.encode(parameter.pathText) + rest
    }
}

extension Endpoint {
    /// The name of the parameter of the path: `id` in `/authors/{id}`.
    public var parameter: String {
        String(path.drop { $0 != "{" }.dropFirst().prefix { $0 != "}" })
    }
}
