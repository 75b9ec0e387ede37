import Glibc
import Shared

/// Asks the user on the terminal itself, because standard input and output may be files or pipes.
struct Terminal {
    private let descriptor: Int32
    private let reader: InputReader

    /// `nil` if there is no terminal, or nothing may be asked.
    init?(_ io: IO) {
        guard let path = io.terminal else { return nil }
        descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { return nil }
        reader = InputReader(descriptor)
    }

    func close() {
        Glibc.close(descriptor)
    }

    /// The width of the terminal in columns, if the terminal reports one.
    static func width(of descriptor: Int32) -> Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Asks for a line.
    /// - Throws: ``CommandError`` `declined` at the end of the input.
    func ask(_ prompt: String) throws -> String {
        let writer = OutputWriter(descriptor)
        try writer.write(prompt)
        try writer.flush()
        guard let line = try reader.line() else { throw CommandError(.declined, "there was no answer") }
        guard let text = String(validating: line, as: UTF8.self) else {
            throw CommandError(.dataError, "what was typed is not valid UTF-8")
        }
        return text
    }

    /// Asks for a line without echo. The echo is restored afterwards, also after an interrupt.
    func askSecret(_ prompt: String) throws -> String {
        var settings = termios()
        guard tcgetattr(descriptor, &settings) == 0 else { return try ask(prompt) }
        EchoGuard.settings = settings
        EchoGuard.descriptor = descriptor
        let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]
        for number in signals { signal(number, EchoGuard.restoreAndDie) }
        // Control-Z is ignored: the shell in the foreground would restore its own settings, and the rest of the
        // secret would be shown.
        signal(SIGTSTP, SIG_IGN)
        defer {
            EchoGuard.restore()
            for number in signals + [SIGTSTP] { signal(number, SIG_DFL) }
            _ = write(descriptor, "\n", 1)
        }
        settings.c_lflag &= ~tcflag_t(ECHO)
        guard tcsetattr(descriptor, TCSAFLUSH, &settings) == 0 else {
            throw CommandError(.ioError, "the terminal cannot hide what is typed: \(systemError())")
        }
        return try ask(prompt)
    }
}

/// The state for the signal handler. Not synchronized, because there is one terminal and one thread.
private enum EchoGuard {
    nonisolated(unsafe) static var settings = termios()
    nonisolated(unsafe) static var descriptor: Int32 = -1

    static func restore() {
        tcsetattr(descriptor, TCSAFLUSH, &settings)
    }

    static let restoreAndDie: @convention(c) (Int32) -> Void = { number in
        tcsetattr(EchoGuard.descriptor, TCSANOW, &EchoGuard.settings)
        signal(number, SIG_DFL)
        raise(number)
    }
}
