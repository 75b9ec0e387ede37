import HTTPTypes
import Hummingbird
import LibraryStore

/// Adds the header fields that every reply has, and records each request.
struct EnvelopeMiddleware: RouterMiddleware {
    let recorder: RequestRecorder

    func handle(
        _ request: Request, context: GuestContext, next: (Request, GuestContext) async throws -> Response
    ) async throws -> Response {
        var log = recorder.begin(
            request.method.rawValue, id: context.requestID,
            forwardedFor: request.headers[values: .forwardedFor].last, from: context.peer)
        var response = try await next(request, context)
        log.route = context.endpointPath.flatMap { RouteTable.place(log.method, $0) }
        log.user = context.user.name
        let hasCacheControl = response.headers.contains(.cacheControl)
        ReplyHead.forEachCommonField(
            requestID: context.requestID, timing: log.end(response.status), hasCacheControl: hasCacheControl
        ) { name, value in
            response.headers.append(HTTPField(name: name, value: value))
        }
        return response
    }
}
