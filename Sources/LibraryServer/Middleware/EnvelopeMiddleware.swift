import HTTPTypes
import Hummingbird
import LibraryStore
import Logging

/// Adds the header fields that every reply has, and logs each request in one line.
struct EnvelopeMiddleware: RouterMiddleware {
    let logger: Logger

    func handle(
        _ request: Request, context: GuestContext, next: (Request, GuestContext) async throws -> Response
    ) async throws -> Response {
        var log = RequestLog(logger: logger, requestID: context.requestID, method: request.method.rawValue)
        var response = try await next(request, context)
        response.headers.append(
            contentsOf: ReplyHead.envelope(
                requestID: context.requestID, isPrivate: response.headers.contains(.cacheControl)))
        log.route = context.endpointPath ?? "-"
        log.write(response.status)
        return response
    }
}
