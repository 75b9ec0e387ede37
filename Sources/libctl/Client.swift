import Shared

/// Calls endpoints and tells a daemon's answer from anything else.
struct Client {
    let server: Server
    let transport: Transport
    /// Called with one line about each exchange, without secrets.
    let trace: (String) -> Void

    /// Calls an endpoint that answers with a value.
    func call<Input, Output: JSONReadable>(
        _ endpoint: Endpoint<Input, Output>, path: String? = nil, authorization: String? = nil,
        body: (any JSONWritable)? = nil, timeoutMilliseconds: Int = 60_000
    ) throws -> Output {
        let reply = try exchange(endpoint.method, path ?? endpoint.path, authorization, body, timeoutMilliseconds)
        guard reply.mediaType == "application/json",
            let output = try? Output(json: reply.body, unknownMembers: .ignored)
        else { throw foreign(reply) }
        return output
    }

    /// Calls an endpoint that answers with nothing.
    func call<Input>(
        _ endpoint: Endpoint<Input, Empty>, path: String? = nil, authorization: String? = nil,
        body: (any JSONWritable)? = nil
    ) throws {
        let reply = try exchange(endpoint.method, path ?? endpoint.path, authorization, body, 60_000)
        guard reply.status == 204 else { throw foreign(reply) }
    }

    /// Sends lines of NDJSON; answers with the result of each.
    func send<Input, Output>(
        _ endpoint: Endpoint<Input, Output>, _ items: [QueryItem], lines: [UInt8], authorization: String
    ) throws -> [BulkResult] {
        let type = AuthorLines.Format.ndjson.mediaType
        let reply = try exchange(
            endpoint.method, endpoint.path + QueryItem.string(items), authorization, (type, lines), 600_000)
        guard reply.mediaType == type else { throw foreign(reply) }
        return try reply.body.split(separator: UInt8(ascii: "\n")).map { line in
            guard let result = try? BulkResult(json: Array(line), unknownMembers: .ignored) else {
                throw foreign(reply)
            }
            return result
        }
    }

    private func exchange(
        _ method: Method, _ path: String, _ authorization: String?, _ body: (any JSONWritable)?, _ timeout: Int
    ) throws -> TransportReply {
        try exchange(method, path, authorization, body.map { ("application/json", $0.json) }, timeout)
    }

    private func exchange(
        _ method: Method, _ path: String, _ authorization: String?, _ body: (type: String, bytes: [UInt8])?,
        _ timeout: Int
    ) throws -> TransportReply {
        var headers = [("Accept", "application/json, \(Problem.mediaType)")]
        if let authorization { headers.append(("Authorization", authorization)) }
        if let body { headers.append(("Content-Type", body.type)) }
        let needsBody = body != nil || method == .post
        let reply = try transport(
            TransportRequest(
                method: method.rawValue, path: path, headers: headers, body: body?.bytes ?? (needsBody ? [] : nil),
                timeoutMilliseconds: timeout))
        trace("\(method.rawValue) \(server.base)\(path) \(reply.status) \(reply.body.count) bytes")
        if (200..<300).contains(reply.status) { return reply }
        guard reply.mediaType == Problem.mediaType,
            let problem = try? Problem(json: reply.body, unknownMembers: .ignored), problem.status == reply.status
        else { throw foreign(reply) }
        throw problem
    }

    private func foreign(_ reply: TransportReply) -> CommandFailure {
        CommandFailure(
            .foreignReply, "what answers at \(server.origin) is not libraryd (status \(reply.status))",
            hint: "check --server")
    }
}

extension TransportReply {
    fileprivate var mediaType: String? {
        headers["content-type"]?.split(separator: ";").first.map { $0.lowercased() }
    }
}
