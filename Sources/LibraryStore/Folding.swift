// Decomposition without Foundation, as in StoredText.
@_spi(_Unicode) import Swift

/// How texts are compared in sorted lists and in the search: without regard to case, accents and width, and as people
/// spell the letters that Unicode does not decompose (`ø` as `o`, `ß` as `ss`).
///
/// The results are stored, in columns for the orders and in the search index, so a change of these rules needs a
/// migration. Unicode promises that the decomposition of an assigned character never changes
/// (https://www.unicode.org/policies/stability_policy.html).
package enum Folding {
    /// The text by which lists are sorted, in the order of its bytes. Folding a key returns the key.
    package static func key(_ text: String) -> String {
        var text = text
        if let plain = text.withUTF8({ asciiKey($0) }) { return plain }
        var folded = String.UnicodeScalarView()
        var base: Unicode.Scalar?
        for scalar in text._nfd {
            if isAccent(scalar) {
                // й and ў are letters of their own, not и and у with an accent.
                guard scalar == "\u{306}", base == "и" || base == "у" else { continue }
                folded.append(scalar)
            } else if let letters = spelling(of: scalar) {
                folded.append(contentsOf: letters.unicodeScalars)
            } else if scalar.properties.changesWhenLowercased {
                folded.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
            } else {
                folded.append(scalar)
            }
            base = folded.last
        }
        return String(String.UnicodeScalarView(String(folded)._nfc))
    }

    /// ``key(_:)``, or `nil` where it is the text with its ASCII letters in lower case, as SQLite's `lower()` makes it
    /// (https://www.sqlite.org/lang_corefunc.html#lower).
    static func keyUnlessLower(_ text: String) -> String? {
        let isPlain = text.utf8.allSatisfy { (1..<0x80).contains($0) }
        if isPlain { return nil }
        let key = key(text)
        // A function of SQL takes a text up to its first NUL.
        let isLower = key.utf8.elementsEqual(text.utf8.lazy.map(lower)) && !text.utf8.contains(0)
        return isLower ? nil : key
    }

    private static func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

    /// `nil` unless all bytes are ASCII.
    private static func asciiKey(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        guard bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
        return String(unsafeUninitializedCapacity: bytes.count) { target in
            for (index, byte) in bytes.enumerated() { target[index] = lower(byte) }
            return bytes.count
        }
    }

    /// The words of a text for the search: runs of letters, digits and their marks; in scripts that put no space
    /// between words, each character. A part of such a text is a phrase of these words.
    package static func words(_ text: String) -> [Substring] {
        let key = key(text)
        var words: [Substring] = []
        var start: String.Index?
        func end(at index: String.Index) {
            if let first = start { words.append(key[first..<index]) }
            start = nil
        }
        let scalars = key.unicodeScalars
        var index = scalars.startIndex
        while index < scalars.endIndex {
            let next = scalars.index(after: index)
            switch kind(of: scalars[index]) {
            case .other: end(at: index)
            case .word: start = start ?? index
            case .alone:
                end(at: index)
                words.append(key[index..<next])
            }
            index = next
        }
        end(at: scalars.endIndex)
        return words
    }

    /// The ``words(_:)`` of a text, each behind the prefix and separated by spaces; `nil` unless all of it is ASCII.
    /// - Parameter prefix: ASCII.
    static func asciiWords(_ text: String, prefix: String) -> String? {
        var (text, prefix) = (text, prefix)
        return text.withUTF8 { text in
            guard text.allSatisfy({ $0 < 0x80 }) else { return nil }
            return prefix.withUTF8 { prefix in
                // No more words than every other byte.
                let capacity = text.count + (text.count + 1) / 2 * (prefix.count + 1)
                return String(unsafeUninitializedCapacity: capacity) { target in
                    var (end, isInWord) = (0, false)
                    func append(_ byte: UInt8) {
                        target[end] = byte
                        end += 1
                    }
                    for byte in text {
                        let folded = lower(byte)
                        guard isWord(folded) else {
                            isInWord = false
                            continue
                        }
                        if !isInWord {
                            if end > 0 { append(UInt8(ascii: " ")) }
                            for byte in prefix { append(byte) }
                            isInWord = true
                        }
                        append(folded)
                    }
                    return end
                }
            }
        }
    }

    /// Whether a byte of ASCII is a digit or a small letter.
    private static func isWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
    }

    private enum Kind { case word, alone, other }

    private static func kind(of scalar: Unicode.Scalar) -> Kind {
        if scalar.isASCII { return isWord(UInt8(scalar.value)) ? .word : .other }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber, .privateUse:
            return unspaced.contains { $0.contains(scalar.value) } ? .alone : .word
        default: return .other
        }
    }

    /// The combining marks that Latin, Greek and Cyrillic letters are decomposed into, and those that are put on
    /// letters of any script; no vowel signs of other scripts.
    private static func isAccent(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x300...0x36F, 0x1AB0...0x1AFF, 0x1DC0...0x1DFF, 0x20D0...0x20FF, 0xFE20...0xFE2F: true
        default: false
        }
    }

    /// Blocks (https://www.unicode.org/Public/UNIDATA/Blocks.txt) of the scripts without spaces, and of Hangul, whose
    /// words are searched by their parts too.
    private static let unspaced: [ClosedRange<UInt32>] = [
        0x0E00...0x0EFF,  // Thai, Lao
        0x1000...0x109F,  // Myanmar
        0x1780...0x17FF,  // Khmer
        0x2E80...0x2FDF,  // radicals
        0x3005...0x3007, 0x3021...0x3029, 0x3031...0x30FF,  // signs, Hiragana, Katakana
        0x3100...0x318F, 0x31A0...0x31BF, 0x31F0...0x31FF,  // Bopomofo, Hangul letters, Katakana extensions
        0x3400...0x4DBF, 0x4E00...0x9FFF,  // Han
        0xA000...0xA4CF,  // Yi
        0xAC00...0xD7FF,  // Hangul
        0xF900...0xFAFF, 0x1AFF0...0x1B16F, 0x20000...0x3FFFF,  // Han and kana beyond
    ]

    /// How a letter that has no decomposition is spelled without it.
    private static func spelling(of scalar: Unicode.Scalar) -> String? {
        switch scalar.value {
        // Of full width, as in Chinese and Japanese texts.
        case 0xFF01...0xFF5E: Unicode.Scalar(scalar.value - 0xFEE0)?.properties.lowercaseMapping
        case 0xC6...0x2AF, 0x3C2, 0x1E9C...0x1E9E, 0x2C65...0x2C66, 0xFB00...0xFB06: spellings[scalar]
        default: nil
        }
    }

    private static let spellings: [Unicode.Scalar: String] = [
        "Æ": "ae", "æ": "ae", "Ð": "d", "ð": "d", "Ø": "o", "ø": "o", "Þ": "th", "þ": "th", "ß": "ss", "ẞ": "ss",
        "Đ": "d", "đ": "d", "Ħ": "h", "ħ": "h", "ı": "i", "Ĳ": "ij", "ĳ": "ij", "ĸ": "k", "Ŀ": "l", "ŀ": "l",
        "Ł": "l", "ł": "l", "ŉ": "n", "Ŋ": "n", "ŋ": "n", "Œ": "oe", "œ": "oe", "Ŧ": "t", "ŧ": "t", "ſ": "s",
        "ƀ": "b", "Ɓ": "b", "ɓ": "b", "Ƈ": "c", "ƈ": "c", "Ɖ": "d", "ɖ": "d", "Ɗ": "d", "ɗ": "d", "Ƒ": "f",
        "ƒ": "f", "Ɠ": "g", "ɠ": "g", "Ɨ": "i", "ɨ": "i", "Ƙ": "k", "ƙ": "k", "ƚ": "l", "Ɲ": "n", "ɲ": "n",
        "Ƞ": "n", "ƞ": "n", "Ƥ": "p", "ƥ": "p", "ƫ": "t", "Ƭ": "t", "ƭ": "t", "Ʈ": "t", "ʈ": "t", "Ʋ": "v", "ʋ": "v",
        "Ƴ": "y", "ƴ": "y", "Ƶ": "z", "ƶ": "z", "Ǆ": "dz", "ǅ": "dz", "ǆ": "dz", "Ǉ": "lj", "ǈ": "lj", "ǉ": "lj",
        "Ǌ": "nj", "ǋ": "nj", "ǌ": "nj", "Ǥ": "g", "ǥ": "g", "Ǳ": "dz", "ǲ": "dz", "ǳ": "dz", "Ȥ": "z", "ȥ": "z",
        "Ⱥ": "a", "ⱥ": "a", "Ȼ": "c", "ȼ": "c", "Ƚ": "l", "Ⱦ": "t", "ⱦ": "t", "Ƀ": "b", "Ʉ": "u", "ʉ": "u",
        "Ɇ": "e", "ɇ": "e", "Ɉ": "j", "ɉ": "j", "Ɍ": "r", "ɍ": "r", "Ɏ": "y", "ɏ": "y", "ȷ": "j", "Ɔ": "o", "ɔ": "o",
        "Ǝ": "e", "ǝ": "e", "Ə": "e", "ə": "e", "Ɛ": "e", "ɛ": "e", "ς": "σ", "ẜ": "s", "ẝ": "s",
        "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st",
    ]
}
