import Foundation

/// The socket of a service manager (sd_notify(3)), which receives the datagrams of a daemon.
public final class NotifySocket: Sendable {
    /// The value of `NOTIFY_SOCKET`.
    public let name: String
    private let descriptor: Int32
    private let folder = TemporaryFolder()
    private let address: [UInt8]

    /// - Parameter isAbstract: whether the socket has an abstract name in place of a path (unix(7)).
    public init(isAbstract: Bool) throws {
        let path = folder.path + "/notify"
        name = isAbstract ? "@" + path : path
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        // So long that only a daemon that sends nothing reaches it.
        var time = [60, 0]
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(2 * MemoryLayout<Int>.size))
        let address =
            withUnsafeBytes(of: sa_family_t(AF_UNIX)) { Array($0) } + (isAbstract ? [0] : []) + Array(path.utf8)
        let result = address.withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { bind(descriptor, $0.baseAddress, socklen_t(bytes.count)) }
        }
        guard result == 0 else { throw Missing(what: "a socket at \(name)") }
        (self.descriptor, self.address) = (descriptor, address)
    }

    /// Puts datagrams into the queue of the socket until it takes no more.
    public func fill() {
        let sender = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(sender) }
        address.withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) {
                while sendto(sender, "x", 1, Int32(MSG_DONTWAIT), $0.baseAddress, socklen_t(bytes.count)) == 1 {}
            }
        }
    }

    deinit {
        close(descriptor)
    }

    /// A launcher of ``Daemon`` that has the service manager.
    public func launcher(_ variables: String...) -> [String] {
        ["/usr/bin/env", "NOTIFY_SOCKET=\(name)"] + variables
    }

    /// The next datagram.
    public func next() async throws -> String {
        let text = await Program.withoutBlocking { [self] in receive(0) }
        return try require(text)
    }

    /// The datagram that has arrived already; `nil` if there is none.
    public var waiting: String? { receive(Int32(MSG_DONTWAIT)) }

    private func receive(_ flags: Int32) -> String? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        var count = -1
        repeat { count = recv(descriptor, &bytes, bytes.count, flags) } while count < 0 && errno == EINTR
        return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
