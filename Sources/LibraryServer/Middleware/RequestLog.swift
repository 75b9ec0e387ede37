import HTTPTypes
import Logging
import Synchronization

/// The line of the log that every request has.
struct RequestLog: Sendable {
    let logger: Logger
    let requestID: String
    let method: String
    /// The pattern of the path rather than the path: no text that a user typed reaches the log.
    var route: String
    /// Name of the user who was recognized by a token or a password.
    var user: String?
    private let client: String?
    private let start: ContinuousClock.Instant

    /// - Parameter client: address of the client, as in ``ClientAddress/name(_:_:behindProxy:)``.
    init(
        logger: Logger, requestID: String, method: String, route: String = "-", client: @autoclosure () -> String?
    ) {
        self.logger = logger
        self.requestID = requestID
        self.method = method
        self.route = route
        self.client = logger.logLevel <= .info ? client() : nil
        start = .now
    }

    func write(_ status: HTTPResponse.Status) {
        guard logger.logLevel <= .info else { return }
        let microseconds = (start.duration(to: .now) / .microseconds(1)).rounded()
        var metadata: Logger.Metadata = [
            "id": "\(requestID)", "method": "\(method.prefix(16))", "route": "\(route)",
            "status": .stringConvertible(status.code), "duration_ms": .stringConvertible(microseconds / 1000),
        ]
        metadata["client"] = client.map { "\($0)" }
        metadata["user"] = user.map { "\($0)" }
        logger.info("request", metadata: metadata)
    }
}

/// The name of the user of a request, for the log. It is known only after the log has begun.
final class RecognizedUser: Sendable {
    private let kept = Mutex<String?>(nil)

    var name: String? {
        get { kept.withLock { $0 } }
        set { kept.withLock { $0 = newValue } }
    }
}
