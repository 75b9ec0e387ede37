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
        let start = ContinuousClock.now
        var response = try await next(request, context)
        let isPrivate = response.headers.contains(.cacheControl)
        response.headers.append(HTTPField(name: .xRequestID, value: context.requestID))
        response.headers.append(HTTPField(name: .xContentTypeOptions, value: "nosniff"))
        if !isPrivate { response.headers.append(HTTPField(name: .cacheControl, value: "no-store")) }
        if logger.logLevel <= .info {
            // Logs the path's pattern and not the path, so that no user input is in the log.
            logger.info(
                "request",
                metadata: [
                    "id": "\(context.requestID)", "method": "\(request.method.rawValue.prefix(16))",
                    "route": "\(context.endpointPath ?? "-")", "status": "\(response.status.code)",
                    "microseconds": "\(start.duration(to: .now) / .microseconds(1))",
                ])
        }
        return response
    }
}
