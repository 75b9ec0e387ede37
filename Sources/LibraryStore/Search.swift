/// What a search for words finds.
package enum Search {
    /// Whether a search finds an author: each phrase is in one of the texts.
    /// - Parameter phrases: of ``phrases(_:)``.
    package static func finds(_ phrases: [[Substring]], in texts: [String]) -> Bool {
        guard !phrases.isEmpty else { return false }
        // A text is folded when it is needed for the first time: that is most of the work.
        var words: [[Substring]] = []
        return phrases.allSatisfy { phrase in
            texts.indices.contains { index in
                if index == words.count { words.append(Folding.words(texts[index])) }
                return has(words[index], phrase)
            }
        }
    }

    /// Whether the words of a phrase follow each other among the words of a text; the last one can be a beginning.
    private static func has(_ words: [Substring], _ phrase: [Substring]) -> Bool {
        guard let last = phrase.last, words.count >= phrase.count else { return false }
        return (0...words.count - phrase.count).contains { start in
            let part = words[start..<start + phrase.count]
            return zip(part.dropLast(), phrase).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
                && part.last?.utf8.starts(with: last.utf8) == true
        }
    }

    /// The words of each part of a search that is separated by white space from the others.
    package static func phrases(_ search: String) -> [[Substring]] {
        search.unicodeScalars
            .split { $0.properties.isWhitespace || $0.properties.generalCategory == .control }
            .map { Folding.words(String($0)) }.filter { !$0.isEmpty }
    }
}
