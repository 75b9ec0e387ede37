/// How many columns of a terminal a text takes.
enum DisplayWidth {
    /// Wide East Asian characters and emoji take two, combining marks none (UAX #11).
    static func of(_ text: String) -> Int {
        text.reduce(0) { $0 + width(of: $1) }
    }

    /// The text, or its beginning and an ellipsis, in at most so many columns.
    static func shortened(_ text: String, to columns: Int) -> String {
        guard of(text) > columns else { return text }
        var result = ""
        var left = columns - 1
        for character in text {
            left -= width(of: character)
            guard left >= 0 else { break }
            result.append(character)
        }
        return result + "…"
    }

    private static func width(of character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        if first.properties.isEmojiPresentation || character.unicodeScalars.contains("\u{FE0F}") { return 2 }
        switch first.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
            return 2
        default:
            return first.properties.generalCategory == .nonspacingMark ? 0 : 1
        }
    }
}
