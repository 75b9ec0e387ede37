import Glibc

/// Finds the end of a head, which is an empty line (RFC 9112, section 2.1), and measures its first line. NIO's decoder
/// takes no other line end than CR LF.
struct HeadScanner {
    /// The request line with its end, as far as it has come, in bytes.
    private(set) var lineLength = 0
    private var hasLine = false
    /// Bytes since the last line end.
    private var sinceLineEnd = 0
    private var isAfterCR = false

    /// How many of the bytes belong to the head.
    mutating func scan(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let start = bytes.baseAddress else { return 0 }
        var index = 0
        while index < bytes.count {
            guard let found = memchr(start + index, Int32(UInt8(ascii: "\n")), bytes.count - index) else {
                take(bytes.count - index)
                isAfterCR = bytes[bytes.count - 1] == UInt8(ascii: "\r")
                return bytes.count
            }
            let end = UnsafeRawPointer(found) - start
            let hasCR = end > 0 ? bytes[end - 1] == UInt8(ascii: "\r") : isAfterCR
            take(end + 1 - index)
            index = end + 1
            let isEmpty = hasCR && sinceLineEnd == 2
            (sinceLineEnd, isAfterCR) = (0, false)
            if hasLine {
                if isEmpty { return index }
            } else if isEmpty {
                // Empty lines may precede a request (RFC 9112, section 2.2).
                lineLength = 0
            } else {
                hasLine = true
            }
        }
        return index
    }

    private mutating func take(_ count: Int) {
        sinceLineEnd += count
        if !hasLine { lineLength += count }
    }
}
