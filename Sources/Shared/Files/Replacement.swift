import Glibc

/// The new version of a file: written beside the file under another name, synced, then renamed to the name of the file.
/// So the file is replaced whole or not at all.
package final class Replacement {
    private let path: String
    private let temporary: String
    private var descriptor: Int32
    private let leftovers: (any LeftoverDeleting)?
    private var isEnded = false

    /// - Parameters:
    ///   - isSecret: whether only this program writes the file. Then a file of the temporary name was left by a process
    ///     of the same number that was killed, and is deleted.
    ///   - leftovers: deletes the temporary file if a signal ends the program.
    /// - Throws: ``CommandError`` `ioError`.
    package init(of path: String, isSecret: Bool = false, leftovers: (any LeftoverDeleting)? = nil) throws {
        self.path = path
        self.leftovers = leftovers
        temporary = "\(path).\(getpid())"
        if isSecret { unlink(SystemText.path(temporary)) }
        // Before the file exists: a signal may come at any time.
        leftovers?.start(temporary)
        descriptor = open(SystemText.path(temporary), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let (folder, code) = (PathName.folder(of: path), errno)
            leftovers?.end()
            switch (code, try FileStatus(path: folder)) {
            case (ENOENT, nil):
                throw CommandError(
                    .ioError, "there is no folder \(folder)", hint: "mkdir -p \(Escaping.shell(folder))")
            case (ENOTDIR, let status?) where !status.isFolder:
                throw CommandError(.ioError, "\(folder) is not a folder", hint: "choose another name")
            default: throw CommandError(.ioError, "\(path): \(String(cString: strerror(code)))")
            }
        }
    }

    /// Reserves room on the disk for the new version.
    /// - Parameter size: in bytes.
    package func reserve(_ size: Int) throws {
        let code = posix_fallocate(descriptor, 0, off_t(size))
        guard code == 0 else { throw CommandError(.ioError, "\(path): \(String(cString: strerror(code)))") }
        guard fsync(descriptor) == 0 else { throw failure }
    }

    package func write(_ bytes: [UInt8]) throws {
        try write { descriptor in
            do {
                try FileContents.write(bytes, to: descriptor)
            } catch {
                throw CommandError(.ioError, "\(path): \(error)")
            }
        }
    }

    /// Lets `body` write the new version to its descriptor.
    package func write(_ body: (Int32) throws -> Void) throws {
        try body(descriptor)
    }

    /// Puts what has been written in the file's place.
    package func finish() throws {
        let length = lseek(descriptor, 0, SEEK_CUR)
        guard length >= 0, ftruncate(descriptor, length) == 0, fsync(descriptor) == 0 else { throw failure }
        defer { descriptor = -1 }
        guard close(descriptor) == 0, rename(SystemText.path(temporary), SystemText.path(path)) == 0 else {
            throw failure
        }
        end()
        try FileContents.syncFolder(of: path)
    }

    /// Deletes the new version, unless ``finish()`` has put it in the file's place.
    package func cancel() {
        guard !isEnded else { return }
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        unlink(SystemText.path(temporary))
        end()
    }

    private func end() {
        isEnded = true
        leftovers?.end()
    }

    private var failure: CommandError { CommandError(.ioError, "\(path): \(systemError())") }
}

/// Deletes unfinished files when a signal ends the program.
package protocol LeftoverDeleting {
    /// The file of this name is unfinished from now on.
    func start(_ file: String)
    /// The file that was started last is whole, or deleted.
    func end()
}
