import CCurl
import Shared

/// Collects one answer, or hands it on.
final class Answer {
    private let patience: TransportRequest.Patience
    private let receive: ((TransportReply, [UInt8]) throws -> Void)?
    private let gathered: SpooledFile?
    private var head: ReplyHead
    private var body: [UInt8] = []
    private var lastPiece = ContinuousClock.now
    /// In bytes, wherever they went.
    private var received = 0
    private(set) var isOversized = false
    /// What kept the body from being taken.
    private(set) var failure: (any Error)?

    /// In bytes, in memory and elsewhere: twice what the daemon tells of a file at most.
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

    /// Why nobody could tell whether the body is whole.
    var fault: String? { head.fault }

    /// The same for a body that has ended.
    var faultAtEnd: String? { head.fault(after: received) }

    var isSilentTooLong: Bool {
        guard case .piece(let seconds) = patience else { return false }
        return lastPiece.duration(to: .now) > .seconds(seconds)
    }

    /// Answering another number than was given makes libcurl stop.
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
            // What the answer was to tell has happened already.
            failure = CommandError(
                .ioError, "\(full)", hint: "it may have been done all the same: look before you try again")
            return 0
        } catch {
            failure = error
            return 0
        }
        return isOversized ? 0 : bytes.count
    }

    func append(header bytes: UnsafeRawBufferPointer) -> Int {
        head.append(String(decoding: bytes, as: UTF8.self))
        // Nothing of a body that cannot be trusted is handed on.
        return fault == nil ? bytes.count : 0
    }
}
