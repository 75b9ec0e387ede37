import Glibc
import Shared
import SystemPackage

/// What `stat` tells of a file.
package struct FileStatus {
    package let size: Int64
    /// Two paths with the same device and inode are one file.
    package let identity: [UInt64]
    package let owner: UInt32
    package let kind: FileKind
    /// Whether group and others have no rights at all.
    package let isPrivate: Bool

    package var isFolder: Bool { kind == .folder }

    /// `nil` if there is no such file.
    package init?(path: String) throws {
        do {
            self.init(try Stat(FilePath(path)))
        } catch Errno.noSuchFileOrDirectory {
            return nil
        } catch {
            throw CommandError(.ioError, "\(path): \(error)")
        }
    }

    /// The status of an open file.
    package init(descriptor: Int32, path: String) throws {
        do {
            self.init(try Stat(FileDescriptor(rawValue: descriptor)))
        } catch {
            throw CommandError(.ioError, "\(path): \(error)")
        }
    }

    private init(_ status: Stat) {
        size = status.size
        identity = [UInt64(status.deviceID.rawValue), UInt64(status.inode.rawValue)]
        owner = status.userID.rawValue
        kind = FileKind(status.type)
        isPrivate = status.permissions.isDisjoint(with: [.groupReadWriteExecute, .otherReadWriteExecute])
    }

    /// - Throws: ``CommandError`` `noInput` for what is there and is no regular file. Nothing is opened: a pipe would
    ///   be waited for.
    package static func requireRegular(_ path: String) throws {
        try FileStatus(path: path)?.requireRegular(path)
    }

    fileprivate func requireRegular(_ path: String) throws {
        guard kind == .regular else {
            throw CommandError(
                .noInput, "\(path) is \(kind.rawValue), not a regular file", hint: "move it away, or name another file")
        }
    }
}

/// What a path leads to.
package enum FileKind: String {
    case regular = "a regular file"
    case folder = "a folder"
    case pipe = "a pipe"
    case socket = "a socket"
    case other = "a device"

    fileprivate init(_ type: FileType) {
        self =
            switch type {
            case .regular: .regular
            case .directory: .folder
            case .fifo: .pipe
            case .socket: .socket
            default: .other
            }
    }
}

/// Small files, whole.
package enum FileContents {
    /// Opens a regular file and nothing else, without waiting: to open a pipe would take until somebody has its other
    /// end (fifo(7)).
    /// - Parameter flags: as for open(2); a file that is created is private.
    package static func open(_ path: String, _ flags: Int32 = O_RDONLY) throws -> Int32 {
        let descriptor = Glibc.open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let reason = systemError()
            try FileStatus.requireRegular(path)
            throw CommandError(.ioError, "\(path): \(reason)")
        }
        do {
            try FileStatus(descriptor: descriptor, path: path).requireRegular(path)
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    /// - Parameter limit: in bytes; a longer file is cut.
    package static func read(_ path: String, limit: Int) throws -> [UInt8] {
        let descriptor = try open(path)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: limit)
        var count = 0
        while count < limit {
            let got = bytes[count...].withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw CommandError(.ioError, "\(path): \(systemError())") }
            if got == 0 { break }
            count += got
        }
        return Array(bytes[..<count])
    }

    /// Writes a new private file, whole or not at all: beside its place, synced, then renamed.
    package static func write(_ bytes: [UInt8], to path: String) throws {
        let temporary = "\(path).\(getpid())"
        unlink(temporary)
        let descriptor = Glibc.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CommandError(.ioError, "\(temporary): \(systemError())") }
        defer { close(descriptor) }
        // Once it has its name there is nothing left to delete.
        defer { unlink(temporary) }
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
            throw CommandError(.ioError, "\(path): \(systemError())")
        }
        try rename(temporary, to: path)
    }

    /// Puts a file, which is on the disk already, in its place for good: the name is on the disk as well.
    package static func rename(_ source: String, to path: String) throws {
        guard Glibc.rename(source, path) == 0 else { throw CommandError(.ioError, "\(path): \(systemError())") }
        try syncFolder(of: path)
    }

    /// Names are on the disk only once their folder has been synced (fsync(2)).
    package static func syncFolder(of path: String) throws {
        let folder = PathName.folder(of: path)
        let descriptor = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CommandError(.ioError, "\(folder): \(systemError())") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw CommandError(.ioError, "\(folder): \(systemError())") }
    }
}
