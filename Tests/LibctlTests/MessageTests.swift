import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

/// The messages of `libctl`, in `messages.txt`: command lines with what they print on standard error and their exit
/// codes, in the order in which they run in one library. `RECORD_MESSAGES=1 swift test --filter MessageTests` writes
/// the file anew.
@Suite(.serialized) struct MessageTests {
    private static let path = Program.repository + "/Tests/LibctlTests/messages.txt"

    /// Runs a line such as `NAME=value libctl authors show 'a b' < input text`.
    private static func run(_ line: String, _ ctl: Ctl) async throws -> Ctl.Result {
        let parts = line.components(separatedBy: " < ")
        var words = try shellWords(parts[0])
        var ctl = ctl
        while let word = words.first, word != "libctl" {
            let pair = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            ctl.environment[pair[0]] = pair.count > 1 ? pair[1] : ""
            words.removeFirst()
        }
        let input = parts.count > 1 ? parts[1].replacing("\\n", with: "\n") : ""
        return try await ctl.run(Array(words.dropFirst()), input: Array(input.utf8))
    }

    private static func shellWords(_ line: String) throws -> [String] {
        var (words, word, isQuoted) = ([String](), String?.none, false)
        for character in line {
            switch character {
            case "'": (isQuoted, word) = (!isQuoted, word ?? "")
            case " " where !isQuoted:
                if let word { words.append(word) }
                word = nil
            default: word = (word ?? "") + String(character)
            }
        }
        try #require(!isQuoted, "\(line)")
        return words + (word.map { [$0] } ?? [])
    }

    @Test func everyMessageIsThatOfTheFile() async throws {
        let lines = try String(contentsOfFile: Self.path, encoding: .utf8).components(separatedBy: "\n")
        var ctl = Ctl(try await TestLibrary())
        ctl.environment["TMPDIR"] = ctl.home.path
        var recorded: [String] = []
        var index = 0
        while index < lines.count {
            let line = lines[index]
            recorded.append(line)
            index += 1
            guard line.hasPrefix("$ ") else { continue }
            let end = lines[index...].firstIndex(of: "") ?? lines.count
            let result = try await Self.run(String(line.dropFirst(2)), ctl)
            let error = result.error.replacing(ctl.home.path, with: "HOME")
                .replacing(/search for [0-9a-f]+/, with: "search for ID").replacing(/in [0-9]+ s/, with: "in N s")
            var printed = error.split(separator: "\n").map(String.init)
            if result.code != 0 { printed.append("exit \(result.code)") }
            #expect(printed == Array(lines[index..<end]), "\(line)")
            Self.checkStyle(result, line)
            recorded += printed
            index = end
        }
        #expect(recorded.count { $0.hasPrefix("$ ") } > 150)
        if ProcessInfo.processInfo.environment["RECORD_MESSAGES"] != nil {
            try recorded.joined(separator: "\n").write(toFile: Self.path, atomically: true, encoding: .utf8)
        }
    }

    /// Lower case, no full stop, one line and one hint.
    private static func checkStyle(_ result: Ctl.Result, _ line: String) {
        // The other failures are JSON.
        guard result.code != 0, !result.error.hasPrefix("{") else { return }
        for text in result.error.split(separator: "\n") {
            #expect(!text.hasSuffix(".") || text.hasSuffix("..."), "\(line)")
            #expect(!text.contains("\\u{"), "\(line)")
            #expect(CommandError.plain(reason(of: text)) == reason(of: text), "\(line): \(text)")
        }
    }

    /// The text behind `hint:`, or behind `libctl: COMMAND:`; any other line whole.
    private static func reason(of text: Substring) -> String {
        if text.hasPrefix("  hint: ") { return String(text.dropFirst(8)) }
        guard text.hasPrefix("libctl: "), let colon = text.dropFirst(8).firstIndex(of: ":") else { return String(text) }
        return String(text[colon...].dropFirst(2))
    }

    /// Messages that need a terminal, a broken disk or a strange server; other tests provoke them.
    private static let elsewhere = [
        "the two passwords differ", "there was no answer", "what was typed is not valid UTF-8",
        "nobody reads the output", "the output could not be written", "the pager could not be started",
        "libcurl.so.4 is missing", "is too large", "did not answer in time", "the reply from", "is not trusted",
        "has no certificates", "does not speak TLS", "has a line of more than 1 MiB", "what answers at",
        "no libraryd answers at", "another process", "is not a regular file", "can be read by others",
        "is not a folder",
        "nobody reads from", "a new token could not be kept", "the login of", "is damaged",
        "the input could not be read",
        "the input is larger than 64 MiB", "is longer than", "neither XDG_CONFIG_HOME nor HOME",
        "may not be read by you",
        "the list does not go on", "is not valid UTF-8", "cannot be stored, so none was",
        "the file is too large for one request", "--rejects names the file that is imported",
        "a new token is valid for", "is a ", "is not a list of authors", "the reply",
        "logins have ids that begin with", "of the file have no whole line", "interrupted: ", "ends each connection",
        "the gzip data ends too early", "zlib cannot be used", "the results and the rejects cannot both",
        "1 author matches", "authors match", "is not a field", "the rejects of JSON are NDJSON",
        "must be a string", "; nothing was undone", "is not a JSON object", "there is no user", "the token has expired",
        "systemError()",
    ]

    /// Each message in the sources is in the file, or provoked by another test.
    @Test func noMessageIsMissing() throws {
        let file = try String(contentsOfFile: Self.path, encoding: .utf8)
        let folder = Program.repository + "/Sources/libctl"
        var count = 0
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder) where name.hasSuffix(".swift") {
            let source = try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
            for match in source.matches(of: /CommandError\(\s*(?:\.\w+|exit|given\.status),\s*"((?:[^"\\]|\\.)*)"/) {
                count += 1
                // The longest part without an interpolation.
                let text = String(match.output.1)
                let parts = text.replacing(/\\\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)/, with: "\u{0}")
                    .split(separator: "\u{0}").map { $0.trimmingCharacters(in: .whitespaces) }
                guard let longest = parts.max(by: { $0.count < $1.count }), longest.count > 3 else { continue }
                let isKnown = file.contains(longest) || Self.elsewhere.contains { text.contains($0) }
                #expect(isKnown, "\(name): \(text)")
                #expect(CommandError.plain(text) == text, "\(name): \(text)")
            }
            #expect(!source.contains("ValidationError("), "\(name): CommandError has a hint")
        }
        #expect(count > 60)
    }
}
