import CCurl
import Shared

/// Receives one reply from libcurl. Stores its body, or passes it on as the request asks.
final class Answer {
    private let patience: TransportRequest.Patience
    private let receive: ((TransportReply, [UInt8]) throws -> Void)?
    private let gathered: SpooledFile?
    private var head: ReplyHead
    private var body: [UInt8] = []
    private var lastPiece = ContinuousClock.now
    /// Size in bytes of the body received so far.
    private var received = 0
    private(set) var isOversized = false
    /// The error with which `receive` or the spooled file refused a piece of the body.
    private(set) var failure: (any Error)?

    /// Limits of the body in bytes: in memory, and in the spooled file. The latter is twice the daemon's own limit
    /// for the results of an import, 128 MiB, and 1 MiB more.
    private static let limit = (body: 64 << 20, gathered: 257 << 20)

    init(_ request: TransportRequest?) {
        patience = request?.patience ?? .piece(seconds: 0)
        receive = request?.receive
        gathered = request?.gathered
        head = ReplyHead(method: request?.method ?? "", fields: request?.headers.map(\.name) ?? [])
    }

    static func from(_ context: UnsafeMutableRawPointer?) -> Answer {
        context.map { Unmanaged<Answer>.fromOpaque($0).takeUnretainedValue() } ?? Answer(nil)
    }

    var reply: TransportReply { TransportReply(status: head.status, headers: head.headers, body: body) }

    /// Why the head is rejected; `nil` if it is accepted.
    var fault: String? { head.fault }

    /// Why the body, which has ended, may be incomplete; `nil` if it is complete.
    var faultAtEnd: String? { head.fault(after: received) }

    var isSilentTooLong: Bool {
        guard case .piece(let seconds) = patience else { return false }
        return lastPiece.duration(to: .now) > .seconds(seconds)
    }

    /// - Returns: the number of bytes taken. With any other number than was passed, libcurl ends the exchange
    ///   (CURLOPT_WRITEFUNCTION).
    func append(body bytes: UnsafeRawBufferPointer) -> Int {
        lastPiece = .now
        received += bytes.count
        let reply = reply
        do {
            if reply.isSuccess, let receive {
                try receive(reply, Array(bytes))
            } else if reply.isSuccess, let gathered {
                isOversized = gathered.count + bytes.count > Self.limit.gathered
                if !isOversized { try gathered.append(Array(bytes)) }
            } else {
                isOversized = body.count + bytes.count > Self.limit.body
                if !isOversized { body.append(contentsOf: bytes) }
            }
        } catch let full as SpooledFile.Failure {
            // The daemon has carried out the request; only the reply could not be stored.
            failure = CommandError(
                .ioError, "\(full)", hint: CommandError.mayBeDone)
            return 0
        } catch {
            failure = error
            return 0
        }
        return isOversized ? 0 : bytes.count
    }

    func append(header bytes: UnsafeRawBufferPointer) -> Int {
        head.append(String(decoding: bytes, as: UTF8.self))
        // Ends the exchange at a rejected head, before any of the body is passed on.
        return fault == nil ? bytes.count : 0
    }
}
