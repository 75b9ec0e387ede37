/// How many columns of a terminal a text takes, by the rules of wcwidth(3).
public enum DisplayWidth {
    public static func of(_ text: String) -> Int {
        text.reduce(0) { $0 + width(of: $1) }
    }

    /// The text, or its beginning and an ellipsis, in at most so many columns.
    public static func shortened(_ text: String, to columns: Int) -> String {
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

    /// The text in lines of at most so many columns, broken at spaces, and within words that are longer than a line.
    public static func lines(_ text: String, of columns: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        var used = 0
        func breakLine() {
            lines.append(line)
            (line, used) = ("", 0)
        }
        for (index, word) in text.split(separator: " ", omittingEmptySubsequences: false).enumerated() {
            if index > 0, used + 1 + of(String(word)) > columns {
                breakLine()
            } else if index > 0 {
                line += " "
                used += 1
            }
            for character in word {
                let width = width(of: character)
                if used > 0, used + width > columns { breakLine() }
                line.append(character)
                used += width
            }
        }
        return lines + [line]
    }

    /// The sum of the widths of the scalars, because a terminal shows each spacing mark (Devanagari, Thai) in a column
    /// of its own; but emoji that form one picture (joined by U+200D, or with a skin tone) are as wide as the first.
    private static func width(of character: Character) -> Int {
        var sum = 0
        var isJoined = false
        for scalar in character.unicodeScalars {
            switch scalar {
            case "\u{FE0F}" where sum == 1: sum = 2
            case "\u{1F3FB}"..."\u{1F3FF}" where sum > 0: break
            default: if !(isJoined && scalar.properties.isEmoji) { sum += width(of: scalar) }
            }
            isJoined = scalar == "\u{200D}"
        }
        return sum
    }

    /// Wide East Asian characters and emoji take two columns, combining marks none (UAX #11).
    private static func width(of scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case 0x20...0x7E: return 1
        // Vowels and final consonants of Hangul, which are shown within the syllable.
        case 0x1160...0x11FF, 0xD7B0...0xD7FB: return 0
        // One half of a flag.
        case 0x1F1E6...0x1F1FF: return 1
        case 0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3,
            0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18D08,
            0x1AFF0...0x1B2FB, 0x1F200...0x1F265, 0x20000...0x3FFFD:
            return isZeroWidth(scalar) ? 0 : 2
        default:
            if scalar.properties.isEmojiPresentation { return 2 }
            return isZeroWidth(scalar) ? 0 : 1
        }
    }

    private static func isZeroWidth(_ scalar: Unicode.Scalar) -> Bool {
        [.nonspacingMark, .enclosingMark, .format].contains(scalar.properties.generalCategory)
    }
}
