import Glibc
import Shared

/// The `User-Agent` of a login, by which `sessions list` tells machines apart. Other requests do not name the machine.
struct ClientName {
    /// `libctl/0.1.0 (HOST)`, or `libctl/0.1.0` without a name of the host; at most 100 characters, which the daemon
    /// keeps.
    let text: String

    private static let product = "libctl/"
    private static let longestHost = 64

    /// - Parameter host: any text. It is sent without its characters that are no letters, digits, `.`, `-` or `_`.
    init(host: String) {
        let harmless = host.utf8.filter { $0.isASCIILetterOrDigit || ".-_".utf8.contains($0) }.prefix(Self.longestHost)
        let name = Self.product + Libctl.version
        text = harmless.isEmpty ? name : "\(name) (\(String(decoding: harmless, as: UTF8.self)))"
    }

    /// The host in ``text``; `nil` for the name of another client.
    static func host(in text: String) -> Substring? {
        guard text.hasPrefix(product), text.hasSuffix(")"), let start = text.firstRange(of: " (") else { return nil }
        return text[start.upperBound...].dropLast()
    }

    /// `libctl@HOST` for ``text``, else the whole name.
    static func short(_ text: String) -> String { host(in: text).map { "libctl@\($0)" } ?? text }

    /// The name of this machine (gethostname(2)).
    static func systemHost() -> String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(terminated: name)
    }
}
