import Glibc
import Hummingbird
import Shared

/// The head of a request, read from its bytes without NIO's decoder and without a string for each field.
///
/// `HotHead` accepts less than the decoder and ``RequestCheck`` together: a whole head of a plain `GET` or `POST`.
/// Every other head, also a wrong one, is left to them, so nothing is accepted here that they refuse.
struct HotHead {
    /// Length of the head with the empty line at its end, in bytes.
    private(set) var length = 0
    let isPost: Bool
    /// The request target. Its bytes and those of ``token`` are good as long as the head's.
    let target: UnsafeRawBufferPointer
    private(set) var token = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Length of the body, in bytes; 0 for a `GET`.
    private(set) var contentLength = 0
    /// Whether there is a body, and it is JSON.
    private(set) var isJSON = false
    private(set) var ifNoneMatch: [String] = []
    private(set) var idempotencyKeys: [String] = []
    /// The last `X-Forwarded-For`; good as long as the bytes of the head.
    private(set) var forwardedFor: UnsafeRawBufferPointer?
    private var hasHost = false

    /// Longest head, in bytes, and its most fields.
    private static let (longest, mostFields) = (8 * 1024, 32)

    /// `nil` if the decoder has to read the head.
    init?(_ bytes: UnsafeRawBufferPointer) {
        var lines = Lines(bytes: UnsafeRawBufferPointer(rebasing: bytes.prefix(Self.longest)))
        guard let line = lines.next(), let start = Self.methods.first(where: { line.begins(with: $0.text) }),
            line.count >= start.text.utf8CodeUnitCount + Self.version.utf8CodeUnitCount
        else { return nil }
        let end = line.count - Self.version.utf8CodeUnitCount
        guard line.suffix(from: end).isEqual(to: Self.version) else { return nil }
        isPost = start.isPost
        // From the slash at the end of the method's text.
        target = line.range(start.text.utf8CodeUnitCount - 1..<end)
        guard target.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }) else { return nil }
        for _ in 0...Self.mostFields {
            guard let line = lines.next() else { return nil }
            if line.isEmpty {
                length = lines.end
                guard hasHost, isPost == (contentLength > 0) else { return nil }
                return
            }
            guard take(line) else { return nil }
        }
        return nil
    }

    private static let methods: [(text: StaticString, isPost: Bool)] = [("GET /", false), ("POST /", true)]
    private static let version: StaticString = " HTTP/1.1"

    /// - Returns: `false` if the field, or its value, is one for the decoder or the router.
    private mutating func take(_ line: UnsafeRawBufferPointer) -> Bool {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return false }
        let name = line.range(0..<colon)
        guard name.allSatisfy({ $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "-") }) else { return false }
        var start = colon + 1
        while start < line.count, line[start] == UInt8(ascii: " ") { start += 1 }
        let value = line.suffix(from: start)
        guard value.isPrintable, value.last != UInt8(ascii: " ") else { return false }
        switch name.count {
        case 4 where name.names("host"):
            defer { hasHost = true }
            return !hasHost && RequestCheck.isHost(value)
        case 6 where name.names("accept"): return value.isEqual(to: "*/*") || value.isEqual(to: Self.json)
        case 10 where name.names("connection"): return value.names("keep-alive")
        case 12 where name.names("content-type"):
            defer { isJSON = true }
            return !isJSON && value.isEqual(to: Self.json)
        case 13 where name.names("authorization"):
            guard token.isEmpty, value.begins(with: Self.bearer) else { return false }
            token = value.suffix(from: Self.bearer.utf8CodeUnitCount)
            return !token.contains(UInt8(ascii: " "))
        case 13 where name.names("if-none-match"): ifNoneMatch.append(value.text)
        case 14 where name.names("content-length"):
            guard isPost, contentLength == 0, let length = Int64(decimal: value.text) else { return false }
            contentLength = Int(length)
            return (1...Hummingbird.Request.maximumBody).contains(contentLength)
        case 15 where name.names("x-access-tokens"):
            guard token.isEmpty, !value.isEmpty else { return false }
            token = value
        case 15 where name.names("x-forwarded-for"): forwardedFor = value
        case 15 where name.names("idempotency-key"): idempotencyKeys.append(value.text)
        case 6 where name.names("expect"), 7 where name.names("upgrade"), 16 where name.names("content-encoding"),
            16 where name.names("proxy-connection"), 17 where name.names("transfer-encoding"):
            return false
        default: break
        }
        return true
    }

    private static let json: StaticString = "application/json"
    private static let bearer: StaticString = "Bearer "
}

/// The lines of a head.
private struct Lines {
    let bytes: UnsafeRawBufferPointer
    /// Where the last line ended.
    var end = 0

    /// The next line without its CR LF; `nil` if it has not come whole, or ends in another way.
    mutating func next() -> UnsafeRawBufferPointer? {
        guard end < bytes.count, let start = bytes.baseAddress,
            let found = memchr(start + end, Int32(UInt8(ascii: "\n")), bytes.count - end)
        else { return nil }
        let newline = UnsafeRawPointer(found) - start
        guard newline > end, bytes[newline - 1] == UInt8(ascii: "\r") else { return nil }
        defer { end = newline + 1 }
        return bytes.range(end..<newline - 1)
    }
}

extension UnsafeRawBufferPointer {
    func range(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self[range]) }

    func suffix(from start: Int) -> UnsafeRawBufferPointer { range(start..<count) }

    var text: String { String(decoding: self, as: UTF8.self) }

    func begins(with text: StaticString) -> Bool {
        guard count >= text.utf8CodeUnitCount, let start = baseAddress else { return false }
        return memcmp(start, text.utf8Start, text.utf8CodeUnitCount) == 0
    }

    func isEqual(to text: StaticString) -> Bool { count == text.utf8CodeUnitCount && begins(with: text) }

    func isEqual(to bytes: [UInt8]) -> Bool {
        guard count == bytes.count, let start = baseAddress else { return count == bytes.count }
        return bytes.withUnsafeBytes { $0.baseAddress.map { memcmp($0, start, count) == 0 } ?? false }
    }

    /// Whether all bytes are of ASCII and no control characters. Eight are compared at once: subtracting 0x20 from a
    /// byte that is less, or adding 1 to 0x7F, sets the highest bit, which no other byte of ASCII has.
    var isPrintable: Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var start = 0
        while start + 8 <= count {
            let word = loadUnaligned(fromByteOffset: start, as: UInt64.self)
            guard (word | (word &- 0x20 &* ones) | (word &+ ones)) & (0x80 &* ones) == 0 else { return false }
            start += 8
        }
        return self[start...].allSatisfy { $0 >= 0x20 && $0 < 0x7F }
    }

    /// Whether the bytes, which are letters, digits and hyphens, are this name in any case.
    /// - Parameter name: in lower case.
    fileprivate func names(_ name: StaticString) -> Bool {
        guard count == name.utf8CodeUnitCount else { return false }
        return indices.allSatisfy { self[$0] | 0x20 == name.utf8Start[$0] }
    }
}
