import Hummingbird
import LibraryStore
import NIOCore
import NIOPosix
import Shared

/// Reads a body in pieces. `@unchecked`, because only one request uses it, with one call at a time.
final class UploadBody: @unchecked Sendable {
    private var parts: RequestBody.AsyncIterator
    private let limit: Int
    private var received = 0

    /// - Parameter limit: the limit of the body's size in bytes.
    /// - Throws: ``Failure`` as ``Request/checkLength(upTo:)``.
    init(_ request: Request, limit: Int) throws(Failure) {
        try request.checkLength(upTo: limit)
        parts = request.body.makeAsyncIterator()
        self.limit = limit
    }

    /// The next piece; `nil` at the end.
    /// - Throws: ``Failure`` if the body is too large or ended early.
    func next() async throws -> ByteBuffer? {
        let part: ByteBuffer?
        do {
            part = try await parts.next()
        } catch {
            throw Failure.brokenBody
        }
        received += part?.readableBytes ?? 0
        guard received <= limit else { throw Failure(.bodyTooLarge) }
        return part
    }

    /// The time that 64 MiB take at 2 Mbit/s. Limited, because an unfinished upload takes space on the disk.
    private static let gatheringTime = Duration.seconds(300)

    /// Reads the whole body into a spooled file.
    /// - Throws: ``Failure``, `SpooledFile.Failure`.
    func gathered(in spool: SpooledFile) async throws -> SpooledFile {
        let deadline = ContinuousClock.now + Self.gatheringTime
        while let part = try await next() {
            guard ContinuousClock.now < deadline else {
                throw Failure(.requestTimeout, headers: [.connection: "close"])
            }
            try await NIOThreadPool.singleton.runIfActive { try spool.append(Array(part.readableBytesView)) }
        }
        return spool
    }
}

/// Reads the lines of a body. `@unchecked`, because only one request uses it, with one call at a time.
final class LineReader: @unchecked Sendable {
    private let body: UploadBody
    private var lines: AuthorLines
    private let keepsPartialBatch: Bool
    private var isAtEnd = false
    private var lastLine = 0
    /// A failure after a batch has got lines; thrown by the next call of ``fill(_:upTo:)``, after those lines were
    /// handled.
    private var pending: Failure?

    /// - Parameter keepsPartialBatch: whether the lines of a batch are of use that the end of a broken body has left
    ///   without the rest.
    init(_ body: UploadBody, _ format: AuthorLines.Format, restIsNeeded: Bool, keepsPartialBatch: Bool) {
        self.body = body
        self.keepsPartialBatch = keepsPartialBatch
        lines = AuthorLines(format, restIsNeeded: restIsNeeded, texts: .ofNoLines, unknownMembers: .rejected)
    }

    /// The next line; `nil` at the end.
    /// - Throws: ``Failure``, ``AuthorLines/Fault``.
    func next() async throws -> AuthorLines.Line? {
        while true {
            if let line = try lines.next(atEnd: isAtEnd) {
                lastLine = line.number
                return line
            }
            if isAtEnd { return nil }
            if let part = try await body.next() {
                lines.append(part.readableBytesView)
            } else {
                isAtEnd = true
            }
        }
    }

    /// Adds lines until the batch has `count` of them or the body ends.
    /// - Returns: whether the batch has any line.
    /// - Throws: ``Failure`` if the batch is empty, or of no use; otherwise the failure is thrown by the next call.
    func fill(_ batch: inout [AuthorLines.Line], upTo count: Int) async throws -> Bool {
        do {
            if let pending, batch.isEmpty { throw pending }
            while pending == nil, batch.count < count, let line = try await next() { batch.append(line) }
        } catch let failure as Failure where !batch.isEmpty {
            guard keepsPartialBatch else {
                lastLine = batch[0].number - 1
                throw failure
            }
            pending = failure
        }
        return !batch.isEmpty
    }

    /// The result that reports the failure, with the number of the line after the last one.
    func failed(_ failure: Failure) -> BulkResult {
        BulkResult(line: lastLine + 1, failure)
    }
}
