import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import Shared

/// Who answers the requests of a connection.
struct Responder: Sendable {
    let lane: HotLane
    let date: HTTPDate
    private let router: PathResponder
    private static let silent = Logger(label: "router") { _ in SwiftLogNoOpLogHandler() }

    init(_ lane: HotLane, _ router: PathResponder, _ date: HTTPDate) {
        self.lane = lane
        self.router = router
        self.date = date
    }

    func context(_ channel: any Channel) -> GuestContext {
        GuestContext(source: ApplicationRequestContextSource(channel: channel, logger: Self.silent))
    }

    @Sendable func respond(_ request: Request, _ context: GuestContext) async throws -> Response {
        try await router.respond(to: request, context: context)
    }

    /// The reply to what never reaches a route.
    func refusal(_ failure: Failure, _ request: CurrentRequest, from peer: SocketAddress?) -> Reply {
        let log = lane.recorder.begin(
            request.method.rawValue, id: RequestID.next(), forwardedFor: request.forwardedFor, from: peer)
        return log.reply { throw failure }
    }
}

extension Failure {
    /// - Parameters:
    ///   - bytes: the first ones of the head.
    ///   - lineLength: of the request line, in bytes, as far as it has come.
    init(_ error: HTTPParserError, in bytes: ByteBuffer, lineLength: Int) {
        switch error {
        case .headerOverflow where lineLength > RequestCheck.longestTarget: self.init(.uriTooLong)
        case .headerOverflow: self.init(.headersTooLarge)
        case .invalidVersion where Self.endsWithVersion(bytes.readableBytesView): self.init(.versionNotSupported)
        case .invalidMethod where Self.beginsWithMethod(bytes.readableBytesView): self.init(.notImplemented)
        default: self.init(.badRequest, "the request is not valid HTTP")
        }
    }

    /// Whether the first line ends with the name of a version (RFC 9112, section 2.3).
    private static func endsWithVersion(_ bytes: some Collection<UInt8>) -> Bool {
        let line = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }.suffix(10), as: UTF8.self)
        return line.wholeMatch(of: /\ HTTP\/[0-9]\.[0-9]\r/) != nil
    }

    /// Whether a line begins with a token and a space (RFC 9110, section 5.6.2).
    private static func beginsWithMethod(_ line: some Collection<UInt8>) -> Bool {
        let method = line.prefix { HTTPField.Name(String(UnicodeScalar($0))) != nil }
        return !method.isEmpty && method.count < 64 && line.dropFirst(method.count).first == UInt8(ascii: " ")
    }
}
