import Shared

/// Messages to the user on standard error.
final class Diagnostics {
    private let writer: OutputWriter
    private let options: GlobalOptions
    private var showsProgress = false
    /// The width of the terminal in columns; `nil` if messages go elsewhere.
    private let width: Int?

    init(options: GlobalOptions, io: IO) {
        self.options = options
        writer = OutputWriter(io.error)
        width = writer.isTerminal ? Terminal.width(of: io.error) ?? 80 : nil
    }

    /// Whether a person reads the messages.
    var isTerminal: Bool { width != nil }

    /// Reports what was done; silent with `--quiet`.
    func say(_ text: String) {
        if !options.quiet { put(Self.harmless(text) + "\n") }
    }

    /// Reports a failure of part of the work; the rest continues.
    func warn(_ text: String) {
        put("libctl: \(Self.harmless(text))\n")
    }

    func trace(_ text: String) {
        if options.verbose { put("libctl: \(Self.harmless(text))\n") }
    }

    /// Shows the progress of a batch on a terminal, each time on the same line.
    func progress(_ text: String) {
        guard let width, !options.quiet else { return }
        put("\r\(DisplayWidth.shortened(text, to: width - 1))\u{1B}[K")
        showsProgress = true
    }

    func endProgress() {
        if showsProgress { put("\r\u{1B}[K") }
        showsProgress = false
    }

    /// Reports a failure: as text with a hint, or as one JSON object if the user asked for JSON.
    static func report(_ failure: CommandError, title: String, asJSON: Bool, io: IO) {
        if failure.exit == .brokenPipe { return }
        let writer = OutputWriter(io.error)
        guard asJSON else {
            var text = "libctl: \(title): \(harmless(failure.reason))\n"
            if let hint = failure.hint { text += "  hint: \(harmless(hint))\n" }
            try? writer.write(text)
            try? writer.flush()
            return
        }
        try? writer.write(failure.report(of: title, Secrets.removed))
        try? writer.flush()
    }

    private static func harmless(_ text: String) -> String { Escaping.terminal(Secrets.removed(from: text)) }

    /// Ignores errors: a message that cannot be written must not fail the command.
    private func put(_ text: String) {
        try? writer.write(text)
        try? writer.flush()
    }
}
