import Glibc
import Synchronization
import SystemPackage

/// Collects bytes: a few in memory, more in a temporary file without a name, which the system deletes when the
/// process ends, even by a crash.
public final class SpooledFile: Sendable {
    /// A system call on the temporary file failed.
    public struct Failure: Error, Equatable, CustomStringConvertible {
        /// The value of `errno`.
        public let code: Int32
        public let folder: String

        public var description: String {
            "a temporary file in \(SystemText.shown(folder)): \(String(cString: strerror(code)))"
        }

        /// Whether the disk or the user's quota is full, or the file has reached its size limit.
        public var isFull: Bool { [ENOSPC, EDQUOT, EFBIG].contains(code) }
    }

    private struct State {
        var descriptor: Int32?
        /// Number of bytes in the file.
        var written = 0
        /// The bytes that follow those in the file.
        var tail: [UInt8] = []
    }

    /// In bytes: the largest part that stays in memory, and the default size of one read.
    public static let largestPiece = 256 << 10

    private let folder: String
    private let state = Mutex(State())

    /// - Parameter folder: where the temporary file is created, if one is needed.
    public init(folder: String) {
        self.folder = folder
    }

    deinit {
        if let descriptor = state.withLock({ $0.descriptor }) { close(descriptor) }
    }

    /// Number of bytes in memory and file.
    public var count: Int { state.withLock { $0.written + $0.tail.count } }

    /// - Throws: ``Failure``. Part of the bytes may be missing then, so the caller must discard the spooled file.
    public func append(_ bytes: [UInt8]) throws {
        try state.withLock { state in
            state.tail += bytes
            if state.tail.count > Self.largestPiece { try empty(&state) }
        }
    }

    /// Removes all bytes and leaves an empty file open for new ones.
    /// - Throws: ``Failure``.
    public func removeAll() throws {
        try state.withLock { state in
            state.tail.removeAll(keepingCapacity: true)
            state.written = 0
            if let descriptor = state.descriptor, ftruncate(descriptor, 0) != 0 { throw failure }
        }
    }

    /// At most `limit` bytes from `offset` on, possibly fewer; none only at the end.
    /// - Throws: ``Failure``.
    public func bytes(from offset: Int, atMost limit: Int = largestPiece) throws -> [UInt8] {
        try state.withLock { state in
            if offset >= state.written { return Array(state.tail.dropFirst(offset - state.written).prefix(limit)) }
            guard let descriptor = state.descriptor else { return [] }
            return try attempt {
                try [UInt8](unsafeUninitializedCapacity: min(limit, state.written - offset)) { buffer, count in
                    count = try FileDescriptor(rawValue: descriptor).read(
                        fromAbsoluteOffset: Int64(offset), into: UnsafeMutableRawBufferPointer(buffer))
                    // No other process has the file, so it cannot be shorter.
                    guard count > 0 else { throw Errno.ioError }
                }
            }
        }
    }

    /// Calls `body` with all bytes, in pieces.
    /// - Throws: ``Failure``, and what `body` throws.
    public func forEachPiece(_ body: ([UInt8]) throws -> Void) throws {
        var offset = 0
        while case let piece = try bytes(from: offset), !piece.isEmpty {
            try body(piece)
            offset += piece.count
        }
    }

    /// Writes the bytes in memory to the file.
    private func empty(_ state: inout State) throws {
        let descriptor = try state.descriptor ?? open()
        state.descriptor = descriptor
        state.written += try attempt {
            try FileDescriptor(rawValue: descriptor).writeAll(toAbsoluteOffset: Int64(state.written), state.tail)
        }
        state.tail.removeAll(keepingCapacity: true)
    }

    /// Opens a private file without a name (O_TMPFILE, open(2)). Not all file systems support O_TMPFILE: if it fails,
    /// opens a file with a random name and unlinks it at once.
    private func open() throws -> Int32 {
        let unnamed = Glibc.open(SystemText.path(folder), Self.temporary | O_RDWR | O_CLOEXEC, 0o600)
        if unnamed >= 0 { return unnamed }
        let name = "\(folder)/spool-\(String(UInt64.random(in: .min ... .max), radix: 36))"
        let path = SystemText.path(name)
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure }
        unlink(path)
        return descriptor
    }

    /// O_TMPFILE, whose macro Swift cannot import: `__O_TMPFILE`, which has the same value on all of Swift's Linux
    /// platforms, and `O_DIRECTORY`.
    private static let temporary = 0o20000000 | O_DIRECTORY

    private var failure: Failure { Failure(code: errno, folder: folder) }

    private func attempt<Value>(_ body: () throws -> Value) throws(Failure) -> Value {
        do {
            return try body()
        } catch {
            throw Failure(code: (error as? Errno ?? .ioError).rawValue, folder: folder)
        }
    }
}
