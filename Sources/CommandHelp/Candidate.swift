/// A word to complete to, with a description.
package struct Candidate: Sendable, Equatable {
    package let word: String
    package let meaning: String

    package init(_ word: String, _ meaning: String = "") {
        self.word = word
        self.meaning = meaning
    }

    /// Reads a candidate in the form of ``line``.
    package init(line: some StringProtocol) {
        let parts = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
        self.init(String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
    }

    /// Word and meaning, separated by a tab: what a custom completion of the argument parser returns, and what fish
    /// expects.
    package var line: String { "\(word)\t\(meaning)" }

    /// The form that the script for the shell expects, on one line.
    /// - Parameters:
    ///   - head: what stands before the value in the same word, such as `--output=`.
    ///   - quote: the quotation mark with which the user has begun the word.
    ///   - isListing: whether bash only lists the candidates and inserts none of them.
    package func text(for shell: Shell, head: String, quote: Character?, isListing: Bool) -> String? {
        switch shell {
        case .zsh:
            // `_describe` ends the word at a colon, and removes a backslash in the description.
            return [(head + word).replacing(":", with: "\\:"), meaning.replacing("\\", with: "\\\\")]
                .filter { !$0.isEmpty }.joined(separator: ":")
        case .fish: return head + line
        case .bash:
            if isListing, !meaning.isEmpty { return "\(head)\(word)  (\(meaning))" }
            guard quote != nil else { return head + Self.escaped(word) }
            // Within quotation marks a word is offered only if none of its characters is special there.
            return word.contains { "'\"\\$`!".contains($0) } ? nil : head + word
        }
    }

    /// Escaped for bash, which inserts the candidate as it is.
    private static func escaped(_ word: String) -> String {
        String(
            word.flatMap { character -> [Character] in
                let isPlain = character.isLetter || character.isNumber || "._-+:,@/=%".contains(character)
                return isPlain ? [character] : ["\\", character]
            })
    }

    package enum Shell: String, Sendable {
        case bash, zsh, fish
    }
}
