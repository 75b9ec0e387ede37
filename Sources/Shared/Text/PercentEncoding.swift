/// Percent-encoding (RFC 3986, section 2.1) and query strings.
public enum PercentEncoding {
    /// Encodes all bytes but the unreserved characters, so that the result is valid in a path segment and in a query.
    public static func encode(_ text: String) -> String {
        guard !text.utf8.allSatisfy(isUnreserved) else { return text }
        let digits: StaticString = "0123456789ABCDEF"
        var result: [UInt8] = []
        result.reserveCapacity(3 * text.utf8.count)
        for byte in text.utf8 {
            if isUnreserved(byte) {
                result.append(byte)
            } else {
                result.append(UInt8(ascii: "%"))
                result.append(digits.utf8Start[Int(byte >> 4)])
                result.append(digits.utf8Start[Int(byte & 15)])
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Whether a byte is an unreserved character, which need not be encoded (RFC 3986, section 2.3).
    public static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
        default: byte.isASCIILetterOrDigit
        }
    }

    /// Decodes `%XX`, and `+` as a space as in HTML forms (WHATWG URL, section 5); `nil` for a malformed escape or
    /// invalid UTF-8.
    public static func decode(_ text: String) -> String? {
        decode(utf8: text.utf8)
    }

    static func decode(utf8 text: some Collection<UInt8>) -> String? {
        guard text.contains(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "%") }) else {
            return String(validating: text, as: UTF8.self)
        }
        var result: [UInt8] = []
        var bytes = text.makeIterator()
        while let byte = bytes.next() {
            switch byte {
            case UInt8(ascii: "+"): result.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = bytes.next()?.hexDigitValue, let low = bytes.next()?.hexDigitValue else { return nil }
                result.append(high << 4 | low)
            default: result.append(byte)
            }
        }
        return String(validating: result, as: UTF8.self)
    }
}

/// One decoded `name=value` of a query string.
public struct QueryItem: Sendable, Equatable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// Splits a query string without its `?`; `nil` for a malformed escape, invalid UTF-8, or too many combining marks.
    public static func parse(_ query: some StringProtocol) -> [QueryItem]? {
        var items: [QueryItem] = []
        var text = String(query)
        let isValid = text.withUTF8 { bytes in
            for pair in bytes.split(separator: UInt8(ascii: "&")) {
                let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
                guard let name = PercentEncoding.decode(utf8: pair[..<end]),
                    let value = PercentEncoding.decode(utf8: pair[end...].dropFirst()),
                    !CombiningMarks.areTooMany(name), !CombiningMarks.areTooMany(value)
                else { return false }
                items.append(QueryItem(name, value))
            }
            return true
        }
        return isValid ? items : nil
    }

    /// The items as a query string with its `?`; empty if there are no items.
    public static func string(_ items: [QueryItem]) -> String {
        var text = ""
        for item in items {
            text += text.isEmpty ? "?" : "&"
            text += PercentEncoding.encode(item.name)
            text += "="
            text += PercentEncoding.encode(item.value)
        }
        return text
    }
}
