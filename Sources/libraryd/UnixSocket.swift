import Glibc

/// Unix-domain stream sockets, as little of them as is needed.
enum UnixSocket {
    /// - Throws: ``StartupError``, also where something else than a socket has that name.
    static func listen(at path: String) throws -> Int32 {
        try requireName(path)
        let descriptor = try make()
        unlink(path)
        guard withAddress(path, { bind(descriptor, $0, $1) }) == 0, chmod(path, 0o600) == 0,
            Glibc.listen(descriptor, 16) == 0
        else {
            let reason = systemError()
            close(descriptor)
            throw StartupError(.inputOutput, "\(path): \(reason)")
        }
        return descriptor
    }

    /// Passes if the name is free, or that of a socket, which may be in the way.
    static func requireName(_ path: String) throws {
        guard let status = try FileStatus(path: path), status.kind != .socket else { return }
        throw StartupError(.conflict, "\(path) is \(status.kind.rawValue), not a socket", hint: "move it away")
    }

    /// `nil` if nobody listens at that path.
    /// - Parameter patience: in seconds; a listener that accepts nobody is not waited for any longer.
    static func connect(to path: String, patience: Int = 10) throws -> Int32? {
        let descriptor = try make()
        setTimeout(descriptor, seconds: patience)
        guard withAddress(path, { Glibc.connect(descriptor, $0, $1) }) == 0 else {
            let (code, reason) = (errno, systemError())
            close(descriptor)
            if code == ENOENT || code == ECONNREFUSED { return nil }
            if code == EAGAIN { throw noAnswer(path) }
            throw StartupError(.inputOutput, "\(path): \(reason)")
        }
        return descriptor
    }

    /// The next connection; `nil` once the listener has been shut down.
    static func accept(_ listener: Int32) -> Int32? {
        while true {
            let connection = Glibc.accept(listener, nil, nil)
            if connection < 0 {
                switch errno {
                case EINTR, ECONNABORTED: continue
                case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                    // It will pass; the connection stays in the queue.
                    usleep(100_000)
                    continue
                default: return nil
                }
            }
            _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
            return connection
        }
    }

    /// The user id of the process at the other end (`SO_PEERCRED`, unix(7)).
    static func peer(of descriptor: Int32) -> uid_t? {
        // `struct ucred`, which Glibc's module does not show: pid, uid, gid.
        var credentials: [UInt32] = [0, 0, 0]
        var size = socklen_t(12)
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0, size == 12 else { return nil }
        return credentials[1]
    }

    static func setTimeout(_ descriptor: Int32, seconds: Int) {
        // `struct timeval`: seconds and microseconds. Its members belong to whichever C module of the build came first.
        var time = [seconds, 0]
        let size = socklen_t(2 * MemoryLayout<Int>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size)
    }

    static func noAnswer(_ path: String) -> StartupError {
        StartupError(.locked, "\(path): the daemon does not answer", hint: "try again, or see what its log says")
    }

    /// Everything up to the end, at most so many bytes; 16 MiB unless told.
    /// - Parameter deadline: when all must have come; without one, the socket's own time limit goes for each piece.
    static func read(
        _ descriptor: Int32, limit: Int = 16 << 20, until deadline: ContinuousClock.Instant? = nil
    ) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while bytes.count < limit {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 && errno == EAGAIN || deadline.map({ $0 < .now }) == true { throw noAnswer("operator socket") }
            guard count >= 0 else { throw StartupError(.inputOutput, "operator socket: \(systemError())") }
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer[..<count])
        }
        throw StartupError(.inputOutput, "operator socket: the message is too long")
    }

    static func write(_ bytes: [UInt8], to descriptor: Int32) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw StartupError(.inputOutput, "operator socket: \(systemError())") }
            rest = rest.dropFirst(count)
        }
    }

    private static func make() throws -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { throw StartupError(.inputOutput, "socket: \(systemError())") }
        return descriptor
    }

    /// Calls `body` with the address of `path`; `-1` with `ENAMETOOLONG` if the path does not fit (107 bytes).
    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        // `struct sockaddr_un` (unix(7)): the family in two bytes, the path, zeros to the end.
        var address = withUnsafeBytes(of: sa_family_t(AF_UNIX)) { Array($0) } + path.utf8
        let size = MemoryLayout<sockaddr_un>.size
        guard address.count < size else {
            errno = ENAMETOOLONG
            return -1
        }
        address += [UInt8](repeating: 0, count: size - address.count)
        return address.withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { address in
                address.baseAddress.map { body($0, socklen_t(size)) } ?? -1
            }
        }
    }
}
