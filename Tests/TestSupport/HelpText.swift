/// Reads the output of `--help`.
public enum HelpText {
    /// The arguments and options that are listed without a description.
    public static func silentArguments(_ help: String) -> [String] {
        let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.indices.filter { index in
            let line = lines[index]
            guard line.hasPrefix("  -") || line.hasPrefix("  <") else { return false }
            let hasWordsBeside = line.dropFirst(2).contains("  ")
            let hasWordsBelow = index + 1 < lines.count && lines[index + 1].hasPrefix("          ")
            return !hasWordsBeside && !hasWordsBelow
        }.map { String(lines[$0]) }
    }
}
