import Foundation

/// A TCP connection to this machine, over which a test sends what it likes.
public final class RawClient: Sendable {
    private let descriptor: Int32

    /// - Parameter receiveBuffer: in bytes: how much the operating system takes before the test reads.
    public init(port: UInt16, receiveBuffer: Int32? = nil) throws {
        descriptor = try LoopbackSocket.connect(port: port, seconds: 60, receiveBuffer: receiveBuffer)
    }

    deinit {
        close(descriptor)
    }

    /// Sends the text, or what the operating system takes of it at once.
    /// - Returns: the number of bytes, or -1 on a connection that is closed.
    @discardableResult public func send(_ text: String, waits: Bool = true) -> Int {
        let bytes = Array(text.utf8)
        let flags = Int32(MSG_NOSIGNAL) | (waits ? 0 : Int32(MSG_DONTWAIT))
        return Foundation.send(descriptor, bytes, bytes.count, flags)
    }

    @discardableResult public func send(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.withUnsafeBytes { Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    /// Says that nothing more will be sent.
    public func endSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// The next bytes; empty at the end of the connection, and after a minute of silence.
    public func receive(atMost count: Int = 65536) async -> [UInt8] {
        await Program.withoutBlocking { [self] in LoopbackSocket.receive(descriptor, atMost: count) }
    }

    /// What comes until a text has come, or the connection ends.
    public func receive(until end: String) async -> String {
        var text = ""
        while !text.contains(end) {
            let bytes = await receive()
            if bytes.isEmpty { break }
            text += String(decoding: bytes, as: UTF8.self)
        }
        return text
    }

    /// What comes until the connection ends. One thread reads it all, so that a small buffer is emptied at once, or
    /// after a pause each time.
    public func receiveAll(microsecondsBetween pause: UInt32 = 0) async -> String {
        await Program.withoutBlocking { [self] in
            var all: [UInt8] = []
            while case let bytes = LoopbackSocket.receive(descriptor), !bytes.isEmpty {
                all += bytes
                if pause > 0 { usleep(pause) }
            }
            return String(decoding: all, as: UTF8.self)
        }
    }

    /// Waits until the other side has closed the connection, whatever is still unread.
    /// - Returns: `false` after a minute.
    public func waitForClose() async -> Bool {
        await Program.withoutBlocking { [self] in
            // POLLRDHUP, which needs _GNU_SOURCE (poll(2)).
            var entry = pollfd(fd: descriptor, events: 0x2000, revents: 0)
            return poll(&entry, 1, 60_000) > 0
        }
    }
}
