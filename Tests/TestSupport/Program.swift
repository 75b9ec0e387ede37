import Foundation
import Synchronization

/// A real program from the build folder or from the system.
public enum Program {
    /// The folder of the products that were built together with the tests.
    public static var buildFolder: String {
        let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (path as NSString).deletingLastPathComponent
    }

    public static func path(_ name: String) -> String { buildFolder + "/" + name }

    /// The root of this repository.
    public static var repository: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
    }

    /// Whether one process may trace another here, which some containers forbid. If not, the tests that need it are
    /// reported as skipped.
    public static let mayTrace = succeeds("/usr/bin/strace", "-f", "-o", "/dev/null", "true")

    /// Whether a program may mount file systems in a namespace of its own here, which some containers forbid.
    public static let mayMount = succeeds(
        "/usr/bin/unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt")

    private static func succeeds(_ path: String, _ arguments: String...) -> Bool {
        let program = Process()
        program.executableURL = URL(fileURLWithPath: path)
        program.arguments = arguments
        program.standardError = FileHandle.nullDevice
        guard (try? program.run()) != nil else { return false }
        program.waitUntilExit()
        return program.terminationStatus == 0
    }

    public struct Result: Sendable {
        /// The exit code, or 128 plus the number of the signal that ended the program.
        public let code: Int32
        public let output: String
        public let error: String
    }

    /// Runs a program and waits for its end.
    public static func run(
        _ path: String, _ arguments: [String], environment: [String: String] = [:], input: String = "",
        folder: String? = nil
    ) async throws -> Result {
        let files = TemporaryFolder()
        try Data(input.utf8).write(to: URL(fileURLWithPath: files.path + "/in"))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, files.path + "/in", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, files.path + "/out", O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, files.path + "/err", O_WRONLY | O_CREAT, 0o600)
        let command = (folder.map { ["/usr/bin/env", "-C", $0] } ?? []) + [path] + arguments
        let code = await wait(for: try spawn(command, environment: environment, &actions))
        func text(_ name: String) throws -> String {
            String(decoding: try Data(contentsOf: URL(fileURLWithPath: files.path + "/" + name)), as: UTF8.self)
        }
        return Result(code: code, output: try text("out"), error: try text("err"))
    }

    /// Runs `libraryd` as a user of that home, who is in it.
    /// - Parameter line: the arguments, separated by spaces.
    public static func libraryd(
        _ line: String, home: TemporaryFolder, environment: [String: String] = [:], input: String = ""
    ) async throws -> Result {
        try await run(
            path("libraryd"), line.split(separator: " ").map(String.init),
            environment: environment.merging(["HOME": home.path]) { given, _ in given }, input: input,
            folder: home.path)
    }
}

/// The real `libraryd` on a free port and with a folder of its own. Releasing the last reference kills the process.
public final class Daemon: Sendable {
    public let folder: TemporaryFolder
    private let process = Mutex<Process?>(nil)
    private let addressText = Mutex("")

    /// - Parameter launcher: a program that runs the daemon, such as `strace`, and its arguments.
    public init(
        folder: TemporaryFolder = TemporaryFolder(), arguments: [String] = [], launcher: [String] = []
    ) async throws {
        self.folder = folder
        try await start(arguments, launcher: launcher)
    }

    deinit {
        guard let launched = process.withLock({ $0 }), launched.isRunning else { return }
        kill(pid, SIGKILL)
        kill(launched.processIdentifier, SIGKILL)
    }

    /// `http://127.0.0.1:PORT`.
    public var address: String { addressText.withLock { $0 } }
    public var port: UInt16 { UInt16(address.split(separator: ":").last ?? "") ?? 0 }
    public var data: String { folder.path + "/data" }
    /// The process id of the daemon, from its lock file. If a launcher mounted the data folder in a namespace of its
    /// own, that file cannot be read here: then the process id of the launcher, which has become the daemon (`exec`).
    /// Without either, 0x7FFFFFFF, which no process has.
    public var pid: Int32 {
        let text = try? String(contentsOfFile: data + "/libraryd.lock", encoding: .utf8)
        return text.flatMap { Int32($0.dropLast()) } ?? process.withLock { $0?.processIdentifier } ?? .max
    }

    /// CPU time so far, in seconds (proc(5), `stat`: utime and stime).
    public var processorTime: Double {
        get throws {
            let text = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
            let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
            return try (require(Double(fields[12])) + require(Double(fields[13]))) / Double(sysconf(Int32(_SC_CLK_TCK)))
        }
    }

    /// The text that the daemon has logged.
    public var log: String { (try? String(contentsOfFile: folder.path + "/log", encoding: .utf8)) ?? "" }

    /// The memory that the daemon has in use (proc(5), `statm`), in bytes.
    public var resident: Int {
        get throws {
            let fields = try String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8).split(separator: " ")
            return (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
        }
    }

    /// The number of descriptors that the daemon has open.
    public var descriptors: Int {
        get throws { try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count }
    }

    /// Starts the daemon and returns when it listens.
    public func start(_ arguments: [String] = [], launcher: [String] = []) async throws {
        let daemon = Process()
        let command = launcher + [Program.path("libraryd"), "--data", data, "--listen", "127.0.0.1:0"] + arguments
        daemon.executableURL = URL(fileURLWithPath: command[0])
        daemon.arguments = Array(command.dropFirst())
        daemon.environment = ["HOME": folder.path, "PATH": "/usr/bin:/bin"]
        let output = Pipe()
        daemon.standardOutput = output
        let log = folder.path + "/log"
        if !FileManager.default.fileExists(atPath: log) { try Data().write(to: URL(fileURLWithPath: log)) }
        let logHandle = try require(FileHandle(forWritingAtPath: log))
        try logHandle.seekToEnd()
        daemon.standardError = logHandle
        daemon.standardInput = FileHandle.nullDevice
        try daemon.run()
        let line: String = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(returning: Self.line(from: output.fileHandleForReading.fileDescriptor))
            }
        }
        let prefix = "libraryd: listening on "
        guard line.hasPrefix(prefix) else { throw Missing(what: "an address in '\(line)', log: \(self.log)") }
        let address = line.dropFirst(prefix.count).prefix { !$0.isNewline }
        addressText.withLock { $0 = String(address) }
        process.withLock { $0 = daemon }
    }

    /// Reads to the end of a line or of the file. `FileHandle.availableData` traps when a signal interrupts it.
    private static func line(from descriptor: Int32) -> String {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while true {
            switch read(descriptor, &byte, 1) {
            case 1 where byte != UInt8(ascii: "\n"): line.append(byte)
            case -1 where errno == EINTR: continue
            default: return String(decoding: line, as: UTF8.self)
            }
        }
    }

    /// Sends a signal and waits for the end. Returns the exit code, or 128 plus the number of the signal.
    public func end(_ signal: Int32) async throws -> Int32 {
        let daemon = try require(process.withLock { $0 })
        kill(pid, signal)
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                daemon.waitUntilExit()
                continuation.resume()
            }
        }
        return daemon.terminationStatus + (daemon.terminationReason == .uncaughtSignal ? 128 : 0)
    }

    /// Runs `libctl` against this daemon.
    public func libctl(
        _ arguments: String..., home: TemporaryFolder, input: String = ""
    ) async throws -> Program.Result {
        try await Program.run(
            Program.path("libctl"), arguments, environment: ["HOME": home.path, "LIBCTL_SERVER": address], input: input)
    }

    /// Registers a user and logs in.
    public func login(_ name: String, home: TemporaryFolder) async throws {
        let result = try await libctl("register", name, "--password-stdin", home: home, input: "correct horse")
        guard result.code == 0 else { throw Missing(what: "an account: \(result.error)") }
    }

    /// Sends bytes on a new connection. Returns the bytes that the daemon sends until it closes the connection, or
    /// until it has sent nothing for 2 seconds.
    /// - Parameter reset: end the connection with a reset (`SO_LINGER` of 0 seconds, socket(7)) and read nothing.
    public func send(raw bytes: [UInt8], reset: Bool = false) throws -> String {
        let descriptor = try LoopbackSocket.connect(port: port, seconds: 2)
        defer { close(descriptor) }
        _ = bytes.withUnsafeBytes { Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if reset {
            var now = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
            return ""
        }
        shutdown(descriptor, Int32(SHUT_WR))
        var answer: [UInt8] = []
        while case let bytes = LoopbackSocket.receive(descriptor), !bytes.isEmpty { answer += bytes }
        return String(decoding: answer, as: UTF8.self)
    }
}
