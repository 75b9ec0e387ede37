import CCurl
import Glibc
import Shared

extension Curl {
    /// Where a connected socket of this machine ends, as ``ConnectionPlace`` writes it; `nil` for another machine, and
    /// for a connection that has ended.
    static func place(_ descriptor: curl_socket_t, _ server: Server) -> String? {
        guard descriptor >= 0, server.isLocal else { return nil }
        if let path = server.socket {
            let user = ConnectionPlace.user(atOtherEndOf: descriptor)
            return user.flatMap { ConnectionPlace.unix(path: path, user: $0) }
        }
        guard let (host, port) = remoteAddress(descriptor), isLoopback(host: host) else { return nil }
        return ConnectionPlace.tcp(address: host, port: port)
    }

    private static func remoteAddress(_ descriptor: Int32) -> (host: String, port: Int)? {
        var (address, length) = (sockaddr_storage(), socklen_t(MemoryLayout<sockaddr_storage>.size))
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let isKnown = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getpeername(descriptor, $0, &length) == 0
                    && getnameinfo(
                        $0, length, &host, socklen_t(host.count), &port, socklen_t(port.count),
                        NI_NUMERICHOST | NI_NUMERICSERV) == 0
            }
        }
        guard isKnown, let port = Int64(decimal: String(terminated: port)) else { return nil }
        return (String(terminated: host), Int(port))
    }
}
