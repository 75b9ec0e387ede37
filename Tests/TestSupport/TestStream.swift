import HTTPTypes
import Hummingbird
import NIOCore
import NIOEmbedded

/// A reply that goes on, read piece by piece. The test closes its connection and moves the clock of its event loop.
final class TestStream {
    /// The reply without its body.
    let reply: TestReply
    private let channel: NIOAsyncTestingChannel
    private var pieces: AsyncStream<[UInt8]>.AsyncIterator
    private var text = ""
    private let writing: Task<Void, any Error>

    init(_ response: Response, _ channel: NIOAsyncTestingChannel) {
        reply = TestReply(response, body: [])
        self.channel = channel
        let (stream, continuation) = AsyncStream<[UInt8]>.makeStream()
        pieces = stream.makeAsyncIterator()
        let body = response.body
        writing = Task {
            defer { continuation.finish() }
            try await body.write(PassingWriter(continuation: continuation))
        }
    }

    deinit {
        writing.cancel()
    }

    /// The lines before the next empty line; `nil` at the end.
    func next() async -> [Substring]? {
        while true {
            if let end = text.firstRange(of: "\n\n") {
                let lines = text[..<end.lowerBound].split(separator: "\n")
                text = String(text[end.upperBound...])
                return lines
            }
            guard let piece = await pieces.next() else { return nil }
            text += String(decoding: piece, as: UTF8.self)
        }
    }

    /// Closes the connection, as a client does. Returns when the daemon has noticed.
    func close() async throws {
        try await channel.close()
        try? await writing.value
    }

    /// Moves the clock of this connection's event loop and no other clock.
    func pass(seconds: Int64) async {
        await channel.testingEventLoop.advanceTime(by: .seconds(seconds))
    }
}

private struct PassingWriter: ResponseBodyWriter {
    let continuation: AsyncStream<[UInt8]>.Continuation

    mutating func write(_ buffer: ByteBuffer) async throws {
        continuation.yield(Array(buffer.readableBytesView))
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
