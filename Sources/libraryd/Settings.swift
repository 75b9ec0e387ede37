import ArgumentParser
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
    var logLevel: Logger.Level
    var logFormat: LogFormat

    /// The keys of a configuration file. The variable of a key is `LIBRARYD_` and the key in upper case, with `_` for
    /// `-`.
    static let keys = [
        "listen", "socket", "tls-certificate", "tls-key", "data", "behind-proxy", "token-lifetime", "refresh-lifetime",
        "log-level", "log-format",
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
        func parse<Value>(_ key: String, _ flag: String?, _ form: String, _ read: (String) -> Value?) throws -> Value? {
            guard let text = text(key, flag) else { return nil }
            guard let value = read(text) else {
                throw CommandError(.configuration, "\(key) must be \(form), not \(Secrets.quoted(text))")
            }
            return value
        }
        let lifetime = "a whole number and a unit, such as 90s, 30m, 12h or 30d"
        let runtimeFolder = environment["XDG_RUNTIME_DIR"].flatMap { $0.hasPrefix("/") ? $0 : nil }

        listen = try parse("listen", flags.listen, "HOST:PORT") { Listen($0) }
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
        let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        logLevel = try parse("log-level", flags.logLevel, "one of \(levels)") { Logger.Level(rawValue: $0) } ?? .info
        logFormat = try parse("log-format", flags.logFormat, "text or json") { LogFormat(rawValue: $0) } ?? .automatic

        tls = try TLSFiles(
            certificate: text("tls-certificate", flags.tlsCertificate), key: text("tls-key", flags.tlsKey))
        guard tokenLifetime.seconds > 0, refreshLifetime.seconds > 0 else {
            throw CommandError(.configuration, "a lifetime must be longer than nothing")
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

    private static func variable(_ key: String) -> String {
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
        let known = Set((keys + ["config"]).map(variable))
        for name in environment.keys.sorted() where name.hasPrefix(environmentPrefix) && !known.contains(name) {
            throw unknown(name, known, "environment variable")
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

    /// The members of a configuration file. All keys must be known, and all values must be strings.
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
            guard case .string(let text) = member.value else {
                throw CommandError(.configuration, "\(file): \(member.name) must be a string")
            }
            return (member.name, text)
        }
    }

    private static func unknown(_ name: String, _ known: some Sequence<String>, _ kind: String) -> CommandError {
        CommandError(
            .configuration, "\(name) is not a known \(kind)",
            hint: closest(to: name, among: known.map { $0.lowercased() })
                .map { nearest in "did you mean \(known.first { $0.lowercased() == nearest } ?? nearest)?" })
    }
}

/// An address to listen on: `HOST:PORT`, with an IPv6 address in brackets. With port 0 the system chooses a port.
struct Listen: Sendable, Equatable, CustomStringConvertible {
    let host: String
    let port: Int

    static let standard = Listen(host: "127.0.0.1", port: 8080)

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int64(decimal: text[text.index(after: colon)...]),
            port <= 65535
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.init(host: String(host), port: Int(port))
    }

    var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

/// The files of a certificate and its key.
struct TLSFiles: Sendable, Equatable {
    let certificate: String
    let key: String

    /// `nil` if there are neither.
    /// - Throws: ``CommandError`` `configuration` for one without the other.
    init?(certificate: String?, key: String?) throws {
        guard certificate != nil || key != nil else { return nil }
        guard let certificate, let key else {
            let (given, missing) = certificate == nil ? ("tls-key", "tls-certificate") : ("tls-certificate", "tls-key")
            throw CommandError(.configuration, "\(given) needs \(missing) too", hint: "use --\(missing) FILE")
        }
        (self.certificate, self.key) = (certificate, key)
    }
}

/// The flags of `serve`. The other commands have those of ``FolderFlags``.
struct Flags: ParsableArguments {
    @Option(help: "Address to listen on; port 0 picks a free one. (default: 127.0.0.1:8080)")
    var listen: String?

    @Option(help: "Unix socket to listen on. (default: $XDG_RUNTIME_DIR/libraryd.sock where that is set)")
    var socket: String?

    @Option(help: "PEM file with the certificate, to serve HTTPS. SIGHUP reads it again.")
    var tlsCertificate: String?

    @Option(help: "PEM file with the certificate's private key.")
    var tlsKey: String?

    @Option(help: "Folder for the database and the key. (default: ~/.local/share/libraryd)")
    var data: String?

    @Option(help: "JSON file with settings, named like these flags.")
    var config: String?

    @Flag(help: "Allow an address that is not loopback: a proxy in front speaks TLS.")
    var behindProxy = false

    @Option(help: "How long a token is good. (default: 30m)")
    var tokenLifetime: String?

    @Option(help: "How long a login can be refreshed. (default: 30d)")
    var refreshLifetime: String?

    @Option(help: "trace, debug, info, notice, warning, error or critical. (default: info)")
    var logLevel: String?

    @Option(help: "text or json. (default: text on a terminal, else json)")
    var logFormat: String?
}
