import Shared

/// The `Accept` of a request (RFC 9110, section 12.5.1).
struct AcceptField {
    private struct MediaRange {
        /// Type and subtype in lower case; either may be `*`; as ``MediaType/known(_:)`` names them.
        let name: String
        /// In thousandths.
        let weight: Int

        /// How exactly the range names the type: 0 for `*/*`, 2 for the type itself; `nil` for another type.
        func precision(for type: String) -> Int? {
            if name == type { return 2 }
            if name == "*/*" { return 0 }
            let prefix = type.prefix { $0 != "/" } + "/"
            return name == prefix + "*" ? 1 : nil
        }
    }

    private let ranges: [MediaRange]

    /// - Parameter fields: the values of all fields of that name.
    init(_ fields: [String]) {
        ranges = fields.flatMap { $0.split(separator: ",") }.map { range in
            let parts = range.split(separator: ";", omittingEmptySubsequences: false).map(Self.trimmed)
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Self.thousandths($0.dropFirst(2)) }
            return MediaRange(name: MediaType.known(parts[0]), weight: weight ?? 1000)
        }
    }

    /// The type that the client likes best: the one of the greatest weight; of several, the one that is named most
    /// exactly, then the one that is named first, then the first of `types`. If the client names none of the types, it
    /// gets the first one all the same (section 12.4.1).
    /// - Returns: `nil` if the client refuses every type that it names, with a weight of 0.
    func best(of types: [String]) -> String? {
        guard !ranges.isEmpty else { return types.first }
        var best: (rank: [Int], type: String)?
        var isFirstRefused = false
        for type in types {
            let matching = ranges.enumerated().compactMap { place, range in
                range.precision(for: type).map { (precision: $0, place: place, weight: range.weight) }
            }
            // The most exact range has the say, so `*/*` does not bring back what `text/csv;q=0` refuses.
            guard let range = matching.max(by: { ($0.precision, -$0.place) < ($1.precision, -$1.place) }) else {
                continue
            }
            guard range.weight > 0 else {
                isFirstRefused = isFirstRefused || type == types.first
                continue
            }
            let rank = [range.weight, range.precision, -range.place]
            if best.map({ $0.rank.lexicographicallyPrecedes(rank) }) ?? true { best = (rank, type) }
        }
        return best?.type ?? (isFirstRefused ? nil : types.first)
    }

    private static func trimmed(_ part: Substring) -> String {
        part.filter { $0 != " " && $0 != "\t" }.lowercased()
    }

    /// A weight, with up to three digits after the point (section 12.4.2); 1 for what is no weight.
    private static func thousandths(_ text: Substring) -> Int {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let decimals = parts.count > 1 ? String(parts[1]) : ""
        let digits = decimals + String(repeating: "0", count: max(0, 3 - decimals.utf8.count))
        guard let whole = Int64(decimal: parts[0]), whole == 0, digits.utf8.count == 3,
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits)
        else { return 1000 }
        return number
    }
}
