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
    let recorder: RequestRecorder

    /// The endpoints that may be answered here, by their paths without parameters.
    private enum Action {
        case live, ready, page, create
        case author(Int64)
    }

    private struct Route {
        let path: [UInt8]
        let action: Action
        /// The place in ``RouteTable/all``.
        let place: Int?

        init<Path, Input, Output>(_ endpoint: Endpoint<Path, Input, Output>, _ action: Action) {
            path = Array(endpoint.path.utf8)
            place = RouteTable.place(endpoint.method.rawValue, endpoint.path)
            self.action = action
        }
    }

    private static let gets = [
        Route(Endpoints.authors, .page), Route(Endpoints.live, .live), Route(Endpoints.healthz, .live),
        Route(Endpoints.ready, .ready),
    ]
    private static let posts = [
        Route(Endpoints.createAuthor, .create), Route(Endpoints.createAuthorByOldPath, .create),
    ]
    private static let authorPrefix = Array((Endpoints.authors.path + "/").utf8)
    private static let author = RouteTable.place(Endpoints.author.method.rawValue, Endpoints.author.path)

    /// - Parameter caller: of the last request of the connection.
    /// - Returns: `nil` if the router has to answer.
    func request(
        _ head: HotHead, from peer: @autoclosure () -> SocketAddress? = nil, _ caller: inout KnownCaller?
    ) -> Request? {
        let end = head.target.firstIndex(of: UInt8(ascii: "?"))
        let path = head.target.range(0..<(end ?? head.target.count))
        guard let (action, place) = action(path, hasQuery: end != nil, isPost: head.isPost) else { return nil }
        var log = recorder.begin(
            head.isPost ? "POST" : "GET", id: RequestID.next(), forwardedFor: head.forwardedFor?.text, from: peer())
        log.route = place
        switch action {
        case .live: return .answered(log.reply { health.live() })
        case .ready: return .answered(log.reply { try health.ready() })
        default: break
        }
        guard let principal = authenticator.known(head.token, &caller), principal.mayWrite || !head.isPost else {
            return nil
        }
        log.user = principal.name
        if case .create = action {
            guard head.isJSON else { return nil }
            return .create(HotCreate(head, principal, self, log))
        }
        let (target, tags) = (head.target.text, head.ifNoneMatch)
        let caller = authenticator.store.caller(principal)
        let reply = Result {
            if case .author(let id) = action { return try authors.author(id, target, caller, ifNoneMatch: tags) }
            return try authors.page(target, caller, ifNoneMatch: tags)
        }
        if case .success(nil) = reply { return nil }
        return .answered(log.reply { try reply.get() ?? Reply() })
    }

    private func action(
        _ path: UnsafeRawBufferPointer, hasQuery: Bool, isPost: Bool
    ) -> (action: Action, place: Int?)? {
        if isPost, hasQuery { return nil }
        let routes = isPost ? Self.posts : Self.gets
        if let known = routes.first(where: { path.isEqual(to: $0.path) }) { return (known.action, known.place) }
        if isPost { return nil }
        let prefix = Self.authorPrefix
        guard !hasQuery, path.count > prefix.count, path.range(0..<prefix.count).isEqual(to: prefix) else { return nil }
        return Int64(decimal: path.suffix(from: prefix.count).text).map { (.author($0), Self.author) }
    }
}

/// An author that is being added.
final class HotCreate {
    private let idempotencyKeys: [String]
    private let principal: Principal
    private let lane: HotLane
    private let log: RequestLog
    /// JSON, as far as it has come.
    var body: [UInt8] = []

    init(_ head: HotHead, _ principal: Principal, _ lane: HotLane, _ log: RequestLog) {
        idempotencyKeys = head.idempotencyKeys
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
            let key = try IdempotencyKey.read(idempotencyKeys)
            try lane.authenticator.confirmKnown(principal)
            lane.authors.create(body, key, principal, completion: finish)
        } catch {
            finish(.failure(error))
        }
    }
}

extension RequestLog {
    /// The reply that `body` makes, or a problem document for its error. It is logged.
    func reply(_ body: () throws -> Reply) -> Reply {
        var reply: Reply
        do {
            reply = try body()
        } catch {
            reply = ProblemMiddleware.reply(
                Failure(error, requestID: requestID, recorder.logger), requestID: requestID)
        }
        reply.serverTiming = end(reply.status)
        reply.requestID = requestID
        return reply
    }
}
