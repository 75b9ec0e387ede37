import Testing

@testable import LibraryServer

/// Where heads and chunked bodies end, in one piece or in pieces of any size.
struct ScannerTests {
    /// How many bytes a scanner takes of a text and what follows it, in pieces of a size.
    private static func taken(
        of text: String, _ size: Int, _ scan: (UnsafeRawBufferPointer) throws -> Int
    ) rethrows -> Int {
        let bytes = Array((text + "GET /next").utf8)
        var count = 0
        for start in stride(from: 0, to: bytes.count, by: size) {
            let piece = Array(bytes[start..<min(bytes.count, start + size)])
            let taken = try piece.withUnsafeBytes(scan)
            count += taken
            if taken < piece.count || count == text.utf8.count { break }
        }
        return count
    }

    @Test(arguments: 1...40)
    func aHeadEndsWithAnEmptyLine(size: Int) {
        let head = "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nX: \r\ry\r\n\r\n"
        var scanner = HeadScanner()
        let count = Self.taken(of: head, size) { scanner.scan($0) }
        #expect(count == head.utf8.count)
        #expect(scanner.lineLength == "GET / HTTP/1.1\r\n".utf8.count)
    }

    @Test(arguments: 1...40)
    func aChunkedBodyEndsWithItsTrailers(size: Int) throws {
        let body = "5;a=b\r\nhel\r\n\r\n1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nX: y\r\n\r\n"
        var scanner = ChunkScanner()
        let count = try Self.taken(of: body, size) { try scanner.scan($0) }
        #expect(count == body.utf8.count)
    }

    @Test(arguments: [
        (String(repeating: "a", count: 255), true), (String(repeating: "a", count: 256), true),
        (String(repeating: "a", count: 257), false),
    ])
    func anExtensionHasALimit(text: String, isTaken: Bool) {
        let bytes = Array("2;\(text.dropFirst())\r\n{}\r\n0\r\n\r\n".utf8)
        var scanner = ChunkScanner()
        let count = try? bytes.withUnsafeBytes { bytes throws(ChunkScanner.TooLong) in try scanner.scan(bytes) }
        #expect(count == (isTaken ? bytes.count : nil))
    }
}
