import Foundation
import Glibc
import Shared

/// The folder that holds everything the daemon keeps: `library.db`, `signing.key`, `operator.sock` and the lock.
///
/// Whoever has a `DataFolder` has the lock on it; the lock ends with the process, however it ends.
package struct DataFolder: ~Copyable {
    package let path: String
    private let lock: Int32
    /// Whether a process has had the lock before.
    private let wasUsed: Bool

    package static func databasePath(in folder: String) -> String { folder + "/library.db" }
    package static func operatorSocketPath(in folder: String) -> String { folder + "/operator.sock" }

    package var databasePath: String { Self.databasePath(in: path) }
    package var operatorSocketPath: String { Self.operatorSocketPath(in: path) }

    /// Creates the folder if it is missing (0700) and takes its lock.
    /// - Throws: ``CommandError``; `temporaryFailure` names the process that has the lock.
    package init(path: String) throws {
        try Self.create(path)
        let file = path + "/libraryd.lock"
        let wasUsed = try FileStatus(path: file) != nil
        lock = try Self.takeLock(file)
        self.path = path
        self.wasUsed = wasUsed
    }

    /// Passes unless the library is an empty file in a folder where there was one with something in it.
    /// - Throws: ``CommandError`` `dataError`.
    package func requireLibraryNotLost() throws {
        let library = PathName.name(of: databasePath)
        guard let status = try FileStatus(path: databasePath), status.kind == .regular, status.size == 0 else { return }
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        let isKept = names.contains { $0.hasPrefix(library + ".") || $0.hasPrefix("signing.key") }
        guard wasUsed || isKept else { return }
        throw CommandError(
            .dataError, "\(databasePath) is empty, and there was a library in this folder",
            hint: "restore a backup: libraryd restore FILE; or begin anew: rm \(databasePath)")
    }

    deinit {
        // A program that is being started at this instant has a copy of the descriptor, which would keep the lock.
        flock(lock, LOCK_UN)
        close(lock)
    }

    private static func create(_ path: String) throws {
        try FileContents.createFolder(path)
        guard let status = try FileStatus(path: path), status.isFolder else {
            throw CommandError(.ioError, "\(path) is not a folder")
        }
        guard status.owner == geteuid() else {
            throw CommandError(
                .noPermission, "\(path) belongs to \(UserName.of(status.owner))",
                hint: "run libraryd as that user, or choose another --data folder")
        }
        guard status.isPrivate || chmod(path, 0o700) == 0 else {
            throw CommandError(.noPermission, "\(path) is open to others: \(systemError())")
        }
    }

    private static func takeLock(_ file: String) throws -> Int32 {
        let descriptor = try FileContents.open(file, O_RDWR | O_CREAT | O_NOFOLLOW)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = (try? FileContents.read(file, limit: 32)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            close(descriptor)
            let digits = holder.filter(\.isWholeNumber)
            throw CommandError(
                .temporaryFailure,
                "\(file): another libraryd has this folder\(digits.isEmpty ? "" : " (pid \(digits))")",
                hint: "stop it, or choose another --data folder")
        }
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, text, text.count, 0) == text.count else {
            let reason = systemError()
            close(descriptor)
            throw CommandError(.ioError, "\(file): \(reason)")
        }
        return descriptor
    }
}
