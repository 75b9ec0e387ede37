package import Shared

/// A request whose answer may get lost, so that it comes again: what `Idempotency-Key` is for
/// (draft-ietf-httpapi-idempotency-key-header). Neither the key nor the body is stored, only their digests.
package struct IdempotentRequest: Sendable {
    /// SHA-256 of the operation, the part number and the key.
    package let hash: [UInt8]
    /// SHA-256 of the validated request. No password is ever in it.
    package let request: [UInt8]

    /// Milliseconds for which an answer is kept: 24 hours.
    package static let keepingTime: Int64 = 86400 * 1000

    /// When a request was answered if its answer is still kept. In either direction: a clock that was set back must not
    /// lengthen the time.
    package static func keptTimes(at now: Timestamp) -> ClosedRange<Int64> {
        now.milliseconds - keepingTime + 1...now.milliseconds + keepingTime - 1
    }

    /// - Parameters:
    ///   - part: of a request that is done in several transactions.
    ///   - content: what must be the same for the request to be the same.
    package init?(_ key: String?, _ what: StaticString, part: Int = 0, content: @autoclosure () -> [UInt8]) {
        guard let key else { return nil }
        self.init(key, what, part: part, digest: Digest.sha256(content()))
    }

    fileprivate init(_ key: String, _ what: StaticString, part: Int = 0, digest: [UInt8]) {
        hash = Self.hash(key, what, part: part)
        request = digest
    }

    package static func hash(_ key: String, _ what: StaticString, part: Int = 0) -> [UInt8] {
        Digest.sha256(Array("\(what)|\(part)|\(key)".utf8))
    }
}

/// A request whose answer may be too long to be in memory: it is kept in parts.
package struct IdempotentFile: Sendable {
    private let key: String
    private let digest: [UInt8]

    /// - Parameters:
    ///   - digest: SHA-256 of what must be the same for the request to be the same.
    package init(_ key: String, digest: [UInt8]) {
        self.key = key
        self.digest = digest
    }

    /// Only part 0 is checked for a key that another request used; the other parts continue it.
    package func part(_ number: Int) -> IdempotentRequest {
        IdempotentRequest(key, number == 0 ? "authors" : "authors, continued", part: number, digest: digest)
    }

    /// Appends the parts of the answer to a spool.
    /// - Parameter reply: the stored answer to a part; `nil` if there is none.
    /// - Returns: whether there is an answer.
    package func append(
        to spool: SpooledFile, reply: (IdempotentRequest) throws -> [UInt8]?
    ) throws -> Bool {
        var number = 0
        while let part = try reply(part(number)) {
            try spool.append(part)
            number += 1
        }
        return number > 0
    }

    /// Calls `body` with each part of an answer, in their order.
    package func forEachPart(
        of spool: SpooledFile, _ body: (IdempotentRequest, [UInt8]) throws -> Void
    ) throws {
        var number = 0
        try spool.forEachPiece { piece in
            try body(part(number), piece)
            number += 1
        }
    }
}
