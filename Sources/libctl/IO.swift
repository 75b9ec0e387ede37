import Glibc
import Shared
import SystemPackage

/// The surroundings of a command: variables, descriptors, terminal, clock, transport. Tests pass their own.
struct IO {
    var environment: [String: String]
    var input: Int32 = STDIN_FILENO
    var output: Int32 = STDOUT_FILENO
    var error: Int32 = STDERR_FILENO
    /// The device on which to ask the user; `nil` if nothing may be asked.
    var terminal: String? = "/dev/tty"
    /// The name of this machine.
    var host: () -> String = ClientName.systemHost
    var now: () -> Timestamp = Clock.system.now
    var sleep: (_ seconds: Int64) -> Void = { Glibc.sleep(UInt32(clamping: $0)) }
    /// Timeout for other processes: the holder of a lock, the reader of a pipe.
    var patience: Duration = .seconds(30)
    /// The home folder of the user who runs the program, by the user database (passwd(5)).
    var accountHome: () -> String? = {
        getpwuid(geteuid())?.pointee.pw_dir.map {
            SystemText.decoded(UnsafeRawBufferPointer(start: $0, count: strlen($0)))
        }
    }
    /// Makes the transport for a server.
    var transport: (Server) -> Transport = { Curl(server: $0).send }

    static var standard: IO { IO(environment: SystemText.environment()) }

    /// The value of an environment variable; an empty value counts as absent.
    func variable(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The value of an environment variable that must be UTF-8, because it is not a file name.
    /// - Throws: ``CommandError`` `configuration`.
    func text(_ name: String) throws -> String? {
        let value = variable(name)
        guard value.map(SystemText.isText) ?? true else {
            throw CommandError(.configuration, "\(name) is not valid UTF-8")
        }
        return value
    }

    /// Storage for data that is too large for memory: in `TMPDIR`, else in `/var/tmp` (Filesystem Hierarchy Standard,
    /// `/var/tmp`), or in `/tmp` if `/var/tmp` is not writable.
    func spool() -> SpooledFile {
        SpooledFile(folder: variable("TMPDIR") ?? (access("/var/tmp", W_OK) == 0 ? "/var/tmp" : "/tmp"))
    }

    /// `$XDG_CONFIG_HOME/libctl`, else `~/.config/libctl`. A relative path is ignored (XDG Base Directory
    /// Specification). Without `HOME`, as under cron(8) or env(1), the home folder is that of the user database.
    func configurationFolder() throws(CommandError) -> String {
        if let folder = variable("XDG_CONFIG_HOME"), folder.hasPrefix("/") { return folder + "/libctl" }
        guard let home = variable("HOME") ?? accountHome().flatMap({ $0.hasPrefix("/") ? $0 : nil }) else {
            throw CommandError(
                .configuration, "neither XDG_CONFIG_HOME nor HOME is set, and this user has no home folder",
                hint: "set HOME; commands with LIBCTL_TOKEN need none")
        }
        return home + "/.config/libctl"
    }
}

/// Writes to a file descriptor through a buffer. Every write error is thrown.
final class OutputWriter {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private(set) var hasWritten = false

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    var isTerminal: Bool { isatty(descriptor) == 1 }

    func write(_ bytes: some Sequence<UInt8>) throws {
        buffer.append(contentsOf: bytes)
        hasWritten = true
        if buffer.count >= 64 * 1024 { try flush() }
    }

    func write(_ text: String) throws {
        try write(text.utf8)
    }

    func flush() throws {
        defer { buffer.removeAll(keepingCapacity: true) }
        do {
            try FileContents.write(buffer, to: descriptor)
        } catch .brokenPipe {
            throw CommandError(.brokenPipe, "nobody reads the output")
        } catch {
            throw CommandError(.ioError, "the output could not be written: \(error)")
        }
    }
}

/// Reads a file descriptor through a buffer of 64 KiB, by bytes or by lines.
final class InputReader {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var range = 0..<0

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// The next byte, which stays in the buffer; `nil` at the end of the input.
    func peek() throws -> UInt8? {
        if range.isEmpty {
            do {
                buffer = try FileContents.next(descriptor, atMost: 64 << 10)
            } catch {
                throw CommandError(.noInput, "the input could not be read: \(error)")
            }
            range = 0..<buffer.count
        }
        return range.isEmpty ? nil : buffer[range.lowerBound]
    }

    /// The rest of the buffer, which is filled first if it is empty; `nil` at the end of the input.
    func some() throws -> [UInt8]? {
        guard try peek() != nil else { return nil }
        defer { range = range.upperBound..<range.upperBound }
        return Array(buffer[range])
    }

    /// All bytes up to the end of the input.
    /// - Throws: ``CommandError`` `invalid` for more than 64 MiB, the largest body that the daemon accepts.
    func all() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let more = try some() {
            bytes += more
            guard bytes.count <= 64 << 20 else { throw CommandError(.invalid, "the input is larger than 64 MiB") }
        }
        return bytes
    }

    func next() throws -> UInt8? {
        guard let byte = try peek() else { return nil }
        range = range.dropFirst()
        return byte
    }

    /// The next line without its end (`\n` or `\r\n`); `nil` at the end of the input.
    /// - Throws: ``CommandError`` `dataError` for a line of more than 1 MiB.
    func line() throws -> [UInt8]? {
        guard try peek() != nil else { return nil }
        var line: [UInt8] = []
        while let byte = try next(), byte != UInt8(ascii: "\n") {
            line.append(byte)
            guard line.count <= 1 << 20 else { throw CommandError(.dataError, "a line is longer than 1 MiB") }
        }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return line
    }
}
