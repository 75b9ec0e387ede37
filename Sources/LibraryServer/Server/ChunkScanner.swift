import Shared

/// Finds the end of a chunked body (RFC 9112, section 7.1), and bounds the sizes, extensions and trailers in it, for
/// which NIO's decoder has no limit. The decoder alone says what is in the body, and whether it is in order.
struct ChunkScanner {
    /// A line is too long.
    struct TooLong: Error {}

    private enum State {
        case size
        case data(Int)
        case dataEnd(Int)
        case trailer
    }

    /// In bytes.
    private static let longestExtension = 256
    private static let longestTrailer = 8 * 1024

    private var state = State.size
    private var lineLength = 0
    private var trailerLength = 0
    private var size = 0
    private var isInExtension = false

    /// How many of the bytes belong to the body.
    mutating func scan(_ bytes: UnsafeRawBufferPointer) throws(TooLong) -> Int {
        var index = 0
        while index < bytes.count {
            switch state {
            case .data(let left):
                let count = min(left, bytes.count - index)
                index += count
                state = count == left ? .dataEnd(2) : .data(left - count)
            case .dataEnd(let left):
                index += 1
                state = left == 1 ? .size : .dataEnd(left - 1)
            case .size:
                try readSize(bytes[index])
                index += 1
            case .trailer:
                let isEnd = try readTrailer(bytes[index])
                index += 1
                if isEnd { return index }
            }
        }
        return index
    }

    private mutating func readSize(_ byte: UInt8) throws(TooLong) {
        lineLength += 1
        if byte == UInt8(ascii: "\n") {
            state = size == 0 ? .trailer : .data(size)
            (lineLength, size, isInExtension) = (0, 0, false)
            return
        }
        if !isInExtension, let digit = byte.hexDigitValue, size < Int.max >> 4 {
            size = size << 4 | Int(digit)
            lineLength = 0
        } else {
            isInExtension = true
        }
        // With its CR.
        guard lineLength <= Self.longestExtension + 1 else { throw TooLong() }
    }

    private mutating func readTrailer(_ byte: UInt8) throws(TooLong) -> Bool {
        trailerLength += 1
        guard trailerLength <= Self.longestTrailer else { throw TooLong() }
        guard byte == UInt8(ascii: "\n") else {
            if byte != UInt8(ascii: "\r") { lineLength += 1 }
            return false
        }
        defer { lineLength = 0 }
        return lineLength == 0
    }
}
