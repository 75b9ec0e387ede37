import Foundation

/// A TCP connection to this machine, over which a test sends what it likes.
public final class RawClient: Sendable {
    private let descriptor: Int32

    /// - Parameter receiveBuffer: in bytes: how much the operating system takes before the test reads.
    public init(port: UInt16, receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var time = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        if var receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let descriptor = descriptor
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            throw Missing(what: "a connection to port \(port): \(String(cString: strerror(errno)))")
        }
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
        await Program.withoutBlocking { [self] in
            var buffer = [UInt8](repeating: 0, count: count)
            while true {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                if count < 0, errno == EINTR { continue }
                return Array(buffer.prefix(max(0, count)))
            }
        }
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

    public func receiveAll() async -> String {
        var all: [UInt8] = []
        while case let bytes = await receive(), !bytes.isEmpty { all += bytes }
        return String(decoding: all, as: UTF8.self)
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
