import CPostgres

/// Which database: a URL or `key=value` pairs as libpq reads them, with the service and the environment that they leave
/// it to.
///
/// libpq would try several hosts by itself, but it stops at the first that answers with an error, and each new
/// connection waits for a dead first one. So they are separate here.
package struct DatabaseURL: Sendable, Equatable {
    /// One server.
    package struct Host: Sendable, Equatable, CustomStringConvertible {
        /// The options of libpq, by name. They may have a password.
        let parameters: [String: String]
        /// `HOST:PORT`
        let place: String
        let database: String

        /// `HOST:PORT/DATABASE`
        package var description: String { "\(place)/\(database)" }
    }

    /// At least one, in the order of the URL.
    package let hosts: [Host]
    /// Whether the URL has a password, or that of a key file. One in `~/.pgpass` or in the environment is not in it.
    package let hasPassword: Bool
    /// Whether a server is reached through a network, and nobody has said with `sslmode` how.
    package let needsSSLMode: Bool

    /// - Throws: ``PostgresError/badURL(_:)``, which shows no password; ``PostgresError/notInstalled``.
    package init(_ text: String) throws {
        guard cpostgres_load() else { throw PostgresError.notInstalled }
        guard !text.isEmpty, !text.utf8.contains(0) else {
            throw PostgresError.badURL("the database URL is empty or has a NUL; write postgresql://HOST/DATABASE")
        }
        let said = try ConnectionOptions(parsing: text)
        try Self.checkForAt(said, in: text)
        let options = try said.completed()
        let servers = try Self.servers(of: options)
        hosts = servers.map { $0.host(of: said, database: options["dbname"] ?? "") }
        hasPassword = Self.secrets.contains { said[$0] != nil }
        needsSSLMode =
            said["sslmode"] == nil && options["sslmode"] == options.defaults["sslmode"]
            && servers.contains { !$0.isLocal }
    }

    private static let secrets = [
        "password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key",
    ]

    /// Where a password has a `@` or a `/` that is not written as `%40` or `%2F`, its rest is part of another option,
    /// which logs and errors show.
    private static func checkForAt(_ said: ConnectionOptions, in text: String) throws {
        guard text.hasPrefix("postgresql://") || text.hasPrefix("postgres://") else { return }
        let shown = said.values.filter { !secrets.contains($0.key) && $0.key != "user" }
        guard let option = shown.filter({ $0.value.utf8.contains(UInt8(ascii: "@")) }).keys.min() else { return }
        throw PostgresError.badURL(
            "the database URL has a @ in its \(option); in a password write %40 for @ and %2F for /, "
                + "or use key=value pairs"
        )
    }

    /// Pairs hosts, addresses and ports as libpq does (PostgreSQL 15 documentation, section 34.1.1.3).
    private static func servers(of options: ConnectionOptions) throws -> [Server] {
        func list(_ name: String) -> [String]? {
            options[name]?.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        let names = list("host")
        let addresses = list("hostaddr")
        let count = addresses?.count ?? names?.count ?? 1
        let ports = list("port") ?? [""]
        guard names == nil || names?.count == count else {
            throw PostgresError.badURL("the database URL has \(names?.count ?? 0) hosts for \(count) addresses")
        }
        guard ports.count == 1 || ports.count == count else {
            throw PostgresError.badURL("the database URL has \(ports.count) ports for \(count) hosts")
        }
        guard ports.allSatisfy({ $0.isEmpty || isPort($0) }) else {
            throw PostgresError.badURL("the database URL has a port that is no number from 1 to 65535")
        }
        return (0..<count).map { index in
            let port = ports[ports.count == 1 ? 0 : index]
            return Server(
                name: names?[index] ?? "", address: addresses?[index] ?? "",
                port: port.isEmpty ? options.defaults["port"] ?? "5432" : port)
        }
    }

    private static func isPort(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } && (1...65535).contains(Int(text) ?? 0)
    }
}

extension DatabaseURL: CustomStringConvertible {
    /// `HOST:PORT,HOST:PORT/DATABASE`, without user, password or anything else.
    package var description: String {
        hosts.map(\.place).joined(separator: ",") + "/" + (hosts.first?.database ?? "")
    }
}
