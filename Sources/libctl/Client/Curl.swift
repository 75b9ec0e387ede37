import CCurl
import Glibc
import Shared

/// The transport on libcurl. One handle serves all requests, so that they share a connection.
final class Curl {
    private let server: Server
    /// Number of sockets for which a connection was begun.
    private var opened = 0
    /// Why the current exchange may not begin another connection.
    private enum Obstacle {
        /// The request is for a connection that has ended.
        case otherConnection
        /// The request was sent on a connection that has ended.
        case requestSent
    }

    /// Whether the current exchange may begin a connection, and why it was kept from it.
    private var (mayOpen, obstacle) = (true, Obstacle?.none)
    private lazy var handle: UnsafeMutableRawPointer? = ccurl_load() ? ccurl_init() : nil

    init(server: Server) {
        self.server = server
    }

    deinit {
        if let handle { ccurl_cleanup(handle) }
    }

    /// - Throws: ``CommandError`` if no complete reply arrived, and the error that the request's `receive` threw.
    func send(_ request: TransportRequest) throws -> TransportReply {
        guard let handle else {
            throw CommandError(.internalError, "libcurl.so.4 is missing", hint: "apt-get install libcurl4")
        }
        guard request.connection == nil || request.connection == opened else { throw ConnectionEnded() }
        (mayOpen, obstacle) = (request.connection == nil, nil)
        ccurl_reset(handle)
        var list: UnsafeMutablePointer<curl_slist>?
        defer { ccurl_free(list) }
        // An empty header keeps libcurl from sending `Expect: 100-continue`, which would cost a round trip.
        for (name, value) in request.headers + [("Expect", "")] {
            list = ccurl_append(list, value.isEmpty ? "\(name):" : "\(name): \(value)")
        }
        try request.gathered?.removeAll()
        let answer = Answer(request)
        let upload = Upload()
        setOptions(handle, request, list, answer, upload)
        let code = withExtendedLifetime((answer, upload)) { ccurl_perform(handle) }
        switch obstacle {
        case .otherConnection: throw ConnectionEnded()
        case .requestSent: throw self.failure(CURLE_GOT_NOTHING, answer)
        case nil: break
        }
        if let failure = answer.failure ?? upload.failure { throw failure }
        // Checked before libcurl's code, which would only say that a callback ended the exchange.
        if let fault = answer.fault { throw notWhole(fault) }
        guard code == CURLE_OK else { throw failure(code, answer) }
        if let fault = answer.faultAtEnd { throw notWhole(fault) }
        var reply = answer.reply
        reply.peer = Self.place(ccurl_socket(handle), server).map { .init(connection: opened, place: $0) }
        return reply
    }

    private func setOptions(
        _ handle: UnsafeMutableRawPointer, _ request: TransportRequest, _ headers: UnsafeMutablePointer<curl_slist>?,
        _ answer: Answer, _ upload: Upload
    ) {
        ccurl_set_string(handle, CURLOPT_URL, server.base + request.path)
        ccurl_set_long(handle, CURLOPT_PATH_AS_IS, 1)
        if let socket = server.socket { ccurl_set_string(handle, CURLOPT_UNIX_SOCKET_PATH, SystemText.path(socket)) }
        // Requests to this machine must not go through a proxy that the environment names.
        if server.isLoopback { ccurl_set_string(handle, CURLOPT_PROXY, "") }
        ccurl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        if let file = server.certificates { ccurl_set_string(handle, CURLOPT_CAINFO, SystemText.path(file)) }
        ccurl_set_opening(
            handle,
            { curl, _, _ in Curl.from(curl)?.beginConnection() == true ? CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR },
            Unmanaged.passUnretained(self).toOpaque())
        // Otherwise an older connection than the last one could be used again.
        ccurl_set_long(handle, CURLOPT_MAXCONNECTS, 1)
        ccurl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0)
        // Otherwise libcurl would pass on the head of a proxy's reply to CONNECT as that of the reply.
        ccurl_set_long(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        ccurl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        ccurl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, server.isLoopback ? 2000 : 5000)
        ccurl_set_string(handle, CURLOPT_USERAGENT, "libctl/\(Libctl.version)")
        ccurl_set_pointer(handle, CURLOPT_HTTPHEADER, headers)
        if let body = request.body {
            ccurl_set_long(handle, CURLOPT_POST, 1)
            switch body {
            case .bytes(let bytes): ccurl_set_body(handle, bytes, bytes.count)
            case .spool(let spool): upload.set(spool, on: handle)
            }
        }
        ccurl_set_string(handle, CURLOPT_CUSTOMREQUEST, request.method)
        if request.method == "HEAD" { ccurl_set_long(handle, CURLOPT_NOBODY, 1) }

        let context = Unmanaged.passUnretained(answer).toOpaque()
        ccurl_set_pointer(handle, CURLOPT_WRITEDATA, context)
        ccurl_set_pointer(handle, CURLOPT_HEADERDATA, context)
        ccurl_set_sink(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            Answer.from(context).append(body: UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        ccurl_set_sink(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            Answer.from(context).append(header: UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        let limit = request.limitMilliseconds
        switch request.patience {
        case .whole(let milliseconds):
            ccurl_set_long(handle, CURLOPT_TIMEOUT_MS, min(milliseconds, limit ?? milliseconds))
            // libcurl calls it at least once a second.
            ccurl_set_progress(handle) { _, _, _, _, _ in Interruption.endsRequest ? 1 : 0 }
        case .piece:
            if let limit { ccurl_set_long(handle, CURLOPT_TIMEOUT_MS, limit) }
            // Not CURLOPT_LOW_SPEED_TIME, which measures bytes per second: the few bytes of a keep-alive would count
            // as none.
            ccurl_set_pointer(handle, CURLOPT_XFERINFODATA, context)
            ccurl_set_progress(handle) { context, _, _, _, _ in Answer.from(context).isSilentTooLong ? 1 : 0 }
        }
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> Curl? {
        context.map { Unmanaged<Curl>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Left to itself, libcurl sends a request again, whatever its method, if a connection that it has used before ends
    /// without a reply. The work may have been done by then, and then the second reply would be about another state.
    private func beginConnection() -> Bool {
        let isSent = handle.map { ccurl_sent($0) > 0 } ?? false
        obstacle = isSent ? .requestSent : mayOpen ? nil : .otherConnection
        guard obstacle == nil else { return false }
        opened += 1
        return true
    }

    private func notWhole(_ fault: String) -> CommandError {
        CommandError(.protocolError, "the reply from \(server.origin) may not be whole: \(fault)")
    }

    private func failure(_ code: CURLcode, _ answer: Answer) -> CommandError {
        let reason = String(cString: ccurl_reason(code))
        switch code {
        case CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
            return CommandError(
                .unavailable, "no libraryd answers at \(server.origin)",
                hint: "start it with libraryd, or name another one with --server")
        case CURLE_SSL_CONNECT_ERROR:
            let plain = "http" + server.origin.dropFirst("https".count)
            return CommandError(
                .unavailable, "\(server.origin) does not speak TLS",
                hint: server.isLoopback ? "use --server \(plain)" : "is that the port of HTTPS?")
        case CURLE_PEER_FAILED_VERIFICATION:
            return CommandError(
                .protocolError, "the certificate of \(server.origin) is not trusted",
                hint: "if you know who issued it: --cacert FILE, or libctl config set cacert FILE")
        case CURLE_SSL_CACERT_BADFILE:
            if let path = server.certificates, access(SystemText.path(path), R_OK) != 0 {
                let reason = systemError()
                return CommandError(
                    .configuration, "\(SystemText.shown(path)): \(reason)", hint: "name another file with --cacert")
            }
            let file = SystemText.shown(server.certificates ?? "the system's file")
            return CommandError(
                .configuration, "\(file) has no certificates in PEM format", hint: "name another file with --cacert")
        case CURLE_OPERATION_TIMEDOUT, CURLE_ABORTED_BY_CALLBACK:
            return CommandError(
                .temporaryFailure, "\(server.origin) did not answer in time", hint: "libctl status --wait 30s")
        case CURLE_WRITE_ERROR where answer.isOversized:
            return CommandError(.protocolError, "the reply from \(server.origin) is too large")
        case CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_SEND_FAIL_REWIND,
            CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY:
            return CommandError(
                .protocolError, "the reply from \(server.origin) is not whole: \(CommandError.plain(reason))")
        default: return CommandError(.unavailable, "\(server.origin): \(CommandError.plain(reason))")
        }
    }
}

/// Passes a spooled request body to libcurl, piece by piece.
private final class Upload {
    private var spool: SpooledFile?
    private var offset = 0
    private(set) var failure: (any Error)?

    func set(_ spool: SpooledFile, on handle: UnsafeMutableRawPointer) {
        self.spool = spool
        ccurl_set_source(
            handle,
            { buffer, size, count, context in
                Upload.from(context).read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
            },
            { context, offset, origin in Upload.from(context).seek(to: Int(offset), origin) },
            Unmanaged.passUnretained(self).toOpaque(), spool.count)
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> Upload {
        context.map { Unmanaged<Upload>.fromOpaque($0).takeUnretainedValue() } ?? Upload()
    }

    private func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        do {
            let bytes = try spool?.bytes(from: offset, atMost: buffer.count) ?? []
            buffer.copyBytes(from: bytes)
            offset += bytes.count
            return bytes.count
        } catch {
            failure = error
            return Int(CURL_READFUNC_ABORT)
        }
    }

    private func seek(to offset: Int, _ origin: Int32) -> Int32 {
        guard origin == SEEK_SET, (0...(spool?.count ?? 0)).contains(offset) else { return CURL_SEEKFUNC_CANTSEEK }
        self.offset = offset
        return CURL_SEEKFUNC_OK
    }
}
