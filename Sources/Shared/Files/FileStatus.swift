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
            self.init(try Stat(FilePath(platformString: SystemText.path(path))))
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

    package func requireRegular(_ path: String) throws {
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
