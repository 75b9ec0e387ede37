/// The candidate that is most similar to a misspelled `word`; `nil` if none is similar enough.
///
/// Similarity is the Levenshtein distance between the first 64 UTF-8 bytes of both, without regard to the case of
/// `word`. A candidate is similar enough at a distance of at most a third of the word's length, or 1.
public func closest(to word: String, among candidates: some Sequence<String>) -> String? {
    let word = Array(word.lowercased().utf8.prefix(64))
    let limit = max(1, word.count / 3)
    var best: (distance: Int, candidate: String)?
    for candidate in candidates.sorted() {
        let distance = editDistance(word, Array(candidate.utf8.prefix(64)))
        if distance <= limit, distance < best?.distance ?? .max { best = (distance, candidate) }
    }
    return best?.candidate
}

private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var row = Array(0...right.count)
    for (i, leftByte) in left.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, rightByte) in right.enumerated() {
            let above = row[j + 1]
            row[j + 1] = min(above + 1, row[j] + 1, diagonal + (leftByte == rightByte ? 0 : 1))
            diagonal = above
        }
    }
    return row[right.count]
}
