import Hummingbird
import Logging
import Shared

/// A request before anybody knows who asks.
struct GuestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The value of `X-Request-Id`.
    let requestID: String
    /// Set by ``TokenMiddleware``.
    var principal: Principal?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        requestID = RequestIdentifier.next()
    }
}

/// A request whose caller is known. A route that takes it cannot be reached, or written, without the check.
struct CallerContext: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    let requestID: String
    let principal: Principal

    init(context: GuestContext) throws {
        guard let principal = context.principal else { throw Failure(.tokenMissing) }
        self.principal = principal
        coreContext = context.coreContext
        requestID = context.requestID
    }
}

/// A request whose caller is an admin.
struct AdminContext: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    let principal: Principal

    init(context: CallerContext) throws {
        guard context.principal.admin else { throw Failure(.adminRequired) }
        principal = context.principal
        coreContext = context.coreContext
    }
}

/// Names of requests: 16 hexadecimal digits, different for each request of a process and hardly ever the same in two.
enum RequestIdentifier {
    static func next() -> String {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
