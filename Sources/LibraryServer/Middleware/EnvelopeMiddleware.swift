import HTTPTypes
import Hummingbird
import LibraryStore
import Logging

/// Adds the header fields that every reply has, and logs each request in one line.
struct EnvelopeMiddleware: RouterMiddleware {
    let logger: Logger
    let behindProxy: Bool

    func handle(
        _ request: Request, context: GuestContext, next: (Request, GuestContext) async throws -> Response
    ) async throws -> Response {
        var log = RequestLog(
            logger: logger, requestID: context.requestID, method: request.method.rawValue,
            client: ClientAddress.name(
                request.headers[values: .forwardedFor].last, context.peer, behindProxy: behindProxy))
        var response = try await next(request, context)
        let isPrivate = response.headers.contains(.cacheControl)
        ReplyHead.forEachCommonField(requestID: context.requestID, isPrivate: isPrivate) { name, value in
            response.headers.append(HTTPField(name: name, value: value))
        }
        // The router has a name of its own for no route.
        log.route = context.endpointPath.flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "-"
        log.user = context.user.name
        log.write(response.status)
        return response
    }
}
