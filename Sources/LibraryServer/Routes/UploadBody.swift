import Hummingbird
import LibraryStore
import NIOCore
import NIOPosix
import Shared

/// The bytes of a body, as they come. Used by one request, one call after the other.
final class UploadBody: @unchecked Sendable {
    private var parts: RequestBody.AsyncIterator
    private let limit: Int
    private var received = 0

    /// - Parameter limit: in bytes.
    init(_ body: RequestBody, limit: Int) {
        parts = body.makeAsyncIterator()
        self.limit = limit
    }

    /// - Throws: ``Failure``.
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

    /// As much as 64 MiB takes at 2 Mbit/s. Who drips holds room on the disk.
    private static let gatheringTime = Duration.seconds(300)

    /// All of it.
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

/// The lines of a body, as they come. Used by one request, one call after the other.
final class LineReader: @unchecked Sendable {
    private let body: UploadBody
    private var lines: AuthorLines
    private var isAtEnd = false
    private var lastLine = 0
    /// What ended a batch that had lines already: they come first.
    private var pending: Failure?

    init(_ body: UploadBody, _ format: AuthorLines.Format, restIsNeeded: Bool) {
        self.body = body
        lines = AuthorLines(format, restIsNeeded: restIsNeeded, unknownMembers: .rejected)
    }

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

    /// Reads on until there are so many lines, or no more.
    /// - Returns: whether there are any.
    /// - Throws: ``Failure``, once all lines before it have been handed out.
    func fill(_ batch: inout [AuthorLines.Line], upTo count: Int) async throws -> Bool {
        do {
            if let pending, batch.isEmpty { throw pending }
            while pending == nil, batch.count < count, let line = try await next() { batch.append(line) }
        } catch let failure as Failure where !batch.isEmpty {
            pending = failure
        }
        return !batch.isEmpty
    }

    func failed(_ failure: Failure) -> BulkResult {
        BulkResult(line: lastLine + 1, failure)
    }
}
