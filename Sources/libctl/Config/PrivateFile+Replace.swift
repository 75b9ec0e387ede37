import Glibc
import Shared

extension PrivateFile {
    /// Replaces the file, whole or not at all: a temporary file is written beside it, synced and renamed.
    static func replace(_ path: String, with bytes: [UInt8]) throws {
        try replace(path, isSecret: true) { try write(bytes, to: $0, path) }
    }

    /// Replaces the file with the bytes that `write` puts into the descriptor. Follows symbolic links; writes in
    /// place if the target is not a regular file, such as a pipe.
    /// - Parameter patience: timeout for the reader of a pipe.
    static func replace(
        _ path: String, isSecret: Bool = false, patience: Duration = .seconds(30), _ write: (Int32) throws -> Void
    ) throws {
        let path = resolved(path)
        guard isReplaceable(path) else { return try writeInto(path, patience, write) }
        let replacement = try Replacement(of: path, isSecret: isSecret, leftovers: LeftoverGuard())
        defer { replacement.cancel() }
        try replacement.write(write)
        try replacement.finish()
    }

    static func write(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws {
        do {
            try FileContents.write(bytes, to: descriptor)
        } catch {
            throw CommandError(.ioError, "\(path): \(error)")
        }
    }

    /// Overwrites a file that cannot be replaced, such as a mount point. Disk space for all bytes is allocated before
    /// the first byte is changed.
    static func overwrite(_ path: String, with bytes: [UInt8]) throws {
        let (descriptor, size) = try widen(path, to: bytes.count)
        defer { close(descriptor) }
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw CommandError(.ioError, "\(path): \(systemError())") }
        try write(bytes, to: descriptor, path)
        guard ftruncate(descriptor, off_t(bytes.count)) == 0, fsync(descriptor) == 0 else {
            throw CommandError(.ioError, "\(path) of \(size) bytes: \(systemError())")
        }
    }

    /// Extends a shorter file to `length` bytes with spaces at its end, which JSON ignores (RFC 8259, section 2).
    /// - Returns: an open descriptor, and the size that the file had.
    static func widen(_ path: String, to length: Int) throws -> (descriptor: Int32, size: Int) {
        let descriptor = open(SystemText.path(path), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw CommandError(.ioError, "\(path): \(systemError())") }
        do {
            var status = stat()
            guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                throw CommandError(.noPermission, "\(path) is not a regular file")
            }
            let size = Int(status.st_size)
            guard size < length else { return (descriptor, size) }
            do {
                lseek(descriptor, 0, SEEK_END)
                try write([UInt8](repeating: UInt8(ascii: " "), count: length - size), to: descriptor, path)
                guard fsync(descriptor) == 0 else { throw CommandError(.ioError, "\(path): \(systemError())") }
            } catch {
                ftruncate(descriptor, off_t(size))
                throw error
            }
            return (descriptor, size)
        } catch {
            close(descriptor)
            throw error
        }
    }

    private static func resolved(_ path: String) -> String {
        guard let real = realpath(SystemText.path(path), nil) else { return path }
        defer { free(real) }
        return SystemText.decoded(UnsafeRawBufferPointer(start: real, count: strlen(real)))
    }

    private static func isReplaceable(_ path: String) -> Bool {
        var status = stat()
        return stat(SystemText.path(path), &status) != 0 || status.st_mode & S_IFMT == S_IFREG
    }

    private static func writeInto(_ path: String, _ patience: Duration, _ write: (Int32) throws -> Void) throws {
        let descriptor = try openOutput(path, until: .now + patience)
        defer { close(descriptor) }
        try write(descriptor)
    }

    /// Opens the file for writing. Retries until the deadline while it is a pipe without a reader (fifo(7)).
    private static func openOutput(_ path: String, until deadline: ContinuousClock.Instant) throws -> Int32 {
        while true {
            let descriptor = open(SystemText.path(path), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
            if descriptor >= 0 {
                _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
                return descriptor
            }
            let (code, reason) = (errno, systemError())
            guard code != EINTR else { continue }
            guard code == ENXIO else { throw CommandError(.ioError, "\(path): \(reason)") }
            guard ContinuousClock.now < deadline else {
                throw CommandError(
                    .ioError, "nobody reads from \(path)", hint: "start the reader first, or name a file")
            }
            usleep(10_000)
        }
    }
}
