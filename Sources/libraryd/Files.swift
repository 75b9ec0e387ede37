import Glibc
import SystemPackage

/// What `stat` tells of a file.
struct FileStatus {
    let size: Int64
    /// Two paths with the same device and inode are one file.
    let identity: [UInt64]
    let owner: uid_t
    let isFolder: Bool
    /// Whether group and others have no rights at all.
    let isPrivate: Bool

    /// `nil` if there is no such file.
    init?(path: String) throws {
        do {
            let status = try Stat(FilePath(path))
            size = status.size
            identity = [UInt64(status.deviceID.rawValue), UInt64(status.inode.rawValue)]
            owner = status.userID.rawValue
            isFolder = status.type == .directory
            isPrivate = status.permissions.isDisjoint(with: [.groupReadWriteExecute, .otherReadWriteExecute])
        } catch Errno.noSuchFileOrDirectory {
            return nil
        } catch {
            throw StartupError(.inputOutput, "\(path): \(error)")
        }
    }
}

/// Small files, whole.
enum FileContents {
    static func read(_ path: String, limit: Int) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StartupError(.inputOutput, "\(path): \(systemError())") }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: limit)
        var count = 0
        while count < limit {
            let got = bytes[count...].withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if got < 0 { throw StartupError(.inputOutput, "\(path): \(systemError())") }
            if got == 0 { break }
            count += got
        }
        return Array(bytes[..<count])
    }

    /// Writes a new private file, whole or not at all: beside its place, synced, then renamed.
    static func write(_ bytes: [UInt8], to path: String) throws {
        let temporary = "\(path).\(getpid())"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StartupError(.inputOutput, "\(temporary): \(systemError())") }
        defer { close(descriptor) }
        // Once it has its name there is nothing left to delete.
        defer { unlink(temporary) }
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
            throw StartupError(.inputOutput, "\(path): \(systemError())")
        }
        try rename(temporary, to: path)
    }

    /// Puts a file, which is on the disk already, in its place for good: the name is on the disk as well.
    static func rename(_ source: String, to path: String) throws {
        guard Glibc.rename(source, path) == 0 else { throw StartupError(.inputOutput, "\(path): \(systemError())") }
        try syncFolder(of: path)
    }

    /// Names are on the disk only once their folder has been synced (fsync(2)).
    static func syncFolder(of path: String) throws {
        let folder = folder(of: path)
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StartupError(.inputOutput, "\(folder): \(systemError())") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw StartupError(.inputOutput, "\(folder): \(systemError())") }
    }

    static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }

    static func name(of path: String) -> String {
        String(path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...])
    }
}

/// The words for `errno`.
func systemError() -> String {
    String(cString: strerror(errno))
}
