import Glibc
import LibraryServer
import LibraryStore
import Logging
import Shared
import Synchronization

enum LogFormat: String, Sendable {
    case text, json
    /// Text on a terminal, else JSON.
    static var automatic: LogFormat { isatty(STDERR_FILENO) == 1 ? .text : .json }
}

extension Logger.Level {
    /// On a terminal, where other programs write too, without a line for each request.
    static var automatic: Logger.Level { isatty(STDERR_FILENO) == 1 ? .notice : .info }
}

/// The level of the log, which SIGHUP can change.
final class LogLevel: Sendable {
    private static let all = Logger.Level.allCases
    private let index: Atomic<Int>

    init(_ level: Logger.Level) {
        index = Atomic(Self.all.firstIndex(of: level) ?? 0)
    }

    var value: Logger.Level {
        get { Self.all[index.load(ordering: .relaxed)] }
        set { index.store(Self.all.firstIndex(of: newValue) ?? 0, ordering: .relaxed) }
    }
}

/// Writes each record as one line to standard error, with one `write`.
struct LineLogHandler: LogHandler {
    private let level: LogLevel
    var metadata: Logger.Metadata = [:]
    let format: LogFormat
    let clock: Clock

    init(level: LogLevel, format: LogFormat, clock: Clock = .system) {
        self.level = level
        self.format = format
        self.clock = clock
    }

    /// The level of all loggers that share the ``LogLevel``.
    var logLevel: Logger.Level {
        get { level.value }
        set { level.value = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }
        var line = render(level: event.level, message: event.message.description, fields: fields)
        line.append(UInt8(ascii: "\n"))
        // A log that cannot be written must not stop the daemon.
        _ = write(STDERR_FILENO, line, line.count)
    }

    func render(level: Logger.Level, message: String, fields: Logger.Metadata) -> [UInt8] {
        switch format {
        case .json: json(level, message, fields)
        case .text: Array(text(level, message, fields).utf8)
        }
    }

    private func json(_ level: Logger.Level, _ message: String, _ fields: Logger.Metadata) -> [UInt8] {
        var json = JSONWriter()
        json.object {
            $0.member("time", clock.now().description)
            $0.member("level", level.rawValue)
            $0.member("message", message)
            for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
                $0.member(text: key) { json in
                    switch value {
                    case .stringConvertible(let number as Int): json.integer(Int64(number))
                    case .stringConvertible(let number as Double): json.value(.number(number))
                    default: json.string(value.description)
                    }
                }
            }
        }
        return json.bytes
    }

    /// `TIME LEVEL METHOD ROUTE STATUS DURATION` for a request, and the message for anything else; then the other
    /// fields.
    private func text(_ level: Logger.Level, _ message: String, _ fields: Logger.Metadata) -> String {
        var (what, rest) = (message, fields)
        if let method = fields["method"], let route = fields["route"], let status = fields["status"],
            case .stringConvertible(let duration as Double) = fields["duration_ms"]
        {
            what = "\(method) \(route) \(status) \(Self.milliseconds(duration))"
            for key in ["method", "route", "status", "duration_ms"] { rest[key] = nil }
        }
        let pairs = rest.sorted { $0.key < $1.key }.map { " \($0.key)=\(Self.quoted($0.value.description))" }
        return "\(clock.now()) \(level.rawValue) \(what)\(pairs.joined())"
    }

    /// `382ms`, `4.1ms` or `0.05ms`.
    private static func milliseconds(_ duration: Double) -> String {
        let places = duration < 0.995 ? 100.0 : duration < 9.95 ? 10 : 1
        let number = (duration * places).rounded() / places
        return (places == 1 ? Int64(exactly: number).map { "\($0)" } ?? "\(number)" : "\(number)") + "ms"
    }

    /// A value with spaces or quotes in quotes, so that the fields of a line can be told apart.
    private static func quoted(_ value: String) -> String {
        let value = Escaping.terminal(value)
        let isWord = !value.isEmpty && !value.utf8.contains { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\"") }
        return isWord ? value : "\"" + value.replacing("\"", with: #"\""#) + "\""
    }
}
