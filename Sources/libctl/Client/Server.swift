import Glibc
import Shared

/// The address of a daemon. Logins are stored by its origin, and a token is never sent to another origin.
struct Server: Equatable {
    /// `http://127.0.0.1:8080`, `https://example.org:443` or `unix:/run/user/1000/libraryd.sock`.
    let origin: String
    /// The path of the Unix socket; `nil` for TCP.
    let socket: String?
    let isLoopback: Bool
    /// Whether it is an address of this machine without TLS, over which a daemon can prove itself.
    var isLocal: Bool { isLoopback && !origin.hasPrefix("https:") }
    /// A PEM file with the certificates to trust instead of the system's; `nil` for the system's.
    var certificates: String?

    static let standard = "http://127.0.0.1:8080"

    /// The URL up to the path. A URL needs a host even if the daemon listens on a Unix socket.
    var base: String { socket == nil ? origin : "http://localhost" }

    /// Parses `http://HOST[:PORT]`, `https://HOST[:PORT]` or `unix:/PATH`.
    /// - Parameter malformed: the exit status of the error for any other text.
    /// - Throws: ``CommandError``; `configuration` for plain HTTP to another machine.
    init(_ text: String, malformed exit: ExitStatus = .configuration) throws {
        if text.hasPrefix("unix:/") {
            socket = String(text.dropFirst("unix:".count))
            origin = text
            isLoopback = true
            return
        }
        guard let scheme = ["http", "https"].first(where: { text.lowercased().hasPrefix($0 + "://") }) else {
            throw Self.malformed(text, exit)
        }
        var authority = Substring(text.lowercased()).dropFirst(scheme.utf8.count + 3)
        if authority.last == "/" { authority.removeLast() }
        var port: Int64 = scheme == "https" ? 443 : 80
        if let colon = authority.lastIndex(of: ":"), authority.last != "]" {
            guard let number = Int64(decimal: authority[authority.index(after: colon)...]), (1...65535).contains(number)
            else { throw Self.malformed(text, exit) }
            port = number
            authority = authority[..<colon]
        }
        guard Self.isHost(String(authority)) else { throw Self.malformed(text, exit) }
        let host = canonicalHost(String(authority))
        socket = nil
        origin = "\(scheme)://\(host):\(port)"
        isLoopback = Shared.isLoopback(host: host)
        guard scheme == "https" || isLoopback else {
            throw CommandError(
                .configuration, "\(origin) would carry passwords and tokens unencrypted to another machine",
                hint: "use https://\(host)")
        }
    }

    /// The error for a text that is no server, with the server that was probably meant.
    private static func malformed(_ text: String, _ exit: ExitStatus) -> CommandError {
        let quoted = Secrets.quoted(text)
        // A text of which a part is hidden is not repeated in the hint either.
        if quoted == "'\(text)'" {
            if !text.contains("/") {
                let meant = ["http://", "https://"].map { $0 + text }.first { (try? Server($0)) != nil }
                if let meant { return CommandError(exit, "\(quoted) is not a server", hint: "did you mean \(meant)?") }
            }
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            if parts.count > 3, (try? Server(parts.prefix(3).joined(separator: "/"))) != nil {
                return CommandError(
                    exit, "\(quoted) has a path, and a server has none",
                    hint: "did you mean \(parts.prefix(3).joined(separator: "/"))? "
                        + "behind a proxy, libraryd needs a host name of its own")
            }
        }
        return CommandError(
            exit, "\(quoted) is not a server", hint: "use http://HOST:PORT, https://HOST or unix:/PATH")
    }

    /// The first of: the flag, `LIBCTL_SERVER`, `config.json`, the daemon's socket unless a daemon that was killed has
    /// left it behind, ``standard``.
    static func choose(flag: String?, io: IO, configured: String?) throws -> Server {
        if let flag { return try Server(flag, malformed: .usage) }
        if let variable = try io.text("LIBCTL_SERVER") { return try Server(variable) }
        if let configured { return try Server(configured) }
        if let folder = io.variable("XDG_RUNTIME_DIR"), folder.hasPrefix("/") {
            let socket = folder + "/libraryd.sock"
            if access(SystemText.path(socket), F_OK) == 0, !isAbandoned(socket) { return try Server("unix:" + socket) }
        }
        return try Server(standard)
    }

    /// Whether a socket is there and no process listens on it (connect(2), ECONNREFUSED).
    private static func isAbandoned(_ path: String) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = SystemText.bytes(path)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = Glibc.socket(AF_UNIX, kind, 0)
        guard bytes.count < capacity, descriptor >= 0 else { return false }
        defer { close(descriptor) }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return result != 0 && errno == ECONNREFUSED
    }

    /// The first of: the flag, `LIBCTL_CACERT`, `config.json`, `SSL_CERT_FILE`, which OpenSSL's own programs read too.
    static func certificates(flag: String?, io: IO, configured: String?) -> String? {
        flag ?? io.variable("LIBCTL_CACERT") ?? configured ?? io.variable("SSL_CERT_FILE")
    }

    private static func isHost(_ host: String) -> Bool {
        let name = host.hasPrefix("[") && host.hasSuffix("]") ? host.dropFirst().dropLast() : host[...]
        let isIPv6 = name.utf8.count < host.utf8.count
        return !name.isEmpty
            && name.utf8.allSatisfy { byte in
                byte.isASCIILetterOrDigit || (isIPv6 ? ".:" : ".-").utf8.contains(byte)
            }
    }
}
