import Glibc
import LibraryStore
import Shared

/// Unix-domain stream sockets (unix(7)).
package enum UnixSocket {
    /// Binds a private socket, in place of a socket that an earlier daemon left there.
    /// - Throws: ``CommandError``, also if the path names something other than a socket.
    static func listen(at path: String) throws -> Int32 {
        try requireName(path)
        let descriptor = try make()
        unlink(path)
        guard withAddress(path, { bind(descriptor, $0, $1) }) == 0, chmod(path, 0o600) == 0,
            Glibc.listen(descriptor, 16) == 0
        else {
            let reason = systemError()
            close(descriptor)
            throw CommandError(.ioError, "\(path): \(reason)")
        }
        return descriptor
    }

    /// Passes if the path does not exist or names a socket, which may be replaced.
    /// - Throws: ``CommandError`` `conflict`.
    package static func requireName(_ path: String) throws {
        guard let status = try FileStatus(path: path), status.kind != .socket else { return }
        throw CommandError(.conflict, "\(path) is \(status.kind.rawValue), not a socket", hint: "move it away")
    }

    /// Connects to a socket; returns `nil` if no process listens at that path.
    /// - Parameter patience: timeout in seconds for connecting, which blocks while the listener's queue is full, and
    ///   for each read and write.
    package static func connect(to path: String, patience: Int = 10) throws -> Int32? {
        let descriptor = try make()
        setTimeout(descriptor, seconds: patience)
        guard withAddress(path, { Glibc.connect(descriptor, $0, $1) }) == 0 else {
            let (code, reason) = (errno, systemError())
            close(descriptor)
            if code == ENOENT || code == ECONNREFUSED { return nil }
            if code == EAGAIN { throw noAnswer(path) }
            throw CommandError(.ioError, "\(path): \(reason)")
        }
        return descriptor
    }

    /// Waits for the next connection; returns `nil` once the listener has been shut down.
    static func accept(_ listener: Int32) -> Int32? {
        while true {
            let connection = Glibc.accept(listener, nil, nil)
            if connection < 0 {
                switch errno {
                case EINTR, ECONNABORTED: continue
                case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                    // A temporary shortage of descriptors or memory; the connection stays in the queue.
                    usleep(100_000)
                    continue
                default: return nil
                }
            }
            _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
            return connection
        }
    }

    static func setTimeout(_ descriptor: Int32, seconds: Int) {
        // `struct timeval`: seconds and microseconds. An array, because it depends on the build which C module
        // exports the members of the structure.
        var time = [seconds, 0]
        let size = socklen_t(2 * MemoryLayout<Int>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size)
    }

    static func noAnswer(_ path: String) -> CommandError {
        CommandError(
            .temporaryFailure, "\(path): the daemon does not answer", hint: "try again, or see what its log says")
    }

    /// Reads all bytes up to the end of the stream. The socket's timeout applies to each piece.
    /// - Parameters:
    ///   - limit: in bytes.
    ///   - deadline: when the next piece is not waited for any more.
    static func read(
        _ descriptor: Int32, limit: Int, by deadline: ContinuousClock.Instant? = nil
    ) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            if let deadline, deadline < .now { throw noAnswer("operator socket") }
            guard let piece = try piece(descriptor, 0) else { throw noAnswer("operator socket") }
            if piece.isEmpty { return bytes }
            try append(piece, to: &bytes, limit)
        }
    }

    /// As ``read(_:limit:by:)`` without blocking a thread, so that silent connections do not delay others.
    /// - Parameter deadline: when the stream must have ended.
    static func receive(
        _ descriptor: Int32, limit: Int = 16 << 20, by deadline: ContinuousClock.Instant
    ) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while deadline > .now {
            guard let piece = try piece(descriptor, Int32(MSG_DONTWAIT)) else {
                try await Task.sleep(for: pause)
                continue
            }
            if piece.isEmpty { return bytes }
            try append(piece, to: &bytes, limit)
        }
        throw noAnswer("operator socket")
    }

    static func write(_ bytes: [UInt8], to descriptor: Int32) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let count = try sent(rest, descriptor, 0) else { throw noAnswer("operator socket") }
            rest = rest.dropFirst(count)
        }
    }

    /// As ``write(_:to:)`` without blocking a thread.
    /// - Parameter patience: timeout while the reader takes no bytes.
    static func send(_ bytes: [UInt8], to descriptor: Int32, patience: Duration) async throws {
        var rest = bytes[...]
        var lastPiece = ContinuousClock.now
        while !rest.isEmpty {
            if let count = try sent(rest, descriptor, Int32(MSG_DONTWAIT)) {
                rest = rest.dropFirst(count)
                lastPiece = .now
            } else {
                guard lastPiece.duration(to: .now) < patience else { throw noAnswer("operator socket") }
                try await Task.sleep(for: pause)
            }
        }
    }

    /// Time between two attempts on a socket that is used without blocking.
    private static let pause = Duration.milliseconds(5)

    /// The bytes that have arrived: empty at the end of the stream, `nil` if none arrived before the timeout.
    private static func piece(_ descriptor: Int32, _ flags: Int32) throws -> [UInt8]? {
        var count = -1
        let piece = [UInt8](unsafeUninitializedCapacity: 64 * 1024) { buffer, initialized in
            repeat {
                count = recv(descriptor, buffer.baseAddress, buffer.count, flags)
            } while count < 0 && errno == EINTR
            initialized = max(count, 0)
        }
        if count < 0, errno == EAGAIN { return nil }
        guard count >= 0 else { throw CommandError(.ioError, "operator socket: \(systemError())") }
        return piece
    }

    private static func append(_ piece: [UInt8], to bytes: inout [UInt8], _ limit: Int) throws {
        guard bytes.count + piece.count <= limit else {
            throw CommandError(.ioError, "operator socket: the message is too long")
        }
        bytes += piece
    }

    /// The number of bytes that were sent; `nil` if none could be sent before the timeout.
    private static func sent(_ bytes: ArraySlice<UInt8>, _ descriptor: Int32, _ flags: Int32) throws -> Int? {
        var count = -1
        repeat {
            count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | flags)
            }
        } while count < 0 && errno == EINTR
        if count < 0, errno == EAGAIN { return nil }
        guard count > 0 else { throw CommandError(.ioError, "operator socket: \(systemError())") }
        return count
    }

    private static func make(_ type: __socket_type = SOCK_STREAM) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw CommandError(.ioError, "socket: \(systemError())") }
        return descriptor
    }

    /// The longest path of a socket, in bytes (unix(7)).
    package static let longestPath = 107

    /// Calls `body` with the address for `path`. A longer path than an address can have is shortened to one that begins
    /// with the folder's descriptor (proc(5)).
    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        guard path.utf8.count > longestPath else { return withShortAddress(path, body) }
        let folder = open(PathName.folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return -1 }
        let result = withShortAddress("/proc/self/fd/\(folder)/\(PathName.name(of: path))", body)
        let code = errno
        close(folder)
        errno = code
        return result
    }

    /// Calls `body` with the address for `path`; returns -1 with `errno` ENAMETOOLONG if the path is too long.
    private static func withShortAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        withAddress(of: Array(path.utf8) + [0], body)
    }

    /// - Parameter name: a path and a zero; or a zero and an abstract name, which ends with the address (unix(7)).
    private static func withAddress(
        of name: [UInt8], _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        // `struct sockaddr_un`: the family in two bytes, then the name.
        let address = withUnsafeBytes(of: sa_family_t(AF_UNIX)) { Array($0) } + name
        guard address.count <= MemoryLayout<sockaddr_un>.size else {
            errno = ENAMETOOLONG
            return -1
        }
        return address.withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { address in
                address.baseAddress.map { body($0, socklen_t(bytes.count)) } ?? -1
            }
        }
    }

    /// Sends one datagram, and waits at most a second while the queue of the reader is full.
    /// - Parameter name: a path; behind a `@` an abstract name.
    /// - Throws: ``CommandError`` `ioError`.
    package static func sendDatagram(_ message: [UInt8], to name: String) throws {
        let descriptor = try make(SOCK_DGRAM)
        defer { close(descriptor) }
        setTimeout(descriptor, seconds: 1)
        let bytes = Array(name.utf8)
        var count: Int32 = -1
        repeat {
            count = withAddress(of: name.hasPrefix("@") ? [0] + bytes.dropFirst() : bytes + [0]) {
                Int32(sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, $1))
            }
        } while count < 0 && errno == EINTR
        guard count == message.count else { throw CommandError(.ioError, systemError()) }
    }
}
