import CCurl
import Shared

/// Carries one request to the daemon and brings back the answer. A closure, so that tests can put the daemon's own
/// router in libcurl's place.
typealias Transport = (TransportRequest) throws -> TransportReply

struct TransportRequest {
    let method: String
    /// With the query.
    let path: String
    let headers: [(name: String, value: String)]
    let body: [UInt8]?
    /// For the whole exchange.
    var timeoutMilliseconds = 60_000
}

struct TransportReply {
    let status: Int
    /// Names in lower case.
    let headers: [String: String]
    let body: [UInt8]
}

/// libcurl, on one connection that is kept for the life of the process.
final class Curl {
    private static let largestReply = 64 << 20

    private let server: Server
    private lazy var handle: UnsafeMutableRawPointer? = ccurl_load() ? ccurl_init() : nil

    init(server: Server) {
        self.server = server
    }

    deinit {
        if let handle { ccurl_cleanup(handle) }
    }

    /// - Throws: ``CommandFailure`` if no whole answer came.
    func send(_ request: TransportRequest) throws -> TransportReply {
        guard let handle else {
            throw CommandFailure(.internalError, "libcurl.so.4 is missing", hint: "apt-get install libcurl4")
        }
        ccurl_reset(handle)
        var list: UnsafeMutablePointer<curl_slist>?
        defer { ccurl_free(list) }
        // `Expect: 100-continue` would cost a round trip.
        for (name, value) in request.headers + [("Expect", "")] {
            list = ccurl_append(list, value.isEmpty ? "\(name):" : "\(name): \(value)")
        }
        let answer = Answer(limit: Self.largestReply)
        setOptions(handle, request, list, answer)
        let code = withExtendedLifetime(answer) { ccurl_perform(handle) }
        guard code == CURLE_OK else { throw failure(code, answer) }
        return TransportReply(status: Int(ccurl_status(handle)), headers: answer.headers, body: answer.body)
    }

    private func setOptions(
        _ handle: UnsafeMutableRawPointer, _ request: TransportRequest, _ headers: UnsafeMutablePointer<curl_slist>?,
        _ answer: Answer
    ) {
        ccurl_set_string(handle, CURLOPT_URL, server.base + request.path)
        ccurl_set_long(handle, CURLOPT_PATH_AS_IS, 1)
        if let socket = server.socket { ccurl_set_string(handle, CURLOPT_UNIX_SOCKET_PATH, socket) }
        // A proxy from the environment must not see what is meant for this machine.
        if server.isLoopback { ccurl_set_string(handle, CURLOPT_PROXY, "") }
        ccurl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        ccurl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0)
        ccurl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        ccurl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, server.isLoopback ? 2000 : 5000)
        ccurl_set_long(handle, CURLOPT_TIMEOUT_MS, request.timeoutMilliseconds)
        ccurl_set_string(handle, CURLOPT_USERAGENT, "libctl/\(Libctl.version)")
        ccurl_set_pointer(handle, CURLOPT_HTTPHEADER, headers)
        if let body = request.body {
            ccurl_set_long(handle, CURLOPT_POST, 1)
            ccurl_set_body(handle, body, body.count)
        }
        ccurl_set_string(handle, CURLOPT_CUSTOMREQUEST, request.method)

        let context = Unmanaged.passUnretained(answer).toOpaque()
        ccurl_set_pointer(handle, CURLOPT_WRITEDATA, context)
        ccurl_set_pointer(handle, CURLOPT_HEADERDATA, context)
        ccurl_set_sink(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            Answer.from(context).append(body: UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        ccurl_set_sink(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            Answer.from(context).append(header: UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
    }

    private func failure(_ code: CURLcode, _ answer: Answer) -> CommandFailure {
        let reason = String(cString: ccurl_reason(code))
        switch code {
        case CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
            return CommandFailure(
                .unreachable, "no libraryd answers at \(server.origin)", hint: "libraryd serve, or say --server URL")
        case CURLE_OPERATION_TIMEDOUT:
            return CommandFailure(.tryLater, "\(server.origin) did not answer in time", hint: "libctl status")
        case CURLE_WRITE_ERROR where answer.isOversized:
            return CommandFailure(.foreignReply, "the reply from \(server.origin) is too large")
        case CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_UNSUPPORTED_PROTOCOL,
            CURLE_WEIRD_SERVER_REPLY:
            return CommandFailure(.foreignReply, "the reply from \(server.origin) is not whole: \(reason)")
        default: return CommandFailure(.unreachable, "\(server.origin): \(reason)")
        }
    }

    /// Collects one answer.
    private final class Answer {
        private let limit: Int
        private(set) var headers: [String: String] = [:]
        private(set) var body: [UInt8] = []
        private(set) var isOversized = false

        init(limit: Int) {
            self.limit = limit
        }

        static func from(_ context: UnsafeMutableRawPointer?) -> Answer {
            guard let context else { return Answer(limit: 0) }
            return Unmanaged<Answer>.fromOpaque(context).takeUnretainedValue()
        }

        /// Answering another number than was given makes libcurl stop.
        func append(body bytes: UnsafeRawBufferPointer) -> Int {
            isOversized = body.count + bytes.count > limit
            if isOversized { return 0 }
            body.append(contentsOf: bytes)
            return bytes.count
        }

        func append(header bytes: UnsafeRawBufferPointer) -> Int {
            let line = String(decoding: bytes, as: UTF8.self)
            // The head of a `100 Continue` comes before that of the answer.
            if line.hasPrefix("HTTP/") { headers = [:] }
            if let colon = line.firstIndex(of: ":") {
                let value = line[line.index(after: colon)...].drop { $0 == " " }.prefix { !$0.isNewline }
                headers[line[..<colon].lowercased()] = String(value)
            }
            return bytes.count
        }
    }
}
