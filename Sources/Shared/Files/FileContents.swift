import Glibc
package import SystemPackage

/// Regular files: opened without waiting, read and written whole.
package enum FileContents {
    /// Opens a regular file and nothing else, without waiting: to open a pipe would take until another process opens
    /// its other end (fifo(7)).
    /// - Parameter flags: as for open(2); a file that is created is private.
    /// - Throws: ``CommandError`` `noInput` for another kind of file, and one that is to be read and is missing or may
    ///   not be read; `ioError` otherwise.
    package static func open(_ path: String, _ flags: Int32 = O_RDONLY) throws -> Int32 {
        let descriptor = Glibc.open(SystemText.path(path), flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let (code, reason) = (errno, systemError())
            try FileStatus.requireRegular(path)
            let isUnreadable = flags == O_RDONLY && [ENOENT, ENOTDIR, EACCES, EPERM, ELOOP].contains(code)
            throw CommandError(isUnreadable ? .noInput : .ioError, "\(path): \(reason)")
        }
        do {
            try FileStatus(descriptor: descriptor, path: path).requireRegular(path)
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    /// Reads a file from its beginning.
    /// - Parameter limit: in bytes; a longer file is cut.
    /// - Throws: ``CommandError`` as ``open(_:_:)``.
    package static func read(_ path: String, limit: Int) throws -> [UInt8] {
        let descriptor = try open(path)
        defer { close(descriptor) }
        do {
            return try read(descriptor, limit: limit)
        } catch {
            throw CommandError(.ioError, "\(path): \(error)")
        }
    }

    /// Reads an open file to its end.
    /// - Parameter limit: in bytes; what lies behind it is not read.
    package static func read(_ descriptor: Int32, limit: Int) throws(Errno) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < limit, case let piece = try next(descriptor, atMost: min(limit - bytes.count, 1 << 16)),
            !piece.isEmpty
        {
            bytes += piece
        }
        return bytes
    }

    /// The next bytes of an open file; none at its end. A read that a signal interrupts is repeated (signal(7)).
    /// - Parameter limit: in bytes.
    package static func next(_ descriptor: Int32, atMost limit: Int) throws(Errno) -> [UInt8] {
        do {
            return try [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
                count = try FileDescriptor(rawValue: descriptor).read(into: UnsafeMutableRawBufferPointer(buffer))
            }
        } catch {
            throw error as? Errno ?? .ioError
        }
    }

    /// Writes all bytes to an open file. A write that a signal interrupts is repeated (signal(7)).
    package static func write(_ bytes: [UInt8], to descriptor: Int32) throws(Errno) {
        do {
            try FileDescriptor(rawValue: descriptor).writeAll(bytes)
        } catch {
            throw error as? Errno ?? .ioError
        }
    }

    /// Writes a new private file, whole or not at all (``Replacement``).
    package static func write(_ bytes: [UInt8], to path: String) throws {
        let replacement = try Replacement(of: path, isSecret: true)
        defer { replacement.cancel() }
        try replacement.write(bytes)
        try replacement.finish()
    }

    /// Gives a file, which is on the disk already, another name; the name is on the disk as well when this returns.
    package static func rename(_ source: String, to path: String) throws {
        guard Glibc.rename(SystemText.path(source), SystemText.path(path)) == 0 else {
            throw CommandError(.ioError, "\(path): \(systemError())")
        }
        try syncFolder(of: path)
    }

    /// Syncs the folder of a file: a name is on the disk only once its folder has been synced (fsync(2)). A folder that
    /// this user cannot read, or whose file system does not sync folders, is left as it is.
    package static func syncFolder(of path: String) throws {
        let folder = PathName.folder(of: path)
        let descriptor = Glibc.open(SystemText.path(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno != EACCES else { return }
            throw CommandError(.ioError, "\(folder): \(systemError())")
        }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 || [EINVAL, ENOTSUP].contains(errno) else {
            throw CommandError(.ioError, "\(folder): \(systemError())")
        }
    }

    /// Creates a folder and those above it that are missing, each private (0700).
    /// - Throws: ``CommandError`` `ioError` names the folder that cannot be created.
    package static func createFolder(_ path: String) throws {
        var parent = path.hasPrefix("/") ? "" : "."
        for component in path.split(separator: "/") {
            parent += "/" + component
            if mkdir(SystemText.path(parent), 0o700) != 0, errno != EEXIST, errno != EISDIR {
                throw CommandError(.ioError, "\(parent) cannot be created: \(systemError())")
            }
        }
    }
}
