import ArgumentParser
import Logging

/// The flags of `serve`. The other commands have those of ``FolderFlags``.
struct Flags: ParsableArguments {
    @Option(help: "Address to listen on; port 0 picks a free one. (default: 127.0.0.1:8080)")
    var listen: String?

    @Option(
        help: "Unix socket to listen on. (default: $XDG_RUNTIME_DIR/libraryd.sock where that is set)",
        completion: .file())
    var socket: String?

    @Option(
        help: "PEM file with the certificate, to serve HTTPS. SIGHUP reads it again.",
        completion: .file())
    var tlsCertificate: String?

    @Option(
        help: "PEM file with the certificate's private key.",
        completion: .file())
    var tlsKey: String?

    @Option(
        help: "Folder for the database and the key. (default: ~/.local/share/libraryd)",
        completion: .directory)
    var data: String?

    @Option(help: "PostgreSQL database to keep the library in, as postgresql://HOST/NAME. (default: a file in --data)")
    var database: String?

    @Option(
        help: "JSON file with settings, named like these options.",
        completion: .file())
    var config: String?

    @Flag(help: "Allow an address that is not loopback: a proxy in front speaks TLS.")
    var behindProxy = false

    @Option(help: "How long a token is valid. (default: 30m)")
    var tokenLifetime: String?

    @Option(help: "How long a login can be refreshed. (default: 30d)")
    var refreshLifetime: String?

    @Option(
        help: "Who may create an account over HTTP: open (anybody) or closed (nobody). (default: open)",
        completion: .list(["open", "closed"]))
    var registration: String?

    @Option(help: "How many changes of authors are kept of each user. (default: 100000)")
    var historyEvents: String?

    @Option(help: "How long changes of authors are kept, such as 365d. (default: however old)")
    var historyAge: String?

    @Option(
        help: """
            trace, debug, info, notice, warning, error or critical. SIGHUP reads it again from the file. (default: \
            notice on a terminal, else info)
            """,
        completion: .list(Logger.Level.allCases.map(\.rawValue)))
    var logLevel: String?

    @Option(
        help: "text or json. (default: text on a terminal, else json)",
        completion: .list(["text", "json"]))
    var logFormat: String?

    /// The options that were given, by the keys of the settings.
    var texts: [String: String] {
        let all = [
            "listen": listen, "socket": socket, "tls-certificate": tlsCertificate, "tls-key": tlsKey, "data": data,
            "database": database, "config": config, "behind-proxy": behindProxy ? "true" : nil,
            "token-lifetime": tokenLifetime,
            "refresh-lifetime": refreshLifetime, "registration": registration, "history-events": historyEvents,
            "history-age": historyAge, "log-level": logLevel, "log-format": logFormat,
        ]
        return all.compactMapValues { $0 }
    }
}
