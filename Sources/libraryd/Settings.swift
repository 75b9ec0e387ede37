import Configuration
import Foundation
import LibraryServer
import LibraryStore
import Logging
import Shared

/// The settings of the daemon. Flags win over `LIBRARYD_*` variables, variables over the file, the file over
/// defaults.
struct Settings: Sendable, Equatable {
    var listen: Listen?
    var socket: String?
    /// Paths of the PEM files.
    var tls: TLSFiles?
    var data: String
    var behindProxy: Bool
    var tokenLifetime: TimeSpan
    var refreshLifetime: TimeSpan
    /// Whether anybody may create an account over HTTP.
    var isRegistrationOpen: Bool
    var logLevel: Logger.Level
    var logFormat: LogFormat

    /// The keys of a configuration file. The variable of a key is `LIBRARYD_` and the key in upper case, with `_` for
    /// `-`.
    static let keys = [
        "listen", "socket", "tls-certificate", "tls-key", "data", "behind-proxy", "token-lifetime", "refresh-lifetime",
        "registration", "log-level", "log-format",
    ]
    static let environmentPrefix = "LIBRARYD_"

    /// - Throws: ``CommandError`` `configuration`, which names the key, and the most similar known key for an unknown
    ///   key.
    /// - Parameter inheritsSockets: whether the daemon was given sockets that listen already, so that it needs no
    ///   address of its own.
    init(flags: Flags, environment: [String: String], inheritsSockets: Bool = false) async throws {
        var environment = environment
        if let file = flags.config { environment[Self.variable("config")] = file }
        let reader = try await Self.reader(environment: environment)
        func text(_ key: String, _ flag: String?) -> String? { flag ?? reader.string(forKey: ConfigKey([key])) }
        func parse<Value>(
            _ key: String, _ flag: String?, _ form: String, suggestion: (String) -> String? = { _ in nil },
            _ read: (String) -> Value?
        ) throws -> Value? {
            guard let text = text(key, flag) else { return nil }
            guard let value = read(text) else {
                throw CommandError(
                    .configuration, "\(key) must be \(form), not \(Secrets.quoted(text))",
                    hint: suggestion(text).map { "did you mean \($0)?" } ?? "libraryd serve --help")
            }
            return value
        }
        let lifetime = "a whole number and a unit, such as 90s, 30m, 12h or 30d"
        let runtimeFolder = environment["XDG_RUNTIME_DIR"].flatMap { $0.hasPrefix("/") ? $0 : nil }

        listen = try parse("listen", flags.listen, "HOST:PORT", suggestion: Listen.suggestion) { Listen($0) }
        socket = text("socket", flags.socket)
        if listen == nil, socket == nil, !inheritsSockets {
            listen = .standard
            socket = runtimeFolder.map { $0 + "/libraryd.sock" }
        }
        data = try text("data", flags.data) ?? Self.defaultData(environment)
        behindProxy =
            try flags.behindProxy
            || parse("behind-proxy", nil, "true or false") { Bool($0) } ?? false
        tokenLifetime =
            try parse("token-lifetime", flags.tokenLifetime, lifetime) { TimeSpan($0) }
            ?? TimeSpan(seconds: 30 * 60)
        refreshLifetime =
            try parse("refresh-lifetime", flags.refreshLifetime, lifetime) { TimeSpan($0) }
            ?? TimeSpan(seconds: 30 * 86400)
        isRegistrationOpen =
            try parse("registration", flags.registration, "open or closed") { ["open": true, "closed": false][$0] }
            ?? true
        let levels = Logger.Level.allCases.map(\.rawValue)
        logLevel =
            try parse(
                "log-level", flags.logLevel, "one of \(levels.joined(separator: ", "))",
                suggestion: { closest(to: $0, among: levels) }
            ) { Logger.Level(rawValue: $0) } ?? .automatic
        logFormat = try parse("log-format", flags.logFormat, "text or json") { LogFormat(rawValue: $0) } ?? .automatic

        tls = try TLSFiles(
            certificate: text("tls-certificate", flags.tlsCertificate), key: text("tls-key", flags.tlsKey))
        for (key, span) in [("token-lifetime", tokenLifetime), ("refresh-lifetime", refreshLifetime)] {
            guard span.seconds > 0 else {
                throw CommandError(.configuration, "\(key) must be at least 1s", hint: "for example: --\(key) 30m")
            }
        }
        if let listen { try requireConfidential(listen.host, "\(listen)") }
        if !data.hasPrefix("/") { data = FileManager.default.currentDirectoryPath + "/" + data }
    }

    /// Passes unless passwords would cross a network in plain text.
    /// - Parameter address: the host's name in a message.
    func requireConfidential(_ host: String, _ address: String) throws {
        guard !isLoopback(host: host), !behindProxy, tls == nil else { return }
        throw CommandError(
            .configuration, "\(address) can be reached from other machines, and passwords would cross the network",
            hint: "use --tls-certificate and --tls-key, or --behind-proxy if a proxy in front speaks TLS")
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

    private static func reader(environment: [String: String]) async throws -> ConfigReader {
        let known = (keys + ["config"]).map(variable) + [CompletionAnswer.variable]
        for (name, value) in environment.sorted(by: { $0.key < $1.key })
        where name.hasPrefix(environmentPrefix) && !known.contains(name) && !isInjected(name, value) {
            throw unknown(name, known, variableKind)
        }
        var providers: [any ConfigProvider] = [
            EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "libraryd")
        ]
        if let file = environment[variable("config")] {
            let values = try texts(file).map { name, text in
                (AbsoluteConfigKey([name]), ConfigValue(.string(text), isSecret: false))
            }
            providers.append(InMemoryProvider(values: Dictionary(values) { first, _ in first }))
        }
        return ConfigReader(providers: providers)
    }

    /// Whether Kubernetes or Docker set the variable, for a service or container that is named `libraryd`
    /// (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables,
    /// https://docs.docker.com/engine/network/links/#environment-variables).
    private static func isInjected(_ name: String, _ value: String) -> Bool {
        let name = name.dropFirst(environmentPrefix.count)
        let isService = name.wholeMatch(of: /SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)/) != nil
        let isPort = name.wholeMatch(of: /PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?/) != nil
        return isService || isPort || name == "PORT" && value.contains("://") || name == "NAME" && value.hasPrefix("/")
            || name.hasPrefix("ENV_")
    }

    /// The members of a configuration file. All keys must be known; a number or a flag is taken as its text.
    private static func texts(_ file: String) throws -> [(name: String, text: String)] {
        let members: [JSONValue.Member]
        do {
            guard case .object(let all) = try JSONValue(parsing: FileContents.read(file, limit: 1 << 20)) else {
                throw CommandError(.configuration, "\(file) is not a JSON object")
            }
            members = all
        } catch let error as JSONSyntaxError {
            throw CommandError(.configuration, "\(file): \(error)")
        }
        return try members.map { member in
            guard keys.contains(member.name) else { throw unknown(member.name, keys, "key in \(file)") }
            switch member.value {
            case .string(let text): return (member.name, text)
            case .bool(let flag): return (member.name, String(flag))
            case .integer(let number): return (member.name, String(number))
            case .number(let number): return (member.name, String(number))
            case .null, .array, .object:
                throw CommandError(.configuration, "\(file): \(member.name) must be a string, a number, true or false")
            }
        }
    }

    private static func unknown(_ name: String, _ known: [String], _ kind: String) -> CommandError {
        // What all variables begin with says nothing about which one is meant.
        let prefix = kind == variableKind ? environmentPrefix : ""
        let rests = known.map { String($0.dropFirst(prefix.count)).lowercased() }
        let nearest = closest(to: String(name.dropFirst(prefix.count)), among: rests)
            .flatMap { nearest in zip(known, rests).first { $0.1 == nearest }?.0 }
        let help = name == variable("port") ? "use \(variable("listen"))=HOST:PORT" : "libraryd serve --help"
        return CommandError(
            .configuration, "\(name) is not a known \(kind)", hint: nearest.map { "did you mean \($0)?" } ?? help)
    }

    private static let variableKind = "environment variable"
}
