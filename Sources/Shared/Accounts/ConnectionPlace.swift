import Glibc

/// The place at which a connection within this machine ends, in a form that both of its ends can write.
public enum ConnectionPlace {
    /// An address and port of TCP. It has the network namespace too, because each namespace (network_namespaces(7)) has
    /// a `127.0.0.1` of its own.
    /// - Parameter address: as inet_ntop(3) writes it, without brackets.
    public static func tcp(address: String, port: Int) -> String? {
        guard let boot = bootID, let network = networkNamespace else { return nil }
        // The daemon's end of an IPv4 connection to a socket for IPv6 has a mapped address.
        let address = unmapped(address)
        return "tcp\n\(boot)\n\(network)\n\(address.contains(":") ? "[\(address)]" : address):\(port)"
    }

    /// A Unix socket.
    /// - Parameters:
    ///   - path: as the daemon has bound it, from `/` on.
    ///   - user: the user id of the process that listens.
    public static func unix(path: String, user: UInt32) -> String? {
        guard path.hasPrefix("/") else { return nil }
        return bootID.map { "unix\n\($0)\n\(user)\n\(path)" }
    }

    /// The user id of the process at the other end of a Unix socket (`SO_PEERCRED`, unix(7)); for a client, of the
    /// process that listens.
    public static func user(atOtherEndOf descriptor: Int32) -> UInt32? {
        // `struct ucred`, which the module Glibc does not export: pid, uid, gid.
        var credentials: [UInt32] = [0, 0, 0]
        var size = socklen_t(12)
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0, size == 12 else { return nil }
        return credentials[1]
    }

    /// Different on every machine, and after every start of it (random(4)).
    private static let bootID: String? = {
        guard let bytes = try? FileContents.read("/proc/sys/kernel/random/boot_id", limit: 64) else { return nil }
        let text = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        return text.utf8.count == 36 ? text : nil
    }()

    /// Such as `net:[4026531840]` (namespaces(7)).
    private static let networkNamespace: String? = {
        var target = [CChar](repeating: 0, count: 64)
        let count = readlink("/proc/self/ns/net", &target, target.count)
        return count > 0 && count < target.count
            ? String(decoding: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }()
}
