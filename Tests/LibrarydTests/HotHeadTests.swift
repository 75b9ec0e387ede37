import NIOCore
import NIOEmbedded
import NIOHTTP1
import TestSupport
import Testing

@testable import LibraryServer

/// Heads that are read without NIO's decoder: a part of those that the decoder and ``RequestCheck`` take, with the same
/// meaning.
struct HotHeadTests {
    private static let fields = "Host: x:8080\r\nX-Access-Tokens: a.b.c\r\n"
    private static let json = "Content-Type: application/json\r\nContent-Length: 2\r\n"

    @Test(arguments: [
        "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", "GET /authors?limit=2&q=%20 HTTP/1.1\r\n\(fields)\r\n",
        "GET /authors/1 HTTP/1.1\r\nhOST: [::1]:80\r\nAUTHORIZATION: Bearer a.b\r\naccept:*/*\r\n\r\n",
        "GET / HTTP/1.1\r\n\(fields)Accept:   application/json\r\nConnection: Keep-Alive\r\nX: \r\n\r\n",
        "GET / HTTP/1.1\r\n\(fields)If-None-Match: \"a\"\r\nIf-None-Match: W/\"b\"\r\n\r\n",
        "POST /authors HTTP/1.1\r\n\(fields)\(json)Idempotency-Key: k\r\n\r\n",
    ])
    func plainHeadsAreTaken(head: String) throws {
        let bytes = Array((head + "{}GET /next").utf8)
        let hot = try #require(Self.hot(bytes))
        #expect(hot.length == head.utf8.count)
        try Self.expectSame(hot, as: bytes)
    }

    @Test(arguments: [
        // Not whole.
        "GET / HTTP/1.1\r\nHost: x\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r", "GET /", "",
        // Other methods, targets, versions and line ends.
        "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", "get / HTTP/1.1\r\nHost: x\r\n\r\n", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET x HTTP/1.1\r\nHost: x\r\n\r\n", "GET /\t HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /# HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n\n", "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: x\r\n\r\n",
        // Fields.
        "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : x\r\n\r\n", "GET / HTTP/1.1\r\n Host: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nX: \u{1}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nX: y\rz\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nX: \u{E9}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nX\0: y\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nX: y \r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nX\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nProxy-Connection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nAccept: text/csv\r\n\r\n",
        "GET / HTTP/1.1\r\n\(fields)Authorization: Bearer a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nx-access-tokens:\r\nAuthorization: Bearer a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nx-access-tokens:\r\nx-access-tokens: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YTpi\r\n\r\n",
        "GET / HTTP/1.1\r\n" + String(repeating: "X: y\r\n", count: 32) + "Host: x\r\n\r\n",
        "GET /\(String(repeating: "x", count: 8192)) HTTP/1.1\r\nHost: x\r\n\r\n",
        // Bodies.
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +2\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9223372036854775807\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Encoding: gzip\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Type: text/csv\r\n\r\n",
    ])
    func anythingElseIsLeftToTheDecoder(head: String) {
        #expect(Self.hot(Array(head.utf8)) == nil)
    }

    @Test func nothingIsTakenThatTheDecoderRefuses() throws {
        var random = SeededGenerator(seed: 1)
        let seeds = [
            "GET /authors?limit=2 HTTP/1.1\r\n\(Self.fields)Accept: */*\r\nConnection: keep-alive\r\n\r\n",
            "GET /authors/1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a.b\r\nIf-None-Match: \"x\"\r\n\r\n",
            "POST /authors HTTP/1.1\r\n\(Self.fields)\(Self.json)Idempotency-Key: k\r\n\r\n{}",
        ].map { Array($0.utf8) }
        var taken = 0
        for round in 0..<30_000 {
            let bytes = HTTPMutation.mutated(seeds[round % seeds.count], &random)
            guard let hot = Self.hot(bytes) else { continue }
            taken += 1
            try Self.expectSame(hot, as: bytes)
        }
        #expect(taken > 1000)
    }

    /// What is read of a head.
    private struct Hot: Equatable {
        var length: Int
        var method: HTTPMethod
        var target: String
        var token: String
        var contentLength: Int
        var isJSON: Bool
        var ifNoneMatch: [String]
        var idempotencyKeys: [String]
    }

    /// Every byte, at every place of a text of any length.
    @Test func printableBytesAreThoseOfASCIIWithoutControls() {
        for length in 0...17 {
            for place in 0..<length {
                for byte in UInt8.min ... .max {
                    for other in [0x20, 0x7E] as [UInt8] {
                        var text = [UInt8](repeating: other, count: length)
                        text[place] = byte
                        let isPrintable = text.withUnsafeBytes { $0.isPrintable }
                        #expect(isPrintable == (0x20...0x7E).contains(byte))
                    }
                }
            }
        }
    }

    private static func hot(_ bytes: [UInt8]) -> Hot? {
        bytes.withUnsafeBytes { bytes in
            HotHead(bytes).map {
                Hot(
                    length: $0.length, method: $0.isPost ? .POST : .GET, target: $0.target.text, token: $0.token.text,
                    contentLength: $0.contentLength, isJSON: $0.isJSON, ifNoneMatch: $0.ifNoneMatch,
                    idempotencyKeys: $0.idempotencyKeys)
            }
        }
    }

    /// Passes if the decoder reads the same.
    private static func expectSame(_ hot: Hot, as bytes: [UInt8]) throws {
        let text = Comment(rawValue: String(decoding: bytes, as: UTF8.self))
        let channel = EmbeddedChannel(handler: ByteToMessageHandler(HTTPRequestDecoder()))
        let headBytes = bytes.prefix(hot.length)
        try channel.writeInbound(ByteBuffer(bytes: headBytes))
        let part = try channel.readInbound(as: HTTPServerRequestPart.self)
        guard case .head(let head) = part else {
            Issue.record("\(text)")
            return
        }
        let line = headBytes.prefix { $0 != UInt8(ascii: "\n") }.count + 1
        #expect(throws: Never.self, text) { try RequestCheck.check(head, lineLength: line) }
        let request = CurrentRequest(head)
        #expect(!request.closes && !request.isChunked && !request.expectsContinue, text)
        let tokens = head.headers["x-access-tokens"] + head.headers["authorization"].map { String($0.dropFirst(7)) }
        let read = Hot(
            length: hot.length, method: head.method, target: head.uri, token: tokens.first ?? "",
            contentLength: request.missing, isJSON: head.headers["content-type"] == ["application/json"],
            ifNoneMatch: head.headers["if-none-match"], idempotencyKeys: head.headers["idempotency-key"])
        #expect(hot == read, text)
        #expect(tokens.count < 2, text)
        _ = try? channel.finish()
    }
}
