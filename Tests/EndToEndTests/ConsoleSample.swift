import Foundation
import TestSupport

/// A fenced block of a Markdown file.
struct CodeBlock: Sendable {
    /// Path in the repository.
    let file: String
    /// Line of the opening fence, from 1.
    let line: Int
    /// The word after the opening fence: `console`, `sh`, `json` …
    let language: String
    let lines: [String]

    /// The blocks of a file of this repository.
    static func all(in file: String) throws -> [CodeBlock] {
        try all(in: try String(contentsOfFile: Program.repository + "/" + file, encoding: .utf8), file: file)
    }

    /// The blocks of a text. A block without fences, only indented, has the language `indented`, which no test takes.
    static func all(in text: String, file: String) throws -> [CodeBlock] {
        var blocks: [CodeBlock] = []
        var open: (line: Int, language: String, lines: [String])?
        var previous = ""
        for (index, line) in text.components(separatedBy: "\n").enumerated() {
            defer { previous = line }
            let isFence = line.hasPrefix("```")
            if open == nil, previous.isEmpty, line.hasPrefix("    ") {
                blocks.append(CodeBlock(file: file, line: index + 1, language: "indented", lines: [line]))
            }
            if isFence, let block = open {
                blocks.append(CodeBlock(file: file, line: block.line, language: block.language, lines: block.lines))
                open = nil
            } else if isFence {
                open = (index + 1, String(line.dropFirst(3)), [])
            } else {
                open?.lines.append(line)
            }
        }
        guard open == nil else { throw Missing(what: "the end of the last block of \(file)") }
        return blocks
    }
}

/// A command of a `console` block and what it prints. CONTRIBUTING.md has the form.
struct ConsoleSample: Sendable {
    /// Path in the repository.
    let file: String
    /// Line of the command, from 1.
    let line: Int
    /// The command, over several lines where these end with a backslash.
    let command: String
    /// What the command prints on a terminal. `…` stands for any text; alone on a line, for any lines.
    let expected: [String]

    /// A command that ends with `&` prints while later commands run.
    var isInBackground: Bool { command.hasSuffix("&") }

    /// Keys that answer the prompts among the expected lines, in order.
    var answers: [(prompt: String, keys: String)] {
        expected.compactMap { line in
            if let question = line.range(of: "[y/N] ") {
                return (String(line[..<question.upperBound]), line[question.upperBound...] + "\r")
            }
            let isPassword = ["Password", "Again", "New password", "Enter host password"].contains {
                line.hasPrefix($0)
            }
            return isPassword && line.hasSuffix(":") ? (line, Self.password + "\r") : nil
        }
    }

    /// The password of all accounts in the documents.
    static let password = "correct horse battery staple"

    static func all(in block: CodeBlock) throws -> [ConsoleSample] {
        var samples: [(line: Int, command: String, expected: [String])] = []
        var continues = false
        for (index, line) in block.lines.enumerated() {
            if continues, let last = samples.indices.last {
                samples[last].command += "\n" + line
            } else if line.hasPrefix("$ ") {
                samples.append((block.line + 1 + index, String(line.dropFirst(2)), []))
            } else if let last = samples.indices.last {
                samples[last].expected.append(line)
                continue
            } else {
                throw Missing(what: "a line that begins with '$ ' at \(block.file):\(block.line)")
            }
            continues = line.hasSuffix("\\")
        }
        return samples.map { line, command, expected in
            ConsoleSample(file: block.file, line: line, command: command, expected: expected)
        }
    }

    /// Whether the lines are what the document says.
    func matches(_ shown: String) -> Bool {
        Self.pattern(expected, matches: shown.isEmpty ? "" : shown + "\n")
    }

    /// The expected lines, with what is shown instead of those that are wrong. `nil` if one stands for any lines.
    func corrected(_ shown: String) -> [String]? {
        guard !expected.contains("…") else { return nil }
        var rest = expected[...]
        return (shown.isEmpty ? [] : shown.components(separatedBy: "\n")).map { line in
            guard let index = rest.firstIndex(where: { Self.pattern([$0], matches: line + "\n") }) else { return line }
            defer { rest = rest[(index + 1)...] }
            return rest[index]
        }
    }

    private static func pattern(_ lines: [String], matches text: String) -> Bool {
        let pattern = lines.map { line in
            line == "…"
                ? "([^\n]*\n)*"
                : line.components(separatedBy: "…").map(NSRegularExpression.escapedPattern(for:)).joined(
                    separator: "[^\n]*") + "\n"
        }.joined()
        return text.range(of: "^\(pattern)$", options: .regularExpression) == text.startIndex..<text.endIndex
    }
}

/// A sample that is not as its document says.
struct WrongSample: CustomStringConvertible {
    let sample: ConsoleSample
    /// What the terminal shows, if the command came to its end.
    let shown: String?
    let reason: String

    var description: String {
        "\(sample.file):\(sample.line): \(sample.command)\n\(reason)\(shown.map { "\n" + $0 } ?? "")"
    }

    /// Writes what is shown into the documents.
    static func correct(_ faults: [WrongSample], in file: String) throws {
        let path = Program.repository + "/" + file
        var lines = try String(contentsOfFile: path, encoding: .utf8).components(separatedBy: "\n")
        for fault in faults.reversed() where fault.sample.file == file {
            guard let corrected = fault.shown.flatMap(fault.sample.corrected) else { continue }
            let start = fault.sample.line - 1 + fault.sample.command.components(separatedBy: "\n").count
            lines.replaceSubrange(start..<start + fault.sample.expected.count, with: corrected)
        }
        try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: path))
    }
}
