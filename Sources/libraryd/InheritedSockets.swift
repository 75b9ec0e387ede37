import Glibc
import Shared

/// Sockets that listen already and were handed over by the process that started the daemon, as systemd does
/// (sd_listen_fds(3)): `LISTEN_FDS` of them, from descriptor 3 on, if `LISTEN_PID` is this process.
enum InheritedSockets {
    private static let first: Int32 = 3

    /// The descriptors; no program that this one starts gets them.
    /// - Throws: ``CommandError`` `configuration` if one of them is not a stream socket that listens.
    static func descriptors(_ environment: [String: String]) throws -> [Int32] {
        guard environment["LISTEN_PID"].flatMap({ Int64(decimal: $0) }) == Int64(getpid()),
            let count = environment["LISTEN_FDS"].flatMap({ Int64(decimal: $0) }), count > 0
        else { return [] }
        return try (first..<first + Int32(clamping: min(count, 64))).map { descriptor in
            guard option(descriptor, SO_TYPE) == Int32(SOCK_STREAM.rawValue), option(descriptor, SO_ACCEPTCONN) == 1
            else {
                throw CommandError(
                    .configuration, "descriptor \(descriptor) of LISTEN_FDS is not a stream socket that listens",
                    hint: "use ListenStream in the socket unit")
            }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            return descriptor
        }
    }

    private static func option(_ descriptor: Int32, _ name: Int32) -> Int32? {
        var (value, length) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
    }

    /// The path of a Unix socket; `nil` for another one, and for one without a path.
    static func path(_ descriptor: Int32) -> String? {
        // `struct sockaddr_un` (unix(7)): the family in two bytes, then the path, which a zero ends.
        var bytes = [UInt8](repeating: 0, count: MemoryLayout<sockaddr_storage>.size)
        var length = socklen_t(bytes.count)
        let result = bytes.withUnsafeMutableBytes { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { getsockname(descriptor, $0.baseAddress, &length) }
        }
        let family = bytes.withUnsafeBytes { $0.loadUnaligned(as: sa_family_t.self) }
        let path = bytes.dropFirst(2).prefix { $0 != 0 }
        return result == 0 && family == AF_UNIX && !path.isEmpty ? String(decoding: path, as: UTF8.self) : nil
    }

    /// The address that a descriptor listens on; `nil` for a Unix socket.
    static func address(_ descriptor: Int32) -> Listen? {
        InternetAddress.own(of: descriptor).map { Listen(host: $0.host, port: $0.port) }
    }
}
