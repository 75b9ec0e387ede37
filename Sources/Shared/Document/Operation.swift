/// An endpoint without its types: all that routes and documents need to know of it.
public struct Operation: Sendable {
    public let method: Method
    public let path: String
    public let access: Access
    public let summary: String
    public let details: String
    /// The parameter of the path.
    public let pathParameter: (name: String, shape: Shape, example: JSONValue)?
    /// The parameters of the query.
    public let parameters: [ParameterShape]
    /// Header fields of the request, besides those of credentials.
    public let takes: [HeaderField]
    /// The body of the request; `nil` for none.
    public let body: Content?
    /// All replies, by status.
    public let replies: [Reply]

    /// A body.
    public struct Content: Sendable {
        public let mediaTypes: [String]
        /// The object in JSON, in each line of a file, or in each event; `nil` for a document of another standard.
        public let shape: ObjectShape?
        /// JSON of one object.
        public let example: [UInt8]?
    }

    public struct Reply: Sendable {
        public let status: Int
        /// `nil` for none, and for problems, which all have one form.
        public let content: Content?
        public let headers: [HeaderField]
        /// The codes of the problems with this status; empty for a success.
        public let codes: [ErrorCode]
    }

    /// The part of the API to which it belongs: `account`, `authors`, `users` or `daemon`.
    public var part: String {
        switch path.split(separator: "/").first {
        case "authors", "author": "authors"
        case "users": "users"
        default: [.anyone, .local].contains(access) && method == .get ? "daemon" : "account"
        }
    }

    /// `getAuthorsById` for `GET /authors/{id}`.
    public var id: String {
        path.split { "/_".contains($0) }.reduce(method.rawValue.lowercased()) { id, word in
            let isParameter = word.first == "{"
            let name = word.filter { $0 != "{" && $0 != "}" }
            return id + (isParameter ? "By" : "") + name.prefix(1).uppercased() + name.dropFirst()
        }
    }
}

extension Endpoint {
    var operation: Operation {
        let body = requestBody
        return Operation(
            method: method, path: path, access: access, summary: documentation.summary,
            details: documentation.details,
            pathParameter: (Path.self as? any PathParameter.Type).map { (parameter, $0.shape, $0.example) },
            parameters: queryShapes, takes: documentation.takes + (hasIdempotencyKey ? [.idempotencyKey] : []),
            body: body, replies: successes + failures(hasBody: body != nil))
    }

    private var hasIdempotencyKey: Bool { isRepeatable && method == .post && storage == .writes }

    private var storage: Documentation.Storage {
        documentation.storage ?? (method != .get ? .writes : access == .anyone ? .nothing : .reads)
    }

    private var queryShapes: [ParameterShape] {
        (Input.self as? any RequestQuery.Type)?.shapes ?? documentation.query
    }

    private var requestBody: Operation.Content? {
        let types = documentation.sends.mediaTypes
        switch (documentation.sends, Input.documented) {
        case (.file, _):
            return .init(
                mediaTypes: types, shape: ObjectShape(of: AuthorDraft.self), example: AuthorDraft.example.json)
        case (_, .json(let shape, let example)): return .init(mediaTypes: types, shape: shape, example: example)
        default: return nil
        }
    }

    private var successes: [Operation.Reply] {
        let types = documentation.returns.mediaTypes
        var content: Operation.Content?
        if case .json(let shape, let example) = Output.documented {
            content = .init(mediaTypes: types, shape: shape, example: example)
        } else if case .other = documentation.returns {
            content = .init(mediaTypes: types, shape: nil, example: nil)
        }
        let status = documentation.status ?? (content == nil ? 204 : 200)
        let headers = HeaderField.ofEveryReply + [.serverTiming] + documentation.gives
        let success = Operation.Reply(status: status, content: content, headers: headers, codes: [])
        guard method == .get, documentation.takes.contains(.ifNoneMatch) else { return [success] }
        return [success, Operation.Reply(status: 304, content: nil, headers: headers, codes: [])]
    }

    private func failures(hasBody: Bool) -> [Operation.Reply] {
        let codes = ErrorCode.allCases.filter(allCodes(hasBody: hasBody).contains)
        return Set(codes.map(\.status)).sorted().map { status in
            let codes = codes.filter { $0.status == status }
            let isLimited = codes.contains(where: ErrorCode.ofAttempts.contains)
            return Operation.Reply(
                status: status, content: nil,
                headers: HeaderField.ofEveryReply + HeaderField.ofFailures(status)
                    + (isLimited ? [.rateLimit, .rateLimitPolicy] : []),
                codes: codes)
        }
    }

    private func allCodes(hasBody: Bool) -> Set<ErrorCode> {
        var codes = Set(ErrorCode.ofEveryRequest + documentation.failures)
        if parameters != nil { codes.insert(.invalidQuery) }
        if storage != .nothing { codes.insert(.storageUnavailable) }
        if storage == .writes { codes.formUnion([.storageFull, .outcomeUnknown]) }
        if hasBody { codes.formUnion(ErrorCode.ofBodies) }
        if documentation.takes.contains(.ifMatch) { codes.insert(.preconditionFailed) }
        switch access {
        case .anyone: break
        case .password: codes.formUnion(ErrorCode.ofPasswords)
        case .token: codes.formUnion(ErrorCode.ofTokens + (method == .get ? [] : [.insufficientScope]))
        case .login: codes.formUnion(ErrorCode.ofTokens + [.loginRequired])
        case .admin: codes.formUnion(ErrorCode.ofTokens + [.loginRequired, .adminRequired])
        case .local: codes.formUnion(ErrorCode.ofTokens + [.adminRequired])
        }
        return codes
    }
}

extension HeaderField {
    static let ofEveryReply: [HeaderField] = [.requestID, .contentTypeOptions, .cacheControl]

    static func ofFailures(_ status: Int) -> [HeaderField] {
        switch status {
        case 401: [.authenticate]
        case 406: [.vary]
        case 415: [.acceptEncoding]
        case 429, 503: [.retryAfter]
        default: []
        }
    }
}

extension ErrorCode {
    /// Failures of any request, before a route is looked for or by a fault of the daemon.
    public static let ofEveryRequest: [ErrorCode] = [
        .badRequest, .requestTimeout, .bodyTooLarge, .uriTooLong, .headersTooLarge, .busy, .internalError,
    ]
    static let ofBodies: [ErrorCode] = [.invalidJSON, .invalidFields, .unsupportedMediaType]
    static let ofTokens: [ErrorCode] = [.tokenMissing, .tokenMalformed, .tokenExpired, .tokenRevoked, .tokensConflict]
    static let ofPasswords: [ErrorCode] = [
        .credentialsMissing, .credentialsMalformed, .credentialsWrong, .rateLimited,
    ]
    /// Failures of a try with a password.
    public static let ofAttempts: [ErrorCode] = [.credentialsWrong, .passwordWrong, .rateLimited]
}
