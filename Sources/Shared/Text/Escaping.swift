/// Escapes text that comes from outside for the place where it is shown.
public enum Escaping {
    /// For a terminal: each ``isDangerous(_:)`` character is written as in `\u{202E}`, so that the text can neither
    /// control the terminal nor hide or reorder parts of itself. A joiner (U+200C, U+200D) is shown after a character
    /// of a script that is written with joiners, such as Persian and Sinhala, and between emoji.
    public static func terminal(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isDangerous) else { return text }
        var result = String.UnicodeScalarView()
        var previous: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            if isDangerous(scalar), !(isJoiner(scalar) && takesJoiner(previous)) {
                result.append(contentsOf: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars)
            } else {
                result.append(scalar)
            }
            previous = scalar
        }
        return String(result)
    }

    /// For a shell: one word, in single quotes if it has other than harmless characters (sh(1), Quoting).
    public static func shell(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { $0.isASCIILetterOrDigit || "-._/:@%+=,".utf8.contains($0) }
        return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: #"'\''"#) + "'"
    }

    /// U+200C and U+200D decide whether the characters beside them are joined.
    private static func isJoiner(_ scalar: Unicode.Scalar) -> Bool { (0x200C...0x200D).contains(scalar.value) }

    /// Whether a joiner after the character can change how it looks. After Latin, Greek, Cyrillic and Hebrew letters
    /// (below U+0600, and U+1E00–U+1FFF) it is only invisible, and so is a second joiner.
    private static func takesJoiner(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value >= 0x600 && !(0x1E00...0x1FFF).contains(scalar.value) && !isDangerous(scalar)
    }

    /// For a field of tab-separated values: tab, newline, carriage return and backslash become `\t`, `\n`, `\r` and
    /// `\\`.
    public static func tsv(_ text: String) -> String {
        guard text.utf8.contains(where: { "\t\n\r\\".utf8.contains($0) }) else { return text }
        return text.replacing("\\", with: "\\\\").replacing("\t", with: "\\t").replacing("\n", with: "\\n")
            .replacing("\r", with: "\\r")
    }

    /// The text of which ``tsv(_:)`` made a field. Other backslashes stay as they are.
    static func fromTSV(_ field: String) -> String {
        guard field.utf8.contains(UInt8(ascii: "\\")) else { return field }
        let escapes: [Unicode.Scalar: Unicode.Scalar] = ["t": "\t", "n": "\n", "r": "\r", "\\": "\\"]
        var text = String.UnicodeScalarView()
        var rest = field.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            if scalar == "\\", let next = rest.first, let escaped = escapes[next] {
                rest.removeFirst()
                text.append(escaped)
            } else {
                text.append(scalar)
            }
        }
        return String(text)
    }

    /// For a field of comma-separated values (RFC 4180). A field with a space at either end is quoted too.
    public static func csv(_ text: String) -> String {
        var (text, csv) = (text, [UInt8]())
        text.withUTF8 { self.csv($0, to: &csv) }
        return String(decoding: csv, as: UTF8.self)
    }

    /// The same for a field in UTF-8, which is appended to a line.
    public static func csv(_ text: UnsafeBufferPointer<UInt8>, to csv: inout [UInt8]) {
        let (quote, space) = (UInt8(ascii: "\""), UInt8(ascii: " "))
        let isQuoted = text.contains { byte in
            switch byte {
            case quote, UInt8(ascii: ","), UInt8(ascii: "\r"), UInt8(ascii: "\n"): true
            default: false
            }
        }
        guard isQuoted || text.first == space || text.last == space else { return csv.append(contentsOf: text) }
        csv.append(quote)
        for byte in text {
            if byte == quote { csv.append(quote) }
            csv.append(byte)
        }
        csv.append(quote)
    }

    /// For JSON that may be shown on a terminal: the same value, with each ``isDangerous(_:)`` character as `\uXXXX`.
    public static func json(_ text: [UInt8]) -> [UInt8] {
        guard text.contains(where: { $0 >= 0x7F }) else { return text }
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            if scalar.value >= 0x7F, isDangerous(scalar) {
                for unit in UTF16.encode(scalar) ?? .init() {
                    let digits = String(unit, radix: 16)
                    result.append(
                        contentsOf: "\\u\(String(repeating: "0", count: 4 - digits.utf8.count))\(digits)".utf8)
                }
            } else {
                result.append(contentsOf: UTF8.encode(scalar) ?? .init())
            }
        }
        return result
    }

    /// Whether the character can control a terminal or is invisible: controls, format characters (bidirectional
    /// marks, zero-width characters, tags), line and paragraph separators, and private-use characters.
    public static func isDangerous(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x7F { return scalar.value < 0x20 }
        // Noncharacters (Unicode, section 23.7).
        if scalar.value & 0xFFFE == 0xFFFE || (0xFDD0...0xFDEF).contains(scalar.value) { return true }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: return true
        default: return false
        }
    }
}
