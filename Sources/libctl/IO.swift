import Glibc
import Shared
import SystemPackage

/// The world outside: what a command reads, writes and knows. Tests bring their own.
struct IO {
    var environment: [String: String]
    var input: Int32 = STDIN_FILENO
    var output: Int32 = STDOUT_FILENO
    var error: Int32 = STDERR_FILENO
    /// Where to ask people; `nil` where nobody can be asked.
    var terminal: String? = "/dev/tty"
    var now: () -> Timestamp = Clock.system.now
    var sleep: (_ seconds: Int64) -> Void = { Glibc.sleep(UInt32(clamping: $0)) }
    /// How long to wait for another process: one that changes the same file, one that is to read a pipe.
    var patience: Duration = .seconds(30)
    /// Makes the transport for a server.
    var transport: (Server) -> Transport = { Curl(server: $0).send }

    static var standard: IO { IO(environment: SystemText.environment()) }

    /// A variable's value; an empty one counts as absent.
    func variable(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The same for one that is no name of a file.
    func text(_ name: String) throws -> String? {
        let value = variable(name)
        guard value.map(SystemText.isText) ?? true else {
            throw CommandError(.configuration, "\(name) is not valid UTF-8")
        }
        return value
    }

    /// For what need not be in memory: in TMPDIR, else where large temporary files belong (Filesystem Hierarchy
    /// Standard, `/var/tmp`).
    func spool() -> SpooledFile {
        SpooledFile(folder: variable("TMPDIR") ?? (access("/var/tmp", W_OK) == 0 ? "/var/tmp" : "/tmp"))
    }

    /// `$XDG_CONFIG_HOME/libctl`, else `~/.config/libctl`. A relative path is ignored (XDG Base Directory
    /// Specification).
    func configurationFolder() throws -> String {
        if let folder = variable("XDG_CONFIG_HOME"), folder.hasPrefix("/") { return folder + "/libctl" }
        guard let home = variable("HOME") else {
            throw CommandError(.configuration, "neither XDG_CONFIG_HOME nor HOME is set")
        }
        return home + "/.config/libctl"
    }
}

/// Writes to a file descriptor: buffered, and every failure is noticed.
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

/// Reads a file descriptor byte by byte, in large pieces.
final class InputReader {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var range = 0..<0

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// The next byte without taking it; `nil` at the end.
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

    /// What has been read and not taken yet, or what can be read next; `nil` at the end.
    func some() throws -> [UInt8]? {
        guard try peek() != nil else { return nil }
        defer { range = range.upperBound..<range.upperBound }
        return Array(buffer[range])
    }

    /// Everything up to the end.
    /// - Throws: ``CommandError`` for more than the daemon takes in one request.
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
    /// - Throws: ``CommandError`` for a line of more than a mebibyte.
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
