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
        guard let (host, port) = InternetAddress.peer(of: descriptor), isLoopback(host: host) else { return nil }
        return ConnectionPlace.tcp(address: host, port: port)
    }
}
