import LibraryStore

/// The words of a search, as `tsvector` and `tsquery` (PostgreSQL documentation, section 8.11).
///
/// The words are those of ``Folding/words(_:)``, as in SQLite. Each has its owner before it, so that a search walks
/// through the words of one owner only, and a mark of its text: `7/wolf` is in a name, `7:wolf` in a book. So a phrase
/// does not go from one text to the other, and no word has more than 200 positions: beyond 256, `tsvector` drops them
/// (section 12.11).
enum Words {
    private static let marks: (name: Character, book: Character) = ("/", ":")

    /// A literal of `tsvector`.
    static func vector(name: String, book: String, owner: Int64) -> String {
        var vector = ""
        for (text, mark) in [(name, marks.name), (book, marks.book)] {
            for (index, word) in Folding.words(text).enumerated() {
                if !vector.isEmpty { vector += " " }
                vector += lexeme(word, mark, owner)
                vector += ":\(index + 1)"
            }
        }
        return vector
    }

    /// A literal of `tsquery` for authors whose name or book has each phrase; the last word of each may be a beginning.
    /// - Returns: `nil` if there is no phrase: no author can match.
    static func query(_ phrases: [[Substring]], owner: Int64) -> String? {
        var parts: [String] = []
        for phrase in phrases {
            let texts = [marks.name, marks.book].map { mark in
                phrase.map { lexeme($0, mark, owner) }.joined(separator: " <-> ") + ":*"
            }
            let part = "(" + texts.joined(separator: " | ") + ")"
            // The server would walk through the words again.
            if !parts.contains(where: { $0.utf8.elementsEqual(part.utf8) }) { parts.append(part) }
        }
        return parts.isEmpty ? nil : parts.joined(separator: " & ")
    }

    /// A quoted lexeme.
    private static func lexeme(_ word: Substring, _ mark: Character, _ owner: Int64) -> String {
        var quoted = "'\(owner)\(mark)"
        for scalar in word.unicodeScalars {
            if scalar == "'" || scalar == "\\" { quoted.unicodeScalars.append(scalar) }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "'"
    }
}
