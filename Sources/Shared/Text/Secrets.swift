/// Keeps secrets out of all that is said: whatever quotes something from elsewhere, a URL, a path, a header, goes
/// through here.
public enum Secrets {
    private static let mark = "***"
    /// In bytes: more of one message nobody reads.
    private static let longest = (value: 100, message: 2048)

    /// A text without what looks like a secret, in words that people can read.
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
        // Access tokens are known by their beginning, the letters of `{"`.
        if text.contains("eyJ") { text = text.replacing(/eyJ[\w\-]{4,}(?:\.[\w\-]*)*/, with: mark) }
        if text.utf8.contains(UInt8(ascii: " ")) {
            // Shorter words are none: a hint tells what to send.
            let scheme = /\b((?:bearer|basic)[ \t]+)[^\s'"]{7,}/.ignoresCase()
            text = text.replacing(scheme) { $0.output.1 + mark }
            let field = /\b((?:authorization|x-access-tokens|cookie):[ \t]*)[^\s'"]{7,}/.ignoresCase()
            text = text.replacing(field) { $0.output.1 + mark }
        }
        return SystemText.shown(text)
    }

    /// A value that the user gave, in quotes, cut short and without what may be secret in a URL: the user and password,
    /// also where the host was forgotten, and the query.
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

    /// What the argument parser says, without values that it should not have been given: a password behind an option
    /// that takes none, or as one word too many.
    public static func ofParser(_ message: String) -> String {
        if message.hasPrefix("Unexpected argument ") { return "there is an argument too many" }
        if message.contains(/^\d+ unexpected arguments:/) {
            return "there are \(message.prefix { $0 != " " }) arguments too many"
        }
        if let value = message.firstMatch(of: /^The value '.*' is invalid for ('[^']*')(.*)/.dotMatchesNewlines()) {
            return "the value of \(value.output.1) is not valid\(value.output.2)"
        }
        if let option = message.firstMatch(of: /^(The option '[^']*' does not take any value)/) {
            return String(option.output.1)
        }
        // `-pPASSWORD`, as other programs take it.
        if let option = message.firstMatch(of: /^(Unknown option '-[^\-'])[^']/) { return option.output.1 + "'" }
        return message
    }

    private static func cut(_ text: String, _ length: Int) -> String {
        guard text.utf8.count > length else { return text }
        return String(decoding: text.utf8.prefix(length), as: UTF8.self).prefix { $0 != "\u{FFFD}" } + "…"
    }
}
