import Glibc
import Synchronization
import SystemPackage

/// Bytes that are gathered whole before anything is done with them: a few in memory, more in a file that has no name,
/// so that it is gone with the process, whatever ends it.
public final class SpooledFile: Sendable {
    /// What the operating system refused.
    public struct Failure: Error, Equatable, CustomStringConvertible {
        /// `errno`.
        public let code: Int32
        public let folder: String

        public var description: String {
            "a temporary file in \(SystemText.shown(folder)): \(String(cString: strerror(code)))"
        }

        /// Whether there is no room, for this user or at all.
        public var isFull: Bool { [ENOSPC, EDQUOT, EFBIG].contains(code) }
    }

    private struct State {
        var descriptor: Int32?
        /// Number of bytes in the file.
        var written = 0
        /// Those that follow them.
        var tail: [UInt8] = []
    }

    /// In bytes: as much is kept in memory, and read at once at most.
    public static let largestPiece = 256 << 10

    private let folder: String
    private let state = Mutex(State())

    /// - Parameter folder: where the file is to be, once it is needed.
    public init(folder: String) {
        self.folder = folder
    }

    deinit {
        if let descriptor = state.withLock({ $0.descriptor }) { close(descriptor) }
    }

    /// In bytes.
    public var count: Int { state.withLock { $0.written + $0.tail.count } }

    /// - Throws: ``Failure``; then the spool is of no more use.
    public func append(_ bytes: [UInt8]) throws {
        try state.withLock { state in
            state.tail += bytes
            if state.tail.count > Self.largestPiece { try empty(&state) }
        }
    }

    /// Takes all bytes away; the file stays, for those that come.
    public func removeAll() throws {
        try state.withLock { state in
            state.tail.removeAll(keepingCapacity: true)
            state.written = 0
            if let descriptor = state.descriptor, ftruncate(descriptor, 0) != 0 { throw failure }
        }
    }

    /// The bytes from an offset on, at most ``largestPiece``; none at the end.
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

    /// Calls `body` with all bytes, piece by piece.
    public func forEachPiece(_ body: ([UInt8]) throws -> Void) throws {
        var offset = 0
        while case let piece = try bytes(from: offset), !piece.isEmpty {
            try body(piece)
            offset += piece.count
        }
    }

    /// Moves the tail into the file.
    private func empty(_ state: inout State) throws {
        let descriptor = try state.descriptor ?? open()
        state.descriptor = descriptor
        state.written += try attempt {
            try FileDescriptor(rawValue: descriptor).writeAll(toAbsoluteOffset: Int64(state.written), state.tail)
        }
        state.tail.removeAll(keepingCapacity: true)
    }

    /// A private file without a name (open(2), O_TMPFILE); where the file system knows no such thing, with one that it
    /// loses at once.
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

    /// O_TMPFILE, whose macro Swift does not import: __O_TMPFILE, the same on all of its platforms, with O_DIRECTORY.
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
