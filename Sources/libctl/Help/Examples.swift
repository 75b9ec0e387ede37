import ArgumentParser

extension CommandConfiguration {
    /// A command that runs, with examples at the end of its help: command lines that can be run unchanged. A line is
    /// at most 80 columns long, because the argument parser would break it; a longer example is continued with a
    /// backslash.
    /// - Parameter showsRecords: whether the command prints records, so that `--output` and `--fields` have an effect.
    init(
        _ name: String, _ abstract: String, discussion: String = "", showsRecords: Bool = true, examples: String...
    ) {
        let parts = [
            discussion, "Examples:\n" + examples.map { "  libctl \($0)" }.joined(separator: "\n"),
            showsRecords ? Self.recordFooter : Self.footer,
        ]
        self.init(
            commandName: name, abstract: abstract,
            discussion: parts.filter { !$0.isEmpty }.joined(separator: "\n\n"))
    }

    /// What stands at the end of the help of each command. The manual page has all options in a section of its own.
    static let footer = "Options of every command, such as --server: libctl help options"
    static let recordFooter = "Formats and fields (-o, --json, --fields): libctl help output\n" + footer
}
