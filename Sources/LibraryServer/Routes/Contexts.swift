package import Hummingbird
import LibraryStore
import Logging
import NIOCore
import Shared
import Synchronization

/// The context of a request whose caller is not known.
package struct GuestContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The value of `X-Request-Id`.
    let requestID: String
    let channel: any Channel
    let user = RecognizedUser()
    /// Set by ``TokenMiddleware``, with a function that checks whether the session is still live.
    var caller: Caller?
    var confirm: (@Sendable (Caller, _ isChange: Bool) async throws -> Principal)?

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        requestID = RequestID.next()
        channel = source.channel
    }

    var peer: SocketAddress? { channel.remoteAddress }
}

/// The context of a request with an authenticated caller. It cannot be made without a principal, so a route that
/// takes it is protected by its type.
struct CallerContext: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    let requestID: String
    let channel: any Channel
    let caller: Caller
    fileprivate let confirmation: @Sendable (Caller, _ isChange: Bool) async throws -> Principal

    init(context: GuestContext) throws {
        guard let caller = context.caller, let confirm = context.confirm else { throw Failure(.tokenMissing) }
        confirmation = confirm
        self.caller = caller
        coreContext = context.coreContext
        requestID = context.requestID
        channel = context.channel
    }

    var principal: Principal { caller.principal }
    var peer: SocketAddress? { channel.remoteAddress }
}

extension CallerContext {
    /// Reads the body, then checks that the caller's session is still live, because a client can send a body slowly.
    func decode<Path, Input: JSONReadable>(_ request: EndpointRequest<Path, Input>) async throws -> Input {
        let value = try await request.body()
        try await confirm()
        return value
    }

    /// The caller's state of now.
    /// - Parameter isChange: as in ``Authenticator/confirm(_:isChange:)``.
    /// - Throws: ``Failure`` `token_revoked` or `token_expired`.
    @discardableResult
    func confirm(isChange: Bool = true) async throws -> Principal { try await confirmation(caller, isChange) }
}

/// The context of a request whose caller has logged in, and uses no API key.
struct LoginContext: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    let caller: CallerContext

    init(context: CallerContext) throws {
        guard context.principal.scope == nil else { throw Failure(.loginRequired) }
        caller = context
        coreContext = context.coreContext
    }

    var principal: Principal { caller.principal }
    var requestID: String { caller.requestID }
    var peer: SocketAddress? { caller.peer }
}

/// The context of a request whose caller is an admin.
struct AdminContext: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    let login: LoginContext

    init(context: LoginContext) throws {
        guard context.principal.admin else { throw Failure(.adminRequired) }
        login = context
        coreContext = context.coreContext
    }

    /// As ``CallerContext/decode(_:)``; the caller must also still be an admin.
    func decode<Path, Input: JSONReadable>(_ request: EndpointRequest<Path, Input>) async throws -> Input {
        let value = try await request.body()
        guard try await login.caller.confirm().admin else { throw Failure(.adminRequired) }
        return value
    }
}

/// Makes request ids: 16 hexadecimal digits, different for each request of a process, and very probably for requests
/// of different processes.
enum RequestID {
    private static let count = Atomic(UInt64.random(in: .min ... .max))

    static func next() -> String {
        // SplitMix64 (Steele, Lea and Flood 2014, https://doi.org/10.1145/2660193.2660195): maps each value of the
        // counter to another number, without a visible pattern.
        var number = count.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
        number = (number ^ (number >> 30)) &* 0xBF58_476D_1CE4_E5B9
        number = (number ^ (number >> 27)) &* 0x94D0_49BB_1331_11EB
        number ^= number >> 31
        return String(unsafeUninitializedCapacity: 16) { digits in
            for index in 0..<16 {
                let digit = UInt8(truncatingIfNeeded: number >> (60 - 4 * UInt64(index))) & 15
                digits[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            }
            return 16
        }
    }
}
