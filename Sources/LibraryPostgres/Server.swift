import Glibc

/// Where a PostgreSQL listens.
struct Server {
    /// A name, an address, or the folder of a unix socket; empty for libpq's own folder.
    let name: String
    /// An address that is used instead of looking up the name; or empty.
    let address: String
    let port: String

    /// Whether nothing that is sent to it leaves this machine.
    var isLocal: Bool {
        let place = address.isEmpty ? name : address
        // A folder, or the name of an abstract socket (PostgreSQL 15 documentation, section 34.1.2).
        if place.isEmpty || place.hasPrefix("/") || place.hasPrefix("@") { return true }
        if place == "localhost" { return true }
        var version4 = in_addr()
        if inet_pton(AF_INET, place, &version4) == 1 { return UInt32(bigEndian: version4.s_addr) >> 24 == 127 }
        var version6 = in6_addr()
        guard inet_pton(AF_INET6, place, &version6) == 1 else { return false }
        return withUnsafeBytes(of: version6) { $0.dropLast().allSatisfy { $0 == 0 } && $0.last == 1 }
    }

    /// The options of a connection to this server alone.
    /// - Parameter said: the options for all servers.
    func host(of said: ConnectionOptions, database: String) -> DatabaseURL.Host {
        var parameters = said.values
        for (key, value) in [("host", name), ("hostaddr", address), ("port", port)] {
            parameters[key] = value.isEmpty ? nil : value
        }
        parameters["target_session_attrs"] = "read-write"
        parameters["connect_timeout"] = "2"
        parameters["client_encoding"] = "UTF8"
        parameters["fallback_application_name"] = "libraryd"
        let place = name.isEmpty ? address : name
        let shown = place.isEmpty ? "local" : place.contains(":") ? "[\(place)]" : place
        return DatabaseURL.Host(parameters: parameters, place: "\(shown):\(port)", database: database)
    }
}
