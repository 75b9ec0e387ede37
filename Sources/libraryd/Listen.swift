import Shared

/// An address to listen on: `HOST:PORT`, with an IPv6 address in brackets. With port 0 the system chooses a port.
struct Listen: Sendable, Equatable, CustomStringConvertible {
    let host: String
    let port: Int

    static let standard = Listen(host: "127.0.0.1", port: 8080)

    init(host: String, port: Int) {
        self.host = canonicalHost(host)
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

    /// The address that a text of another form probably stands for: `:8081`, `8081` or `localhost`.
    static func suggestion(for text: String) -> String? {
        // Nothing of a URL, which may have a password, is repeated.
        guard text.utf8.allSatisfy({ $0.isASCIILetterOrDigit || ".-:".utf8.contains($0) }) else { return nil }
        let standard = Listen.standard
        let port = text.hasPrefix(":") ? text.dropFirst() : text[...]
        if let address = Listen("\(standard.host):\(port)") { return address.description }
        return Listen("\(text):\(standard.port)")?.description
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
