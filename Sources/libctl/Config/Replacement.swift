import Glibc
import Shared

/// A file's new version, beside its place until it is whole.
final class Replacement {
    private let path: String
    private let temporary: String
    private(set) var descriptor: Int32

    /// - Parameter isSecret: whether only this program writes the file, so that what stands in the way is left from
    ///   a process that had this number and died.
    init(of path: String, isSecret: Bool = false) throws {
        self.path = path
        temporary = "\(path).\(getpid())"
        if isSecret { unlink(SystemText.path(temporary)) }
        // Before there is a file: a signal may come at once.
        LeftoverGuard.start(temporary)
        descriptor = open(SystemText.path(temporary), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let failure = CommandError(.ioError, "\(temporary): \(systemError())")
            LeftoverGuard.end()
            throw failure
        }
    }

    /// Takes as much room on the disk as so many bytes need, and has it kept.
    func reserve(_ size: Int) throws {
        let code = posix_fallocate(descriptor, 0, off_t(size))
        guard code == 0 else { throw CommandError(.ioError, "\(path): \(String(cString: strerror(code)))") }
        guard fsync(descriptor) == 0 else { throw failure }
    }

    /// Puts what has been written in the file's place.
    func finish() throws {
        let length = lseek(descriptor, 0, SEEK_CUR)
        guard length >= 0, ftruncate(descriptor, length) == 0, fsync(descriptor) == 0 else { throw failure }
        defer { descriptor = -1 }
        guard close(descriptor) == 0, rename(SystemText.path(temporary), SystemText.path(path)) == 0 else {
            throw failure
        }
        syncFolder()
        end()
    }

    /// A name is on the disk only once its folder has been synced (fsync(2)). Some file systems cannot sync a folder.
    private func syncFolder() {
        let folder = open(SystemText.path(PathName.folder(of: path)), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    /// Leaves the file as it was, unless the new version is in its place.
    func cancel() {
        guard !isEnded else { return }
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        unlink(SystemText.path(temporary))
        end()
    }

    private var isEnded = false

    private func end() {
        isEnded = true
        LeftoverGuard.end()
    }

    private var failure: CommandError { CommandError(.ioError, "\(path): \(systemError())") }
}

extension PrivateFile {
    /// Replaces the file, whole or not at all: written beside its place, synced, then renamed.
    static func replace(_ path: String, with bytes: [UInt8]) throws {
        try replace(path, isSecret: true) { try write(bytes, to: $0, path) }
    }

    /// The same with what `write` puts into the descriptor. Follows symbolic links; writes in place if the target is
    /// not a regular file, such as a pipe.
    /// - Parameter patience: how long to wait for a reader of a pipe.
    static func replace(
        _ path: String, isSecret: Bool = false, patience: Duration = .seconds(30), _ write: (Int32) throws -> Void
    ) throws {
        let path = resolved(path)
        guard isReplaceable(path) else { return try writeInto(path, patience, write) }
        let replacement = try Replacement(of: path, isSecret: isSecret)
        defer { replacement.cancel() }
        try write(replacement.descriptor)
        try replacement.finish()
    }

    static func write(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws {
        try bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw CommandError(.ioError, "\(path): \(systemError())") }
                rest = rest.dropFirst(count)
            }
        }
    }

    /// Writes over what is there, for a file that cannot be replaced, as one that something is mounted on. There is
    /// room for all of it before the first byte is changed.
    static func overwrite(_ path: String, with bytes: [UInt8]) throws {
        let (descriptor, size) = try widen(path, to: bytes.count)
        defer { close(descriptor) }
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw CommandError(.ioError, "\(path): \(systemError())") }
        try write(bytes, to: descriptor, path)
        guard ftruncate(descriptor, off_t(bytes.count)) == 0, fsync(descriptor) == 0 else {
            throw CommandError(.ioError, "\(path) of \(size) bytes: \(systemError())")
        }
    }

    /// Brings the file to a length, with spaces behind what it says: to JSON they are nothing.
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

    /// To open a pipe takes until somebody reads it (fifo(7)).
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
