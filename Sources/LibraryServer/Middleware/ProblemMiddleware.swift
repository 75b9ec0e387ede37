import HTTPTypes
import Hummingbird
import LibraryStore
import Logging
import NIOCore
import Shared

/// Converts every error into a problem document. If the path exists but not with the method, replies 405 instead of
/// 404.
struct ProblemMiddleware: RouterMiddleware {
    let logger: Logger

    func handle(
        _ request: Request, context: GuestContext, next: (Request, GuestContext) async throws -> Response
    ) async throws -> Response {
        do {
            // The router accepts `//users` and `/users/` in place of `/users`.
            guard RouteTable.isCanonical(request.uri.path) else { throw Failure(.notFound) }
            return try await next(request, context)
        } catch {
            let failure = failure(for: error, request: request, context: context)
            return Self.response(failure, requestID: context.requestID)
        }
    }

    static func response(_ failure: Failure, requestID: String) -> Response {
        var headers = failure.headers
        headers[.contentType] = Problem.mediaType
        if failure.status == .unauthorized { headers[.wwwAuthenticate] = challenge(failure.code) }
        return Response(
            status: failure.status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: failure.problem(requestID: requestID).json)))
    }

    /// The `WWW-Authenticate` header (RFC 6750, section 3; RFC 7617, section 2). It has no `error` if the request had
    /// no token.
    private static func challenge(_ code: ErrorCode) -> String {
        switch code {
        case .credentialsMissing, .credentialsMalformed, .credentialsWrong:
            #"Basic realm="libraryd", charset="UTF-8""#
        case .tokenMissing: #"Bearer realm="libraryd""#
        default:
            #"Bearer realm="libraryd", error="invalid_token", error_description="\#(code.rawValue)""#
        }
    }

    private func failure(for error: any Error, request: Request, context: GuestContext) -> Failure {
        switch error {
        case let failure as Failure: return failure
        case let invalid as InvalidFields: return Failure(.invalidFields, errors: invalid.errors)
        case let fault as AuthorLines.Fault: return Failure(.invalidFields, fault.description)
        case let syntax as JSONSyntaxError: return Failure(.invalidJSON, "The body is not valid JSON: \(syntax).")
        case let error as any HTTPResponseError where error.status == .notFound:
            let allowed = RouteTable.methods(at: request.uri.path)
            guard !allowed.isEmpty else { return Failure(.notFound) }
            return Failure(.methodNotAllowed, headers: [.allow: allowed.joined(separator: ", ")])
        case let error as any HTTPResponseError where error.status == .contentTooLarge: return Failure(.bodyTooLarge)
        case let error as any HTTPResponseError where error.status.kind == .clientError: return Failure(.badRequest)
        case let error as StoreError:
            if let cause = error.cause {
                logger.error(
                    "the database failed",
                    metadata: ["id": "\(context.requestID)", "sqlite": "\(cause.code)", "reason": "\(cause.message)"])
            }
            return Failure(error)
        case let error as SpooledFile.Failure:
            logger.error("a spool failed", metadata: ["id": "\(context.requestID)", "reason": "\(error)"])
            return error.isFull ? Failure(.storageFull) : Failure(.storageUnavailable, headers: [.retryAfter: "1"])
        default:
            logger.error(
                "a request failed", metadata: ["id": "\(context.requestID)", "error": "\(type(of: error))"])
            return Failure(.internalError)
        }
    }
}
