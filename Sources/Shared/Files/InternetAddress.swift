import Glibc

/// The numeric addresses of the ends of a socket (getnameinfo(3)).
package enum InternetAddress {
    /// The address of this end; `nil` for a Unix socket.
    package static func own(of descriptor: Int32) -> (host: String, port: Int)? {
        read { getsockname(descriptor, $0, $1) }
    }

    /// The address of the other end; `nil` for a Unix socket, and for a connection that has ended.
    package static func peer(of descriptor: Int32) -> (host: String, port: Int)? {
        read { getpeername(descriptor, $0, $1) }
    }

    private static func read(
        _ get: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> (host: String, port: Int)? {
        var (address, length) = (sockaddr_storage(), socklen_t(MemoryLayout<sockaddr_storage>.size))
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let isKnown = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                get($0, &length) == 0 && $0.pointee.sa_family != AF_UNIX
                    && getnameinfo(
                        $0, length, &host, socklen_t(host.count), &port, socklen_t(port.count),
                        NI_NUMERICHOST | NI_NUMERICSERV) == 0
            }
        }
        guard isKnown, let port = Int64(decimal: String(terminated: port)) else { return nil }
        return (String(terminated: host), Int(port))
    }
}
