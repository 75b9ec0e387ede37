import HTTPTypes
import Hummingbird
import LibraryStore
import Logging
import NIOCore
import NIOHTTP1
import Shared

/// Answers the busiest endpoints on the event loop that has read the request: without a task, another thread, or the
/// router's values. What is unusual about a request, such as a token that nobody has verified yet, goes to the router,
/// whose routes call the same functions.
struct HotLane: Sendable {
    /// A request that the lane answers.
    enum Request {
        /// A request without a body, and its reply.
        case answered(Reply)
        /// A request whose body is still to come.
        case create(HotCreate)
    }

    let health: HealthRoutes
    let authors: AuthorRoutes
    let authenticator: Authenticator
    let logger: Logger

    /// The endpoints that may be answered here, by their paths without parameters.
    private enum Action {
        case live, ready, page, create
        case author(Int64)
    }

    private static let gets: [String: Action] = [
        Endpoints.live.path: .live, Endpoints.healthz.path: .live, Endpoints.ready.path: .ready,
        Endpoints.authors.path: .page,
    ]
    private static let posts: [String: Action] = [
        Endpoints.createAuthor.path: .create, Endpoints.createAuthorByOldPath.path: .create,
    ]
    private static let authorPrefix = Endpoints.authors.path + "/"

    /// - Returns: `nil` if the router has to answer.
    func request(_ head: HTTPRequestHead, hasBody: Bool) -> Request? {
        let end = head.uri.utf8.firstIndex(of: UInt8(ascii: "?"))
        let path = end.map { String(head.uri[..<$0]) } ?? head.uri
        guard let action = action(head.method, path, hasQuery: end != nil, hasBody) else { return nil }
        var log = RequestLog(logger: logger, requestID: RequestID.next(), method: head.method.rawValue, route: path)
        switch action {
        case .live: return .answered(log.reply { health.live() })
        case .ready: return .answered(log.reply { try health.ready() })
        default: break
        }
        guard let fields = HotFields(head), let principal = authenticator.known(fields.token) else { return nil }
        switch action {
        case .author(let id):
            guard fields.acceptsJSON else { return nil }
            log.route = Endpoints.author.path
            return .answered(log.reply { try authors.author(id, head.uri, principal, ifNoneMatch: fields.ifNoneMatch) })
        case .create:
            guard fields.isJSON else { return nil }
            return .create(HotCreate(fields, principal, self, log))
        default:
            guard fields.acceptsJSON else { return nil }
            let page = Result { try authors.page(head.uri, principal, ifNoneMatch: fields.ifNoneMatch) }
            if case .success(nil) = page { return nil }
            return .answered(log.reply { try page.get() ?? Reply() })
        }
    }

    private func action(_ method: HTTPMethod, _ path: String, hasQuery: Bool, _ hasBody: Bool) -> Action? {
        switch method {
        case .GET where !hasBody:
            if let action = Self.gets[path] { return action }
            guard !hasQuery, path.utf8.starts(with: Self.authorPrefix.utf8) else { return nil }
            return Int64(decimal: path.dropFirst(Self.authorPrefix.utf8.count)).map { .author($0) }
        case .POST where hasBody && !hasQuery: return Self.posts[path]
        default: return nil
        }
    }
}

/// An author that is being added.
final class HotCreate {
    private let fields: HotFields
    private let principal: Principal
    private let lane: HotLane
    private let log: RequestLog
    /// JSON, as far as it has come.
    var body: [UInt8] = []

    init(_ fields: HotFields, _ principal: Principal, _ lane: HotLane, _ log: RequestLog) {
        self.fields = fields
        self.principal = principal
        self.lane = lane
        self.log = log
    }

    /// Stores the author, now that the body is whole.
    /// - Parameter send: called once, on this thread or, after a commit, on another.
    func perform(_ send: @escaping @Sendable (Reply) -> Void) {
        let log = log
        let finish: @Sendable (Result<Reply, any Error>) -> Void = { result in send(log.reply { try result.get() }) }
        do {
            let key = try IdempotencyKey.read(fields.idempotencyKeys)
            lane.authors.create(
                body, key, principal, { _ = try lane.authenticator.confirm(principal) }, completion: finish)
        } catch {
            finish(.failure(error))
        }
    }
}

extension RequestLog {
    /// The reply that `body` makes, or a problem document for its error, with the fields of every reply. It is logged.
    func reply(_ body: () throws -> Reply) -> Reply {
        let reply: Reply
        do {
            reply = try body()
        } catch {
            reply = ProblemMiddleware.reply(Failure(error, requestID: requestID, logger), requestID: requestID)
        }
        write(reply.status)
        return reply.enveloped(requestID: requestID)
    }
}

/// What the lane needs of the fields of a head.
struct HotFields {
    private(set) var token = ""
    private(set) var acceptsJSON = true
    /// Whether there is a body, and it is small, of a known length, and JSON.
    private(set) var isJSON = false
    private(set) var ifNoneMatch: [String] = []
    private(set) var idempotencyKeys: [String] = []

    /// `nil` if the router has to read them.
    init?(_ head: HTTPRequestHead) {
        for (name, value) in head.headers {
            switch name.lowercased() {
            case "authorization":
                guard token.isEmpty, value.utf8.starts(with: "Bearer ".utf8) else { return nil }
                token = String(value.dropFirst("Bearer ".utf8.count))
            case "x-access-tokens":
                guard token.isEmpty else { return nil }
                token = value
            case "accept": acceptsJSON = acceptsJSON && (value == "*/*" || value.hasPrefix(MediaType.json))
            case "content-type":
                guard !isJSON, value == MediaType.json else { return nil }
                isJSON = true
            case "content-length":
                guard let length = RequestCheck.contentLength(value), length <= Hummingbird.Request.maximumBody else {
                    return nil
                }
            case "if-none-match": ifNoneMatch.append(value)
            case "idempotency-key": idempotencyKeys.append(value)
            case "content-encoding", "transfer-encoding", "expect": return nil
            default: break
            }
        }
        guard !token.isEmpty else { return nil }
    }
}
