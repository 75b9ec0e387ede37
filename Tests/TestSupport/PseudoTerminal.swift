import Foundation
import Synchronization

/// A real program on a terminal of its own: `/dev/tty` opens this terminal, and Control-C interrupts the program.
public final class PseudoTerminal: Sendable {
    private let master: Int32
    private let pid: pid_t
    private let state = Mutex(State())

    // TIOCSPTLCK and TIOCGPTN (ioctl_tty(2)) are macros that Swift does not import. posix_openpt is not imported
    // either: it needs _XOPEN_SOURCE.
    private static let setLock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430

    private struct State {
        var received: [UInt8] = []
        /// The number of bytes of `received` that a ``wait(for:)`` has returned.
        var seen = 0
        var hasEnded = false
    }

    /// Starts the program.
    /// - Parameters:
    ///   - input: file from which standard input is read, instead of the terminal.
    ///   - output: file to which standard output is written, instead of the terminal.
    public init(
        _ path: String, _ arguments: [String] = [], environment: [String: String] = [:], input: String? = nil,
        output: String? = nil, rows: UInt16 = 24, columns: UInt16 = 80
    ) throws {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var (lock, number): (Int32, Int32) = (0, 0)
        guard ioctl(master, Self.setLock, &lock) == 0, ioctl(master, Self.getNumber, &number) == 0 else {
            throw Missing(what: "a terminal: \(String(cString: strerror(errno)))")
        }
        let name = "/dev/pts/\(number)"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor: Int32 in 0...2 { posix_spawn_file_actions_addopen(&actions, descriptor, name, O_RDWR, 0) }
        if let input { posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0) }
        if let output { posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600) }
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
        let defaults = ["TERM": "vt100", "LANG": "C.UTF-8"]
        pid = try Program.spawn(
            [path] + arguments, environment: environment.merging(defaults) { given, _ in given }, &actions,
            leadsSession: true)
    }

    deinit {
        if !state.withLock({ $0.hasEnded }) { kill(-pid, SIGKILL) }
        close(master)
    }

    /// Types the keys. `\r` is Enter, `\u{3}` is Control-C.
    public func send(_ keys: String) { send(Array(keys.utf8)) }

    public func send(_ bytes: [UInt8]) {
        var written = 0
        while written < bytes.count {
            let count = write(master, Array(bytes[written...]), bytes.count - written)
            if count < 0, errno != EINTR { return }
            written += max(0, count)
        }
    }

    /// Whether the terminal shows what is typed. After a prompt, this says whether the prompt hides the answer.
    public var echoes: Bool {
        var settings = termios()
        return tcgetattr(master, &settings) == 0 && settings.c_lflag & tcflag_t(ECHO) != 0
    }

    /// Reads until the text has come, and returns all output since the last wait.
    /// - Throws: ``Missing``, with the output so far, if the program ends or is silent for 30 seconds.
    @discardableResult
    public func wait(for text: String) async throws -> String {
        try await wait(for: [text])
    }

    /// Reads until all the texts have come, in any order.
    @discardableResult
    public func wait(for texts: [String]) async throws -> String {
        let found = await Program.withoutBlocking { [self] in
            while true {
                if let found = take(upTo: texts.map { Array($0.utf8) }) { return String?.some(found) }
                if !readMore() { return nil }
            }
        }
        guard let found else { throw Missing(what: "\(texts) in '\(rest)'") }
        return found
    }

    /// Reads until the program ends. Returns its exit code, or 128 plus the number of the signal, and all its output.
    public func end() async throws -> (code: Int32, output: String) {
        let isDone = await Program.withoutBlocking { [self] in
            while readMore() {}
            return state.withLock { $0.hasEnded }
        }
        guard isDone else { throw Missing(what: "an end after '\(rest)'") }
        let code = await Program.wait(for: pid)
        return (code, state.withLock { String(decoding: $0.received, as: UTF8.self) })
    }

    private var rest: String {
        state.withLock { String(decoding: $0.received[$0.seen...], as: UTF8.self) }
    }

    private func take(upTo texts: [[UInt8]]) -> String? {
        state.withLock { state in
            let new = state.received[state.seen...]
            let ends = texts.compactMap { new.firstRange(of: $0)?.upperBound }
            guard ends.count == texts.count, let end = ends.max() else { return nil }
            defer { state.seen = end }
            return String(decoding: new[..<end], as: UTF8.self)
        }
    }

    /// Reads once, with a timeout of 30 seconds. Returns whether any bytes came.
    private func readMore() -> Bool {
        var descriptor = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let ready = poll(&descriptor, 1, 30_000)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { return false }
            let count = read(master, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            return state.withLock { state in
                // EIO: no process has the terminal open any more.
                state.hasEnded = count <= 0
                if count > 0 { state.received += buffer[..<count] }
                return count > 0
            }
        }
    }
}
