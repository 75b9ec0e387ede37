import Foundation
import LibraryPostgres
import LibraryServer
import LibraryStore
import Logging
import Shared

/// The settings of the daemon. Flags win over `LIBRARYD_*` variables, variables over the file, the file over
/// defaults.
struct Settings: Sendable, Equatable {
    /// The path of the configuration file.
    var config: String?
    var listen: Listen?
    var socket: String?
    /// Paths of the PEM files.
    var tls: TLSFiles?
    var data: String
    /// The PostgreSQL database that has the library; `nil` for the file in ``data``.
    var database: DatabaseURL?
    var behindProxy: Bool
    var tokenLifetime: TimeSpan
    var refreshLifetime: TimeSpan
    /// Whether anybody may create an account over HTTP.
    var isRegistrationOpen: Bool
    /// How long the changes of authors are kept.
    var history: HistoryLimit
    var logLevel: Logger.Level
    var logFormat: LogFormat
    /// Each of ``options`` with its value.
    private(set) var values: [SettingValue] = []
    private(set) var unknownVariables: [UnknownVariable]

    /// The keys of a configuration file. The variable of a key is `LIBRARYD_` and the key in upper case, with `_` for
    /// `-`.
    static let keys = [
        "listen", "socket", "tls-certificate", "tls-key", "data", "database", "behind-proxy", "token-lifetime",
        "refresh-lifetime", "registration", "history-events", "history-age", "log-level", "log-format",
    ]
    /// Of each user.
    private static let mostEvents: Int64 = 100_000_000
    static let environmentPrefix = "LIBRARYD_"
    /// The options of `serve`: the keys, and `config`.
    static let options = ["config"] + keys
    static let variables = options.map(variable)

    /// - Throws: ``CommandError`` `configuration`, which names the key, and the most similar known key for an unknown
    ///   key.
    /// - Parameters:
    ///   - options: as ``Flags/texts``.
    ///   - inheritsSockets: whether the daemon was given sockets that listen already, so that it needs no address of
    ///     its own.
    init(options: [String: String], environment: [String: String], inheritsSockets: Bool = false) throws {
        let sources = try SettingSources(options: options, environment: environment)
        unknownVariables = sources.unknownVariables
        func text(_ key: String) -> String? { sources.value(key)?.text }
        func parse<Value>(
            _ key: String, _ form: String, suggestion: (String) -> String? = { _ in nil },
            _ read: (String) -> Value?
        ) throws -> Value? {
            guard let text = text(key) else { return nil }
            guard let value = read(text) else {
                throw CommandError(
                    .configuration, "\(key) must be \(form), not \(Secrets.quoted(text))",
                    hint: suggestion(text).map { "did you mean \($0)?" } ?? "libraryd serve --help")
            }
            return value
        }
        let lifetime = "a whole number and a unit, such as 90s, 30m, 12h or 30d"
        let runtimeFolder = environment["XDG_RUNTIME_DIR"].flatMap { $0.hasPrefix("/") ? $0 : nil }

        config = text("config").map(absolute)
        listen = try parse("listen", "HOST:PORT", suggestion: Listen.suggestion) { Listen($0) }
        socket = try sources.path("socket")
        if listen == nil, socket == nil, !inheritsSockets {
            listen = .standard
            socket = runtimeFolder.map { $0 + "/libraryd.sock" }
        }
        data = try sources.path("data") ?? Self.defaultData(environment)
        database = try sources.value("database").map { try Self.database($0.text, $0.origin) }
        behindProxy = try parse("behind-proxy", "true or false") { Bool($0) } ?? false
        tokenLifetime = try parse("token-lifetime", lifetime) { TimeSpan($0) } ?? TimeSpan(seconds: 30 * 60)
        refreshLifetime = try parse("refresh-lifetime", lifetime) { TimeSpan($0) } ?? TimeSpan(seconds: 30 * 86400)
        isRegistrationOpen =
            try parse("registration", "open or closed") { ["open": true, "closed": false][$0] } ?? true
        let events = try parse("history-events", "a whole number from 1 to \(Self.mostEvents)") { text in
            Int64(decimal: text).flatMap { (1...Self.mostEvents).contains($0) ? $0 : nil }
        }
        let age = try parse("history-age", lifetime) { TimeSpan($0) }
        history = events.map { HistoryLimit(events: $0, age: age) } ?? HistoryLimit(age: age)
        let levels = Logger.Level.allCases.map(\.rawValue)
        logLevel =
            try parse(
                "log-level", "one of \(levels.joined(separator: ", "))",
                suggestion: { closest(to: $0, among: levels) }
            ) { Logger.Level(rawValue: $0) } ?? .automatic
        logFormat = try parse("log-format", "text or json") { LogFormat(rawValue: $0) } ?? .automatic

        tls = try TLSFiles(certificate: sources.path("tls-certificate"), key: sources.path("tls-key"))
        for (key, span, example) in [
            ("token-lifetime", tokenLifetime, "30m"), ("refresh-lifetime", refreshLifetime, "30m"),
            ("history-age", age, "365d"),
        ] where span?.seconds == 0 {
            throw CommandError(.configuration, "\(key) must be at least 1s", hint: "for example: --\(key) \(example)")
        }
        if let listen { try requireConfidential(listen.host, "\(listen)") }
        data = absolute(data)
        values = Self.options.map {
            SettingValue(key: $0, value: self.text(of: $0), origin: sources.value($0)?.origin ?? .standard)
        }
    }

    /// Passes unless passwords would cross a network in plain text.
    /// - Parameter address: the host's name in a message.
    func requireConfidential(_ host: String, _ address: String) throws {
        guard !isLoopback(host: host), !behindProxy, tls == nil else { return }
        throw CommandError(
            .configuration, "\(address) can be reached from other machines, and passwords would cross the network",
            hint: "use --tls-certificate and --tls-key, or --behind-proxy if a proxy in front speaks TLS")
    }

    private static func database(_ text: String, _ origin: SettingOrigin) throws -> DatabaseURL {
        let database: DatabaseURL
        do {
            database = try DatabaseURL(text)
        } catch {
            throw CommandError(opening: error, "database")
        }
        if case .option = origin, database.hasPassword {
            throw CommandError(
                .configuration, "--database has a password, which all users of this machine can see",
                hint: "write it into ~/.pgpass, or the URL into \(variable("database")) or the file of --config")
        }
        guard !database.needsSSLMode else {
            throw CommandError(
                .configuration, "database names another machine, and does not say whether the connection is encrypted",
                hint: "add sslmode=verify-full to the URL, or sslmode=disable in a network that nobody else is in")
        }
        return database
    }

    static func variable(_ key: String) -> String {
        environmentPrefix + key.uppercased().replacing("-", with: "_")
    }

    private static func defaultData(_ environment: [String: String]) throws -> String {
        if let folder = environment["XDG_DATA_HOME"], folder.hasPrefix("/") { return folder + "/libraryd" }
        guard let home = environment["HOME"], home.hasPrefix("/") else {
            throw CommandError(.configuration, "neither XDG_DATA_HOME nor HOME is set", hint: "use --data DIR")
        }
        return home + "/.local/share/libraryd"
    }
}
