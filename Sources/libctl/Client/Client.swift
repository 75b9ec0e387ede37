import Shared

/// Calls endpoints, and rejects replies that do not come from libraryd.
final class Client {
    /// Limit in seconds of all waits in one exchange for a daemon that is busy or restarting.
    private static let longestWait: Int64 = 10

    let server: Server
    let transport: Transport
    /// Called with one line about each exchange, without headers and bodies.
    let trace: (String) -> Void
    /// Waits so many seconds, and tells the user why.
    let wait: (_ why: String, _ seconds: Int64) -> Void
    /// Limit of each request, in seconds; `nil` for none.
    let limit: Int64?
    /// Lets the daemon prove itself on a new connection, before anything else is sent over it, and returns the number
    /// of that connection. `nil` if no proof is needed. Set by ``CommandContext``.
    var prove: (() throws -> Int)?
    /// The connection on which the daemon has proven itself.
    var provenConnection: Int?
    /// Whether the daemon has replied before. If nothing listens any more, the daemon may be restarting.
    private(set) var hasAnswered = false

    init(
        server: Server, transport: @escaping Transport, limit: Int64? = nil, trace: @escaping (String) -> Void,
        wait: @escaping (_ why: String, _ seconds: Int64) -> Void
    ) {
        self.server = server
        self.transport = transport
        self.limit = limit
        self.trace = trace
        self.wait = wait
    }

    /// Calls an endpoint whose reply is JSON.
    /// - Parameters:
    ///   - clientName: the `User-Agent`; `nil` for the transport's own.
    ///   - isPatient: whether to wait and repeat, as ``exchange(_:isRepeatable:isPatient:)`` says.
    func send<Output: JSONReadable>(
        _ call: EndpointCall<Output>, authorization: String? = nil, ifMatch: String? = nil,
        clientName: String? = nil, timeoutMilliseconds: Int = 60_000, isPatient: Bool = true
    ) throws -> Output {
        let request = request(
            call, authorization, timeoutMilliseconds, ifMatch: ifMatch, clientName: clientName)
        let reply = try exchange(request, isRepeatable: call.isRepeatable, isPatient: isPatient)
        guard reply.mediaType == "application/json",
            let output = try? Output(json: reply.body, unknownMembers: .ignored)
        else { throw foreign(reply) }
        return output
    }

    /// Calls an endpoint whose reply has no body (204).
    func send(_ call: EndpointCall<Empty>, authorization: String? = nil) throws {
        let reply = try exchange(request(call, authorization, 60_000), isRepeatable: call.isRepeatable)
        guard reply.status == 204 else { throw foreign(reply) }
    }

    /// Sends lines of NDJSON and reads a result for each.
    /// - Parameters:
    ///   - results: stores the reply, which may be too long for memory.
    ///   - take: called with each result, once the whole reply has arrived.
    func send<Output: JSONReadable>(
        _ endpoint: Endpoint<AuthorFilePath, BulkOptions, Output>, _ options: BulkOptions, lines: SpooledFile,
        results: SpooledFile, authorization: String, take: (Output) throws -> Void
    ) throws {
        let type = AuthorLines.Format.ndjson.mediaType
        var request = request(
            endpoint.method, endpoint.path(options), authorization, (type, .spool(lines)), 600_000)
        request.gathered = results
        let reply = try exchange(request, isRepeatable: endpoint.isRepeatable)
        guard reply.status == 200, reply.mediaType == type else { throw foreign(reply) }
        var records = JSONRecords()
        func takeLine(_ record: Record) throws {
            guard record.fault == nil, let result = try? Output(json: record.content, unknownMembers: .ignored)
            else { throw foreign(reply) }
            try take(result)
        }
        try results.forEachPiece { try records.append($0, takeLine) }
        try records.end(takeLine)
    }

    /// Requests `path`, and calls `take` with each piece of the reply as it arrives.
    /// - Parameters:
    ///   - mediaType: the media type that the reply must have.
    ///   - patience: timeout for each piece, in seconds.
    func stream(
        _ path: String, as mediaType: String, headers: [(String, String)] = [], authorization: String,
        patience: Int, take: ([UInt8]) throws -> Void
    ) throws {
        try withoutActuallyEscaping(take) { take in
            let reply = try exchange(
                TransportRequest(
                    method: Method.get.rawValue, path: path,
                    headers: [("Accept", "\(mediaType), \(Problem.mediaType)"), ("Authorization", authorization)]
                        + headers,
                    body: nil, patience: .piece(seconds: patience),
                    receive: { head, bytes in
                        guard head.status == 200, head.mediaType == mediaType else { throw self.foreign(head) }
                        try take(bytes)
                    }),
                isRepeatable: false)
            guard reply.status == 200, reply.mediaType == mediaType else { throw foreign(reply) }
        }
    }

    private func request<Output>(
        _ call: EndpointCall<Output>, _ authorization: String?, _ timeout: Int, ifMatch: String? = nil,
        clientName: String? = nil
    ) -> TransportRequest {
        request(
            call.method, call.path, authorization, call.body.map { ("application/json", .bytes($0)) }, timeout,
            ifMatch: ifMatch, clientName: clientName)
    }

    private func request(
        _ method: Method, _ path: String, _ authorization: String?,
        _ body: (type: String, contents: TransportRequest.Body)?, _ timeout: Int, ifMatch: String? = nil,
        clientName: String? = nil
    ) -> TransportRequest {
        var headers = [("Accept", "application/json, \(Problem.mediaType)")]
        if let authorization { headers.append(("Authorization", authorization)) }
        if let clientName { headers.append(("User-Agent", clientName)) }
        if let ifMatch { headers.append(("If-Match", ifMatch)) }
        if let body { headers.append(("Content-Type", body.type)) }
        if method == .post { headers.append(("Idempotency-Key", Self.newKey())) }
        let needsBody = body != nil || method == .post
        return TransportRequest(
            method: method.rawValue, path: path, headers: headers,
            body: body?.contents ?? (needsBody ? .bytes([]) : nil), patience: .whole(milliseconds: timeout))
    }

    /// A new `Idempotency-Key`, 128 random bits: the daemon carries out a request once, however often it arrives.
    static func newKey() -> String {
        String(UInt128.random(in: .min ... .max), radix: 36)
    }

    /// Sends the request, and repeats it where it cannot take effect twice:
    /// - The reply broke off, and the endpoint is repeatable: at once, and once more after a second, because the
    ///   first repetition may have met the daemon that was going down.
    /// - Nothing listens any more, though the daemon has replied before, and the request is no stream: after 1, 2 and 4
    ///   seconds. Nothing was sent.
    /// - The daemon does not know whether it was done (504), and the endpoint is repeatable: after 1 and 2 seconds.
    /// - The daemon is busy (429, 503): after its `Retry-After`. The daemon has done nothing yet.
    ///
    /// A timeout is not repeated, because the repetition would take as long.
    /// - Parameter refused: called with the reply before its problem is thrown.
    /// - Throws: ``Problem``, ``CommandError``.
    func exchange(
        _ request: TransportRequest, isRepeatable: Bool, isPatient: Bool = true,
        refused: (TransportReply) -> Void = { _ in }
    ) throws -> TransportReply {
        /// Number of replies that broke off.
        var lost = 0
        var waited: Int64 = 0
        let deadline = limit.map { ContinuousClock.now + .seconds($0) }
        func hasTime(for pause: Int64) -> Bool {
            waited + pause <= Self.longestWait && deadline.map { .now + .seconds(pause) < $0 } ?? true
        }
        while true {
            let reply: TransportReply
            do {
                reply = try deliver(request, until: deadline)
            } catch let failure as CommandError {
                trace("\(request.method) \(server.base)\(request.path): \(failure.reason)")
                let isLost = failure.exit == .protocolError
                let isRepeated =
                    isLost
                    ? isRepeatable && isPatient && lost < 2
                    : failure.exit == .unavailable && (lost > 0 || hasAnswered && isPatient && request.receive == nil)
                // 0 after the first reply that broke off, else 1, 2 and 4.
                let pause = isLost && lost == 0 ? 0 : waited + 1
                guard isRepeated, hasTime(for: pause) else {
                    let mayBeDone = lost > 0 || failure.isLostAnswer
                    guard mayBeDone, isPatient, !["GET", "HEAD"].contains(request.method) else { throw failure }
                    throw failure.saying(hint: CommandError.mayBeDone)
                }
                if isLost { lost += 1 }
                if pause > 0 { wait("the daemon went away", pause) }
                waited += pause
                continue
            }
            let size = max(reply.body.count, request.gathered?.count ?? 0)
            trace("\(request.method) \(server.base)\(request.path) \(reply.status) \(size) bytes")
            hasAnswered = true
            // 304 is the reply to If-None-Match, which a user of `libctl api` may send.
            if reply.isSuccess || reply.status == 304 { return reply }
            guard reply.status >= 400 else { throw foreign(reply) }
            let problem = try request.method == "HEAD" ? Problem(headOf: reply) : problem(reply)
            // As a reply that broke off: the repetition finds out what became of the request.
            if problem.isOutcomeUnknown, isRepeatable, isPatient, lost < 2, hasTime(for: waited + 1) {
                lost += 1
                wait("the daemon does not know whether it was done", waited + 1)
                waited += waited + 1
                continue
            }
            refused(reply)
            guard [429, 503].contains(reply.status),
                let pause = reply.headers["retry-after"].flatMap({ Int64(decimal: $0) }).map({ max($0, 1) })
            else { throw problem }
            guard isPatient, pause <= Self.longestWait, hasTime(for: pause) else {
                throw CommandError(problem, retryAfter: pause)
            }
            waited += pause
            wait("the daemon has too much to do", pause)
        }
    }

    /// Sends the request once: if a proof is needed, only over a connection on which the daemon has proven itself.
    private func deliver(_ request: TransportRequest, until deadline: ContinuousClock.Instant?) throws -> TransportReply
    {
        var request = request
        if let deadline {
            let left = ContinuousClock.now.duration(to: deadline)
            request.limitMilliseconds = min(max(1, Int(left / .milliseconds(1))), Int(Int32.max))
        }
        guard let prove else { return try transport(request) }
        for _ in 0..<3 {
            if provenConnection == nil { provenConnection = try prove() }
            request.connection = provenConnection
            do {
                return try transport(request)
            } catch is ConnectionEnded {
                provenConnection = nil
            }
        }
        throw CommandError(
            .notLoggedIn, "\(server.origin) ends each connection, so the daemon cannot prove that it is yours",
            hint: "libctl login --server \(server.origin)")
    }

    private func problem(_ reply: TransportReply) throws -> Problem {
        guard reply.mediaType == Problem.mediaType,
            let problem = try? Problem(json: reply.body, unknownMembers: .ignored), problem.status == reply.status
        else { throw foreign(reply) }
        return problem
    }

    private func foreign(_ reply: TransportReply) -> CommandError {
        CommandError(
            .protocolError, "what answers at \(server.origin) is not libraryd (status \(reply.status))",
            hint: server.socket == nil ? "name another address with --server" : "name another socket with --server")
    }
}

extension Problem {
    /// The problem of a failed `HEAD` request: its reply has no body, so the problem is made from the head.
    fileprivate init(headOf reply: TransportReply) {
        self.init(
            status: reply.status, title: "", code: "status_\(reply.status)", message: "",
            detail: "the daemon answered with status \(reply.status)",
            requestID: reply.headers["x-request-id"] ?? "")
    }
}
