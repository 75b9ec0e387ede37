import Glibc
import Shared

/// Files that hold secrets or settings, and the locks that guard their changes. What is in such a file's place and is
/// none is found out without waiting: a pipe that nobody writes to, or a device without an end.
enum PrivateFile {
    /// The whole file, at most 16 MiB; `nil` if there is none.
    /// - Throws: ``CommandError`` `configuration` for what is no file.
    static func contents(ifAny path: String) throws -> [UInt8]? {
        guard let descriptor = try openIfAny(path, O_RDONLY) else { return nil }
        defer { close(descriptor) }
        guard regular(descriptor) != nil else {
            throw CommandError(.configuration, "\(path) is not a regular file", hint: removal(path))
        }
        return try contents(of: descriptor, path)
    }

    /// The same for a secret.
    /// - Throws: ``CommandError`` `noPermission` for a link, a foreign file, no file, or one that others can read.
    static func secret(_ path: String) throws -> [UInt8]? {
        guard let descriptor = try openIfAny(path, O_RDONLY | O_NOFOLLOW) else { return nil }
        defer { close(descriptor) }
        guard let status = regular(descriptor), status.st_uid == geteuid() else {
            throw CommandError(
                .noPermission, "\(path) is not a regular file that belongs to you", hint: removal(path))
        }
        guard status.st_mode & 0o077 == 0 else {
            throw CommandError(.noPermission, "\(path) can be read by others", hint: "chmod 600 \(path)")
        }
        return try contents(of: descriptor, path)
    }

    /// Without waiting for anything; `nil` if there is no such file.
    private static func openIfAny(_ path: String, _ flags: Int32) throws -> Int32? {
        let descriptor = open(SystemText.path(path), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor < 0 else { return descriptor }
        let code = errno
        switch code {
        case ENOENT: return nil
        // A link where none may be; a socket.
        case ELOOP, ENXIO:
            throw CommandError(.noPermission, "\(path) is not a regular file that belongs to you", hint: removal(path))
        default: throw CommandError(.noInput, "\(path): \(String(cString: strerror(code)))")
        }
    }

    private static func regular(_ descriptor: Int32) -> stat? {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? status : nil
    }

    private static func removal(_ path: String) -> String { "rm -r \(path)" }

    private static func contents(of descriptor: Int32, _ path: String) throws -> [UInt8] {
        let bytes: [UInt8]
        do {
            bytes = try FileContents.read(descriptor, limit: 16 << 20)
        } catch {
            throw CommandError(.noInput, "\(path): \(error)")
        }
        guard bytes.count < 16 << 20 else { throw CommandError(.noInput, "\(path) is too large") }
        return bytes
    }

    /// Opens a file that a user names to be read: a regular file, or what may rightly be in its place. A pipe is waited
    /// for, as that of `<(command)`. A device may have no end.
    static func openInput(_ path: String) throws -> Int32 {
        let descriptor = open(SystemText.path(path), O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw CommandError(.noInput, "\(path): \(systemError())") }
        var status = stat()
        _ = fstat(descriptor, &status)
        let kind = status.st_mode & S_IFMT
        let hasAnEnd = kind == S_IFCHR && (isatty(descriptor) == 1 || status.st_rdev == nullDevice)
        guard [S_IFREG, S_IFIFO].contains(kind) || hasAnEnd else {
            close(descriptor)
            throw CommandError(.noInput, "\(path) is a \(kind == S_IFDIR ? "folder" : "device")")
        }
        return descriptor
    }

    private static let nullDevice: dev_t = {
        var status = stat()
        return stat("/dev/null", &status) == 0 ? status.st_rdev : 0
    }()

    /// Runs `body` while no other process runs one under the same lock.
    /// - Parameter patience: how long to wait for another process.
    static func locked<Value>(_ path: String, patience: Duration, _ body: () throws -> Value) throws -> Value {
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
        let descriptor = open(SystemText.path(path), flags, 0o600)
        guard descriptor >= 0 else {
            guard ![ELOOP, EISDIR, ENXIO].contains(errno) else { throw noLock(path) }
            throw CommandError(.ioError, "\(path): \(systemError())")
        }
        defer { close(descriptor) }
        guard regular(descriptor) != nil else { throw noLock(path) }
        let deadline = ContinuousClock.now + patience
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard [EINTR, EWOULDBLOCK].contains(errno) else {
                throw CommandError(.ioError, "\(path): \(systemError())")
            }
            guard ContinuousClock.now < deadline else {
                throw CommandError(
                    .temporaryFailure, "another process keeps \(path) locked",
                    hint: "fuser -v \(path) tells which; it may be stopped")
            }
            usleep(10_000)
        }
        return try body()
    }

    private static func noLock(_ path: String) -> CommandError {
        CommandError(.noPermission, "\(path) is not a regular file", hint: removal(path))
    }

    /// Makes the folder and those above it, private, and takes away what others may do in it.
    static func makeFolder(_ path: String) throws {
        try FileContents.createFolder(path)
        var status = stat()
        guard stat(SystemText.path(path), &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw CommandError(.noPermission, "\(path) is not a folder", hint: removal(path))
        }
        guard status.st_mode & 0o777 != 0o700 else { return }
        guard chmod(SystemText.path(path), 0o700) == 0 else {
            throw CommandError(.noPermission, "\(path): \(systemError())")
        }
    }
}
