import HTTPTypes
import Logging

/// The line of the log that every request has.
struct RequestLog: Sendable {
    let logger: Logger
    let requestID: String
    let method: String
    /// The pattern of the path rather than the path: no text that a user typed reaches the log.
    var route: String
    private let start: ContinuousClock.Instant

    init(logger: Logger, requestID: String, method: String, route: String = "-") {
        self.logger = logger
        self.requestID = requestID
        self.method = method
        self.route = route
        start = .now
    }

    func write(_ status: HTTPResponse.Status) {
        guard logger.logLevel <= .info else { return }
        logger.info(
            "request",
            metadata: [
                "id": "\(requestID)", "method": "\(method.prefix(16))", "route": "\(route)",
                "status": "\(status.code)", "microseconds": "\(start.duration(to: .now) / .microseconds(1))",
            ])
    }
}
