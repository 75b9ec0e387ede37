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

    /// Defaults that are told twice of one option.
    public static func repeatedDefaults(_ help: String) -> [String] {
        let words = help.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        return words.matches(of: /(\(default: [^)]*\)) \1/).map { String($0.output.1) }
    }

    /// The lines of a discussion that the argument parser breaks although they are to be copied, and the lines that
    /// end in the middle of a paragraph, which it breaks twice.
    public static func brokenLines(_ discussion: String) -> [String] {
        let lines = discussion.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.indices.filter { index in
            let (line, next) = (lines[index], index + 1 < lines.count ? lines[index + 1] : "")
            guard !line.hasPrefix(" ") else { return line.count > 80 }
            return !line.isEmpty && !line.hasSuffix(":") && !next.isEmpty && !next.hasPrefix(" ")
                && !line.hasSuffix("libctl help output")
        }.map { String(lines[$0]) }
    }
}
