import Foundation
import Synchronization

/// Passes all bytes on between its own address and that of a daemon, as an impostor would, and keeps what clients send.
public final class Relay: Sendable {
    /// An address of this machine.
    public enum Place: Sendable {
        case tcp(port: UInt16)
        case unix(path: String)
    }

    private let listener: Listener
    /// The address for `--server`.
    public let address: String
    private let sent = Mutex<[UInt8]>([])

    /// - Parameter path: of the Unix socket on which to listen; `nil` for a free port.
    public init(to daemon: Place, at path: String? = nil) throws {
        if let path {
            listener = Listener(try UnixSocketFile.listen(path))
            address = "unix:" + path
        } else {
            let (listener, port) = try LoopbackSocket.listen(backlog: 16)
            (self.listener, address) = (listener, "http://127.0.0.1:\(port)")
        }
        Thread.detachNewThread { [weak self, listener] in
            while let client = listener.accept() {
                guard let self, let server = try? Self.connect(to: daemon) else {
                    close(client)
                    continue
                }
                Self.pass(from: client, to: server) { bytes in self.sent.withLock { $0 += bytes } }
                Self.pass(from: server, to: client) { _ in }
            }
        }
    }

    deinit {
        listener.shutDown()
    }

    /// What the clients have sent so far.
    public var requests: String { String(decoding: sent.withLock { $0 }, as: UTF8.self) }

    private static func connect(to place: Place) throws -> Int32 {
        switch place {
        case .tcp(let port): try LoopbackSocket.connect(port: port, seconds: 60)
        case .unix(let path): try UnixSocketFile.connect(path)
        }
    }

    /// The descriptors are left open: each belongs to two threads, and the process ends soon.
    private static func pass(
        from source: Int32, to target: Int32, _ keep: @escaping @Sendable ([UInt8]) -> Void
    ) {
        Thread.detachNewThread {
            while case let bytes = LoopbackSocket.receive(source), !bytes.isEmpty {
                keep(bytes)
                guard send(target, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { break }
            }
            shutdown(target, Int32(SHUT_WR))
        }
    }
}

/// Unix sockets with a name.
public enum UnixSocketFile {
    /// Leaves a socket behind on which nobody listens, as a daemon does that was killed.
    public static func abandon(_ path: String) throws { close(try listen(path)) }

    static func listen(_ path: String) throws -> Int32 {
        let descriptor = make()
        guard call(path, { bind(descriptor, $0, $1) }) == 0, Foundation.listen(descriptor, 16) == 0 else {
            throw Missing(what: "a socket at \(path): \(String(cString: strerror(errno)))")
        }
        return descriptor
    }

    static func connect(_ path: String) throws -> Int32 {
        let descriptor = make()
        guard call(path, { Foundation.connect(descriptor, $0, $1) }) == 0 else {
            throw Missing(what: "a connection to \(path): \(String(cString: strerror(errno)))")
        }
        return descriptor
    }

    private static func make() -> Int32 {
        socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    }

    private static func call(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
