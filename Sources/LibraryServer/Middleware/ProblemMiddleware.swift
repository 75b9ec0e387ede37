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
        if request.method == .options, request.uri.string == "*" { return Self.methods(RouteTable.allMethods) }
        do {
            // The router accepts `//users` and `/users/` in place of `/users`.
            guard RouteTable.isCanonical(request.uri.path) else { return notFound(request, context) }
            return try await next(request, context)
        } catch let error as any HTTPResponseError where error.status == .notFound {
            return notFound(request, context)
        } catch {
            return Response(
                Self.reply(Failure(error, requestID: context.requestID, logger), requestID: context.requestID))
        }
    }

    /// The reply where no route matches: 405 if the path exists but not with the method, and the methods of the path to
    /// `OPTIONS` (RFC 9110, section 9.3.7).
    private func notFound(_ request: Request, _ context: GuestContext) -> Response {
        let path = request.uri.path
        let allowed = RouteTable.isCanonical(path) ? RouteTable.methods(at: path) : []
        let advice = RouteTable.advice(request.method.rawValue, path)
        let failure: Failure
        if request.method == .options, !allowed.isEmpty {
            return Self.methods(allowed)
        } else if allowed.isEmpty {
            failure = Failure(.notFound, ErrorCode.notFound.text + advice)
        } else {
            let named = allowed.filter { $0 != "HEAD" && $0 != "OPTIONS" }.joined(separator: " or ")
            failure = Failure(
                .methodNotAllowed, "this path takes \(named), not \(request.method.rawValue)\(advice)",
                headers: [.allow: allowed.joined(separator: ", ")])
        }
        return Response(Self.reply(failure, requestID: context.requestID))
    }

    private static func methods(_ allowed: [String]) -> Response {
        Response(status: .noContent, headers: [.allow: allowed.joined(separator: ", ")])
    }

    static func reply(_ failure: Failure, requestID: String) -> Reply {
        var fields = Array(failure.headers)
        if failure.status == .unauthorized {
            fields.append(HTTPField(name: .wwwAuthenticate, value: challenge(failure.code)))
        }
        return Reply(
            status: failure.status, fields: fields, mediaType: Problem.mediaType,
            body: ByteBuffer(bytes: failure.problem(requestID: requestID).json))
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
}

extension Failure {
    /// The failure that a client is told of, whatever the error is. What a person must look at is logged.
    init(_ error: any Error, requestID: String, _ logger: Logger) {
        switch error {
        case let failure as Failure: self = failure
        case let invalid as InvalidFields: self.init(.invalidFields, errors: invalid.errors)
        case let fault as AuthorLines.Fault: self.init(fault.code, fault.description)
        case let syntax as JSONSyntaxError: self.init(.invalidJSON, "the body is not valid JSON: \(syntax)")
        case let error as any HTTPResponseError where error.status == .contentTooLarge: self.init(.bodyTooLarge)
        case let error as any HTTPResponseError where error.status.kind == .clientError: self.init(.badRequest)
        case let error as StoreError:
            if let cause = error.cause {
                logger.log(
                    level: error.code == .internalError ? .error : .warning, "the database failed",
                    metadata: [
                        "id": "\(requestID)", cause.kind: "\(cause.code)", "reason": "\(cause.message)",
                    ])
            }
            self.init(error)
        case let error as SpooledFile.Failure:
            logger.warning("a spool failed", metadata: ["id": "\(requestID)", "reason": "\(error)"])
            self = error.isFull ? Failure(.storageFull) : Failure(.storageUnavailable, headers: [.retryAfter: "1"])
        default:
            logger.error("a request failed", metadata: ["id": "\(requestID)", "error": "\(type(of: error))"])
            self.init(.internalError)
        }
    }
}
