/// Removes secrets from messages. Every message that quotes a URL, a path, a header or other text from outside goes
/// through these functions.
public enum Secrets {
    private static let mark = "***"
    /// In bytes: limits of the text that is shown.
    private static let longest = (value: 100, message: 2048)

    /// Replaces everything in a text that looks like a secret, such as passwords in URLs and tokens in headers.
    public static func removed(from text: String) -> String {
        var text = cut(text, longest.message)
        if text.utf8.contains(UInt8(ascii: "@")) {
            text = text.replacing(/\/\/[^\s'"]{0,200}@/, with: "//\(mark)@")
            text = text.replacing(/[^\s:'"\/]{1,64}:[^\s'"\/][^\s'"]{0,200}@/, with: "\(mark)@")
        }
        if text.utf8.contains(UInt8(ascii: "=")) {
            let name = /((?:token|passw|pwd|secret|key|auth|cookie|session)[\w\-]{0,20})=[^\s&'"]+/.ignoresCase()
            text = text.replacing(name) { "\($0.output.1)=\(mark)" }
        }
        // Access tokens begin with `eyJ`, which is Base64URL for `{"` and a letter (RFC 7515).
        if text.contains("eyJ") { text = text.replacing(/eyJ[\w\-]{4,}(?:\.[\w\-]*)*/, with: mark) }
        if text.contains(APIKey.prefix) { text = text.replacing(/libkey_[\w\-]{4,}/, with: mark) }
        if text.utf8.contains(UInt8(ascii: " ")) {
            // Words of fewer than 7 characters are left, so that hints such as `Authorization: Bearer TOKEN` stay
            // readable.
            let scheme = /\b((?:bearer|basic)[ \t]+)[^\s'"]{7,}/.ignoresCase()
            text = text.replacing(scheme) { $0.output.1 + mark }
            let field = /\b((?:authorization|x-access-tokens|cookie):[ \t]*)[^\s'"]{7,}/.ignoresCase()
            text = text.replacing(field) { $0.output.1 + mark }
        }
        return SystemText.shown(text)
    }

    /// A value that the user entered, in quotes, cut, and without the parts of a URL that may be secret: user and
    /// password (also of a URL without a host) and the query.
    public static func quoted(_ value: String) -> String {
        var value = value
        let start = value.firstRange(of: "//")?.upperBound ?? value.startIndex
        if let at = value.lastIndex(of: "@") ?? value.firstRange(of: "%40")?.lowerBound {
            value = (start < at ? value[..<start] : "") + mark + value[at...]
        }
        if let query = value.firstIndex(where: { "?#".contains($0) }) { value = value[...query] + mark }
        let host = value.firstRange(of: "//")?.upperBound ?? value.startIndex
        if let colon = value[host...].firstIndex(of: ":"), !value[host...].hasPrefix("[") {
            let rest = value[colon...].dropFirst().prefix { $0 != "/" }
            if !rest.allSatisfy(\.isWholeNumber) { value = value[...colon] + mark }
        }
        return "'\(cut(removed(from: value), longest.value))'"
    }

    private static func cut(_ text: String, _ length: Int) -> String {
        guard text.utf8.count > length else { return text }
        return String(decoding: text.utf8.prefix(length), as: UTF8.self).prefix { $0 != "\u{FFFD}" } + "…"
    }
}
