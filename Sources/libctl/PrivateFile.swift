import Glibc

/// Files that hold secrets, and the lock that guards their changes.
enum PrivateFile {
    /// The whole file, at most 16 MiB.
    static func contents(_ path: String) throws -> [UInt8] {
        // A pipe in its place that nobody writes to would be waited for.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw CommandFailure(.unreadable, "\(path): \(systemError())") }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while bytes.count < 16 << 20 {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw CommandFailure(.unreadable, "\(path): \(systemError())") }
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer[..<count])
        }
        throw CommandFailure(.unreadable, "\(path) is too large")
    }

    /// As ``contents(_:)``; `nil` if there is no file.
    static func contents(ifAny path: String) throws -> [UInt8]? {
        access(path, F_OK) == 0 ? try contents(path) : nil
    }

    /// As ``contents(ifAny:)``, for a secret.
    /// - Throws: ``CommandFailure`` `unsafeFile` for a link, a foreign file, or one that others can read.
    static func secret(_ path: String) throws -> [UInt8]? {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return nil }
            throw CommandFailure(.unreadable, "\(path): \(systemError())")
        }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid() else {
            throw CommandFailure(.unsafeFile, "\(path) is not a regular file of yours", hint: "rm \(path)")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw CommandFailure(.unsafeFile, "\(path) can be read by others", hint: "chmod 600 \(path)")
        }
        return try contents(path)
    }

    /// Replaces the file, whole or not at all: written beside its place, synced, then renamed.
    static func replace(_ path: String, with bytes: [UInt8]) throws {
        // Of a process that had this number and died.
        unlink(temporary(path))
        try replace(path) { descriptor in
            guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
                throw CommandFailure(.output, "\(path): \(systemError())")
            }
        }
    }

    /// The same with what `write` puts into the descriptor. A link stays one, and what is no regular file, as a pipe, is written to as it is.
    static func replace(_ path: String, _ write: (Int32) throws -> Void) throws {
        let path = resolved(path)
        guard isReplaceable(path) else { return try writeInto(path, write) }
        let temporary = temporary(path)
        // Before there is a file: a signal may come at once.
        LeftoverGuard.start(temporary)
        defer { LeftoverGuard.end() }
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CommandFailure(.output, "\(temporary): \(systemError())") }
        // Once it has its name there is nothing left to delete.
        defer { unlink(temporary) }
        do {
            try write(descriptor)
            guard fsync(descriptor) == 0 else { throw CommandFailure(.output, "\(path): \(systemError())") }
        } catch {
            close(descriptor)
            throw error
        }
        guard close(descriptor) == 0, rename(temporary, path) == 0 else {
            throw CommandFailure(.output, "\(path): \(systemError())")
        }
    }

    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    private static func isReplaceable(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG
    }

    private static func writeInto(_ path: String, _ write: (Int32) throws -> Void) throws {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CommandFailure(.output, "\(path): \(systemError())") }
        defer { close(descriptor) }
        try write(descriptor)
    }

    private static func temporary(_ path: String) -> String { "\(path).\(getpid())" }

    /// Runs `body` while no other process runs one under the same lock.
    static func locked<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw CommandFailure(.output, "\(path): \(systemError())") }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw CommandFailure(.output, "\(path): \(systemError())") }
        }
        return try body()
    }

    /// Makes the folder and those above it, private, and takes away what others may do in it.
    static func makeFolder(_ path: String) throws {
        var parent = ""
        for component in path.split(separator: "/") {
            parent += "/" + component
            if mkdir(parent, 0o700) != 0, errno != EEXIST {
                throw CommandFailure(.output, "\(parent): \(systemError())")
            }
        }
        guard chmod(path, 0o700) == 0 else { throw CommandFailure(.unsafeFile, "\(path): \(systemError())") }
    }
}

/// Deletes files that are not whole when a signal ends the program: two at most, as a login is renewed while a file is written.
private enum LeftoverGuard {
    nonisolated(unsafe) private static var path: UnsafeMutablePointer<CChar>?
    nonisolated(unsafe) private static var outer: UnsafeMutablePointer<CChar>?
    private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

    static func start(_ file: String) {
        (path, outer) = (strdup(file), path)
        for number in signals where !isIgnored(number) {
            signal(number) { number in
                if let path = LeftoverGuard.path { unlink(path) }
                if let path = LeftoverGuard.outer { unlink(path) }
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }

    static func end() {
        free(path)
        (path, outer) = (outer, nil)
        guard path == nil else { return }
        for number in signals where !isIgnored(number) { signal(number, SIG_DFL) }
    }

    /// As under nohup(1), and then it stays so.
    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        // SIG_IGN is 1 in disguise, and functions cannot be compared.
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }
}
