import ArgumentParser

extension CommandConfiguration {
    /// A command that runs, with examples at the end of its help: command lines that can be run unchanged.
    init(_ name: String, _ abstract: String, discussion: String = "", examples: String...) {
        let parts = [discussion, "Examples:\n" + examples.map { "  libctl \($0)" }.joined(separator: "\n")]
        self.init(
            commandName: name, abstract: abstract,
            discussion: parts.filter { !$0.isEmpty }.joined(separator: "\n\n"))
    }
}
