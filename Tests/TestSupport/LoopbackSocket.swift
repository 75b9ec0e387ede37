import Foundation

/// TCP sockets on this machine.
public enum LoopbackSocket {
    /// A port of the range on which nobody listens.
    public static func freePort(in range: ClosedRange<UInt16>) throws -> UInt16 {
        for port in range.shuffled() {
            let descriptor = make()
            defer { close(descriptor) }
            var address = address(port: port)
            let length = socklen_t(MemoryLayout<sockaddr_in>.size)
            if withPointer(to: &address, { bind(descriptor, $0, length) }) == 0 { return port }
        }
        throw Missing(what: "a free port in \(range)")
    }

    /// A socket that listens on a free port.
    static func listen(backlog: Int32) throws -> (listener: Listener, port: UInt16) {
        let descriptor = make()
        var address = address(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withPointer(to: &address) {
            bind(descriptor, $0, length) == 0 && Foundation.listen(descriptor, backlog) == 0
                && getsockname(descriptor, $0, &length) == 0
        }
        guard isListening else { throw Missing(what: "a port: \(String(cString: strerror(errno)))") }
        return (Listener(descriptor), UInt16(bigEndian: address.sin_port))
    }

    /// A socket that is connected to a port, and gives up a read after so many seconds of silence.
    /// - Parameter receiveBuffer: in bytes: how much the operating system takes before the test reads.
    static func connect(port: UInt16, seconds: Int, receiveBuffer: Int32? = nil) throws -> Int32 {
        let descriptor = make()
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        if var receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = address(port: port)
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        guard withPointer(to: &address, { Foundation.connect(descriptor, $0, length) }) == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw Missing(what: "a connection to port \(port): \(reason)")
        }
        return descriptor
    }

    /// The next bytes; empty at the end of the connection, and after the time of silence.
    static func receive(_ descriptor: Int32, atMost count: Int = 65536) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: count)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            return Array(buffer.prefix(max(0, count)))
        }
    }

    private static func make() -> Int32 {
        socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    }

    private static func address(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func withPointer<Value>(
        to address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>) -> Value
    ) -> Value {
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0) }
        }
    }
}
