import Foundation
import TestSupport

/// A bash that runs the commands of the documents: on a terminal of 80 columns, in a fresh home, in a folder with the
/// repository's examples.
///
/// The documents say port 8080 and the home `/home/ada`. Here the daemon gets another free port of four digits, and the
/// home is a temporary folder; both are replaced in commands and in what is shown.
final class SampleShell {
    private let home = TemporaryFolder()
    /// The file from which bash reads the next command.
    private let commands = TemporaryFolder()
    private let terminal: PseudoTerminal
    private let port: UInt16
    private static let end = "<end of the command>"

    init() throws {
        port = try LoopbackSocket.freePort(in: 2000...9999)
        let clone = home.path + "/libraryd"
        try FileManager.default.createDirectory(atPath: clone, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: Program.repository + "/examples", toPath: clone + "/examples")
        // Enter starts the next command, so that bash reads nothing that a command may read.
        let loop = """
            trap 'kill $(jobs -p) 2> /dev/null; wait' EXIT
            while IFS= read -r; do (exit $code); . \(commands.path)/next; code=$?; printf '\(Self.end)%s\\n' $code; done
            """
        terminal = try PseudoTerminal(
            "/usr/bin/env", ["-C", clone, "/bin/bash", "-c", loop],
            environment: [
                "HOME": home.path, "LIBRARYD_LISTEN": "127.0.0.1:\(port)",
                "LIBCTL_SERVER": "http://127.0.0.1:\(port)", "code": "0",
            ])
    }

    /// Runs commands in one shell, in their order.
    static func faults(in samples: [ConsoleSample]) async throws -> [WrongSample] {
        let shell = try SampleShell()
        var faults: [WrongSample] = []
        for (index, sample) in samples.enumerated() {
            do {
                let (shown, code) = try await shell.run(sample)
                if !sample.matches(shown) {
                    faults.append(WrongSample(sample: sample, shown: shown, reason: "prints:"))
                }
                let saysCode = index + 1 < samples.count && samples[index + 1].command.hasPrefix("echo $?")
                if code != 0, !saysCode {
                    let reason = "ends with \(code), and the document does not say so"
                    faults.append(WrongSample(sample: sample, shown: nil, reason: reason))
                }
            } catch let missing as Missing {
                // Later commands would answer this one's questions.
                return faults + [WrongSample(sample: sample, shown: nil, reason: "does not end: \(missing)")]
            }
        }
        try await shell.end()
        return faults
    }

    /// Runs a command to its end. Returns what the terminal shows of it, and its exit code.
    func run(_ sample: ConsoleSample) async throws -> (shown: String, code: Int32) {
        let command = sample.command.replacingOccurrences(of: ":8080", with: ":\(port)") + "\n"
        try Data(command.utf8).write(to: URL(fileURLWithPath: commands.path + "/next"))
        terminal.send("\r")
        // The terminal shows the line end that was typed.
        try await terminal.wait(for: "\r\n")
        var text = ""
        for (prompt, keys) in sample.answers {
            text += try await terminal.wait(for: prompt)
            terminal.send(keys)
        }
        text += try await terminal.wait(for: Self.end)
        let code = try await terminal.wait(for: "\r\n").trimmingCharacters(in: .whitespacesAndNewlines)
        text = text.replacingOccurrences(of: Self.end, with: "")
        if sample.isInBackground {
            for line in sample.expected where !text.contains(placed(line)) {
                text += try await terminal.wait(for: placed(line) + "\r\n")
            }
        }
        let shown = Self.shown(text).replacingOccurrences(of: ":\(port)", with: ":8080")
            .replacingOccurrences(of: home.path, with: "/home/ada")
        return (shown, try require(Int32(code), "an exit code in '\(code)'"))
    }

    /// Ends bash and what it started.
    func end() async throws {
        terminal.send("\u{4}")
        _ = try await terminal.end()
    }

    private func placed(_ line: String) -> String { line.replacingOccurrences(of: ":8080", with: ":\(port)") }

    /// The lines that a terminal shows: a carriage return overwrites, `ESC [ K` erases to the end of the line, other
    /// sequences set colours (ECMA-48). Without spaces at the ends of lines, and without the last line end.
    static func shown(_ text: String) -> String {
        var lines: [String] = []
        var cells = String.UnicodeScalarView()
        var column = 0
        func endLine() {
            while cells.last == " " { cells.removeLast() }
            lines.append(String(cells))
            (cells, column) = (String.UnicodeScalarView(), 0)
        }
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\n": endLine()
            case "\r": column = 0
            case "\u{1B}" where rest.first == "[":
                let sequence = rest.prefix { !$0.properties.isAlphabetic }
                rest = rest.dropFirst(sequence.count)
                if rest.popFirst() == "K" { cells = String.UnicodeScalarView(cells.prefix(column)) }
            default:
                if column < cells.count {
                    let place = cells.index(cells.startIndex, offsetBy: column)
                    cells.replaceSubrange(place...place, with: [scalar])
                } else {
                    cells.append(scalar)
                }
                column += 1
            }
        }
        if !cells.isEmpty { endLine() }
        return lines.joined(separator: "\n")
    }
}
