import Glibc
import LibraryServer
import LibraryStore
import Logging
import Shared

enum LogFormat: String, Sendable {
    case text, json
    /// Text on a terminal, else JSON.
    static var automatic: LogFormat { isatty(STDERR_FILENO) == 1 ? .text : .json }
}

/// Writes each record as one line to standard error, with one `write`.
struct LineLogHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    let format: LogFormat
    let clock: Clock

    init(level: Logger.Level, format: LogFormat, clock: Clock = .system) {
        logLevel = level
        self.format = format
        self.clock = clock
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }.sorted { $0.key < $1.key }
        var line = render(level: event.level, message: event.message.description, fields: fields)
        line.append(UInt8(ascii: "\n"))
        // A log that cannot be written must not stop the daemon.
        _ = write(STDERR_FILENO, line, line.count)
    }

    func render(level: Logger.Level, message: String, fields: [(key: String, value: Logger.MetadataValue)]) -> [UInt8] {
        switch format {
        case .json:
            var json = JSONWriter()
            json.object {
                $0.member("time", clock.now().description)
                $0.member("level", level.rawValue)
                $0.member("message", message)
                for field in fields { $0.member(text: field.key) { $0.string(field.value.description) } }
            }
            return json.bytes
        case .text:
            let pairs = fields.map { " \($0.key)=\($0.value.description)" }.joined()
            return Array("\(clock.now()) \(level.rawValue) \(message)\(pairs)".utf8)
        }
    }
}
