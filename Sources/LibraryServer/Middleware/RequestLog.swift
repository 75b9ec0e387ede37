import HTTPTypes
import Logging
import NIOCore
import Synchronization

/// Records every request, by the router and by the hot lane alike: one line of the log, and the metrics.
final class RequestRecorder: Sendable {
    let logger: Logger
    fileprivate let metrics: RequestMetrics
    private let behindProxy: Bool

    init(logger: Logger, metrics: RequestMetrics, behindProxy: Bool) {
        self.logger = logger
        self.metrics = metrics
        self.behindProxy = behindProxy
    }

    /// - Parameters:
    ///   - forwardedFor: the last `X-Forwarded-For`.
    ///   - peer: the other end of the connection. Both are asked for only if the log shows requests.
    func begin(
        _ method: String, id: String, forwardedFor: @autoclosure () -> String?,
        from peer: @autoclosure () -> SocketAddress?
    ) -> RequestLog {
        let client =
            logger.logLevel <= .info ? ClientAddress.name(forwardedFor(), peer(), behindProxy: behindProxy) : nil
        return RequestLog(recorder: self, requestID: id, method: method, client: client)
    }
}

/// The record of one request.
struct RequestLog: Sendable {
    let recorder: RequestRecorder
    let requestID: String
    let method: String
    /// The place of the route in ``RouteTable/all``; `nil` if no route matches. No text that a user typed reaches the
    /// log or the metrics.
    var route: Int?
    /// Name of the user who was recognized by a token or a password.
    var user: String?
    private let client: String?
    private let start = NIODeadline.now()

    fileprivate init(recorder: RequestRecorder, requestID: String, method: String, client: String?) {
        self.recorder = recorder
        self.requestID = requestID
        self.method = method
        self.client = client
    }

    /// Records the reply.
    /// - Returns: the value of `Server-Timing`: how long the request took, in milliseconds. `nil` for failures and for
    ///   replies to nobody, because time may tell what the reply does not: whether there is such a user, or an author
    ///   of another user.
    func end(_ status: HTTPResponse.Status) -> String? {
        let time = UInt64(clamping: (NIODeadline.now() - start).nanoseconds)
        recorder.metrics.count(route, status.code, time)
        let microseconds = (time + 500) / 1000
        if recorder.logger.logLevel <= .info { write(status, microseconds) }
        guard user != nil, status.code < 400 else { return nil }
        return ServerTiming.total(microseconds: microseconds)
    }

    private func write(_ status: HTTPResponse.Status, _ microseconds: UInt64) {
        var metadata: Logger.Metadata = [
            "id": "\(requestID)", "method": "\(method.prefix(16))",
            "route": "\(route.map { RouteTable.all[$0].path } ?? "-")",
            "status": .stringConvertible(status.code), "duration_ms": .stringConvertible(Double(microseconds) / 1000),
        ]
        metadata["client"] = client.map { "\($0)" }
        metadata["user"] = user.map { "\($0)" }
        recorder.logger.info("request", metadata: metadata)
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
