import CoreFoundation
import Glibc

/// The folder that holds everything the daemon keeps: `library.db`, `signing.key`, `operator.sock` and the lock.
///
/// Whoever has a `DataFolder` has the lock on it; the lock ends with the process, however it ends.
struct DataFolder: ~Copyable {
    let path: String
    private let lock: Int32

    static func databasePath(in folder: String) -> String { folder + "/library.db" }
    static func operatorSocketPath(in folder: String) -> String { folder + "/operator.sock" }

    var databasePath: String { Self.databasePath(in: path) }
    var operatorSocketPath: String { Self.operatorSocketPath(in: path) }

    /// Creates the folder if it is missing (0700) and takes its lock.
    /// - Throws: ``StartupError``; `locked` names the process that has the lock.
    init(path: String) throws {
        self.path = path
        try Self.create(path)
        lock = try Self.takeLock(path + "/libraryd.lock")
    }

    deinit {
        close(lock)
    }

    /// The 32 bytes that sign tokens: made on first use, 0600, and refused if others could have read them.
    func signingKey() throws -> [UInt8] {
        let file = path + "/signing.key"
        if let status = try FileStatus(path: file) {
            guard status.isPrivate else {
                throw StartupError(
                    .permission, "\(file) can be read by others",
                    hint: "delete it, which ends all logins, or: chmod 600 \(file)")
            }
            let key = try FileContents.read(file, limit: 64)
            guard key.count == 32 else {
                throw StartupError(.data, "\(file) is not a key of 32 bytes", hint: "delete it, which ends all logins")
            }
            return key
        }
        var generator = SystemRandomNumberGenerator()
        let key = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
        try FileContents.write(key, to: file)
        return key
    }

    private static func create(_ path: String) throws {
        var parent = ""
        for component in path.split(separator: "/") {
            parent += "/" + component
            if mkdir(parent, 0o700) != 0, errno != EEXIST, errno != EISDIR {
                throw StartupError(.inputOutput, "\(parent) cannot be created: \(systemError())")
            }
        }
        guard let status = try FileStatus(path: path), status.isFolder else {
            throw StartupError(.inputOutput, "\(path) is not a folder")
        }
        guard status.owner == geteuid() else {
            throw StartupError(.permission, "\(path) belongs to another user")
        }
        guard status.isPrivate || chmod(path, 0o700) == 0 else {
            throw StartupError(.permission, "\(path) is open to others: \(systemError())")
        }
    }

    private static func takeLock(_ file: String) throws -> Int32 {
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StartupError(.inputOutput, "\(file): \(systemError())") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = (try? FileContents.read(file, limit: 32)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            close(descriptor)
            let digits = holder.filter(\.isWholeNumber)
            throw StartupError(
                .locked, "\(file): another libraryd has this folder\(digits.isEmpty ? "" : " (pid \(digits))")",
                hint: "stop it, or choose another --data folder")
        }
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, text, text.count, 0) == text.count else {
            let reason = systemError()
            close(descriptor)
            throw StartupError(.inputOutput, "\(file): \(reason)")
        }
        return descriptor
    }
}

/// What `stat` tells of a file.
struct FileStatus {
    let size: Int64
    let owner: uid_t
    let isFolder: Bool
    /// Whether group and others have no rights at all.
    let isPrivate: Bool

    /// `nil` if there is no such file.
    init?(path: String) throws {
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == ENOENT { return nil }
            throw StartupError(.inputOutput, "\(path): \(systemError())")
        }
        size = Int64(status.st_size)
        owner = status.st_uid
        isFolder = status.st_mode & S_IFMT == S_IFDIR
        isPrivate = status.st_mode & 0o077 == 0
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
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0,
            rename(temporary, path) == 0
        else {
            let reason = systemError()
            unlink(temporary)
            throw StartupError(.inputOutput, "\(path): \(reason)")
        }
    }
}

/// The words for `errno`.
func systemError() -> String {
    String(cString: strerror(errno))
}
