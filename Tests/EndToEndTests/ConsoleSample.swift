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

    /// The blocks of a text.
    static func all(in text: String, file: String) throws -> [CodeBlock] {
        var blocks: [CodeBlock] = []
        var open: (line: Int, language: String, lines: [String])?
        for (index, line) in text.components(separatedBy: "\n").enumerated() {
            let isFence = line.hasPrefix("```")
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
    /// File and line of the command.
    let place: String
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
            ConsoleSample(place: "\(block.file):\(line)", command: command, expected: expected)
        }
    }

    /// Whether the lines are what the document says.
    func matches(_ shown: String) -> Bool {
        let pattern = expected.map { line in
            line == "…"
                ? "([^\n]*\n)*"
                : line.components(separatedBy: "…").map(NSRegularExpression.escapedPattern(for:)).joined(
                    separator: "[^\n]*") + "\n"
        }.joined()
        let text = shown.isEmpty ? "" : shown + "\n"
        return text.range(of: "^\(pattern)$", options: .regularExpression) == text.startIndex..<text.endIndex
    }
}
