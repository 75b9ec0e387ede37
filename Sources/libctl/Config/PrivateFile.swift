import Glibc
import Shared

/// Files that hold secrets or settings, and the locks for their changes. Opening and checking such a file never
/// blocks, even if a pipe without a writer or a device is in its place.
enum PrivateFile {
    /// The contents of the file, less than 16 MiB; `nil` if it does not exist.
    /// - Throws: ``CommandError`` `configuration` if it is not a regular file.
    static func contents(ifAny path: String) throws -> [UInt8]? {
        guard let descriptor = try openIfAny(path, O_RDONLY) else { return nil }
        defer { close(descriptor) }
        guard regular(descriptor) != nil else {
            throw CommandError(.configuration, "\(path) is not a regular file", hint: removal(path))
        }
        return try contents(of: descriptor, path)
    }

    /// The contents of a file with secrets, less than 16 MiB; `nil` if it does not exist.
    /// - Throws: ``CommandError`` `noPermission` if it is a symbolic link, not a regular file, another user's, or
    ///   accessible to others.
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

    /// Opens the file without blocking; `nil` if it does not exist.
    private static func openIfAny(_ path: String, _ flags: Int32) throws -> Int32? {
        let descriptor = open(SystemText.path(path), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor < 0 else { return descriptor }
        let code = errno
        switch code {
        case ENOENT: return nil
        // ELOOP: a symbolic link, with O_NOFOLLOW. ENXIO: a socket (open(2)).
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

    /// Opens an input file that the user named: a regular file, a pipe such as that of `<(command)`, a terminal or
    /// /dev/null. Blocks until a pipe has a writer. Other devices are rejected, because they may have no end.
    static func openInput(_ path: String) throws -> Int32 {
        let descriptor = open(SystemText.path(path), O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else {
            switch errno {
            case ENOENT: throw CommandError(.noInput, "there is no file \(path)", hint: "name another file")
            case EACCES: throw CommandError(.noInput, "\(path) may not be read by you", hint: "ls -l \(path)")
            default: throw CommandError(.noInput, "\(path): \(systemError())")
            }
        }
        var status = stat()
        _ = fstat(descriptor, &status)
        let kind = status.st_mode & S_IFMT
        let hasAnEnd = kind == S_IFCHR && (isatty(descriptor) == 1 || status.st_rdev == nullDevice)
        guard [S_IFREG, S_IFIFO].contains(kind) || hasAnEnd else {
            close(descriptor)
            throw CommandError(
                .noInput, "\(path) is a \(kind == S_IFDIR ? "folder" : "device")", hint: "name a file")
        }
        return descriptor
    }

    private static let nullDevice: dev_t = {
        var status = stat()
        return stat("/dev/null", &status) == 0 ? status.st_rdev : 0
    }()

    /// Runs `body` with an exclusive lock on the file (flock(2)), which is created if it does not exist.
    /// - Parameter patience: timeout for the lock.
    /// - Throws: ``CommandError`` `temporaryFailure` at the timeout; what `body` throws.
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

    /// Creates the folder and its parents with mode 0700, and sets this mode on the folder if it existed.
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
