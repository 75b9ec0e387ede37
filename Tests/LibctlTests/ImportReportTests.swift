import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

/// What an import reports of the lines: on standard error, in a reject file and, on request, on standard output.
@Suite(.serialized) struct ImportReportTests {
    @Test func badLinesAreToldOfAndKept() async throws {
        let ctl = try await Ctl.loggedIn()
        let path = ctl.home.path + "/rejects"
        let text = "name,book,country\nA,B,C\nA,B,C\n,B,C\nA,B\nD,E,F\n"
        let result = try await ctl.line("authors import - --rejects \(path)", input: text)
        #expect(result.code == 8)
        #expect(result.error.contains("line 3: this author with this book is in the library already, with the id "))
        #expect(result.error.contains("line 4: name must not be empty"))
        #expect(result.error.contains("line 5: country must not be empty"))
        #expect(result.error.contains("created 2, 3 failed"))
        let rejects = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(rejects.map { $0.prefix(11) } == [#"{"line":3,""#, #"{"line":4,""#, #"{"line":5,""#])
        #expect(rejects[0].hasSuffix(#""name":"A","book":"B","country":"C"}"#))
        // The rejects can be imported again; with `skip`, the author that exists is not a failure.
        #expect(try await ctl.line("authors import \(path) --on-conflict skip").error.contains("skipped 1, 2 failed"))
    }

    /// A line is reported by its number in the file, whatever stands between the lines and whichever request sends
    /// it.
    @Test(arguments: [[], ["--dry-run"], ["--atomic"]])
    func aLineKeepsItsNumber(options: [String]) async throws {
        let ctl = try await Ctl.loggedIn()
        for name in ["first", "second", "third"] {
            _ = try await ctl("authors", "add", "--name", name, "--book", "B", "--country", "C")
        }
        let path = ctl.home.path + "/rejects"
        let isAtomic = options == ["--atomic"]
        var lines = ["name,book,country", "", "first,B,X", "\"N\",\"B\",\"Y\""]
        if !isAtomic { lines += ["\"two\nlines\",B,C", ",B,C"] }
        lines += ["\r", "second,B,X"] + (1...5000).map { "N\($0),B,C" }
        lines += [String(repeating: "\n", count: 20_000), "third,B,X"]
        let text = Array(lines.joined(separator: "\n").utf8)
        func number(_ line: String) -> Int {
            let before = lines.prefix { $0 != line }.joined(separator: "\n")
            return before.utf8.count { $0 == UInt8(ascii: "\n") } + 2
        }
        let result = try await ctl.run(["authors", "import", "-", "--rejects", path] + options, input: text)
        #expect(result.code == (isAtomic ? 6 : 8), "\(result.error)")
        for line in ["first,B,X", "second,B,X", "third,B,X"] {
            #expect(
                result.error.contains("line \(number(line)): this author with this book is in the library already"))
        }
        guard !isAtomic else { return #expect(result.error.contains("3 of 5004 lines cannot be stored")) }
        #expect(result.error.contains("line \(number("\"two\nlines\",B,C")): name "))
        let rejects = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(rejects.count == 5)
        for line in ["first,B,X", "second,B,X", "third,B,X"] {
            let name = line.prefix { $0 != "," }
            let reject = try #require(rejects.first { $0.contains("\"name\":\"\(name)\"") })
            #expect(reject.hasPrefix(#"{"line":\#(number(line)),"reason":"this author"#))
            #expect(reject.hasSuffix(#","name":"\#(name)","book":"B","country":"X"}"#))
        }
    }

    /// A reply is refused unless its results are those of the lines that were sent, one for each line.
    @Test(arguments: [
        ["0", "1"], ["1", "4"], ["9223372036854775807"], ["-9223372036854775808"], ["1"], ["1", "1", "1"], [],
    ])
    func otherResultsAreForeign(lines: [String]) async throws {
        var ctl = try await Ctl.loggedIn()
        let results = lines.map { #"{"line":\#($0),"outcome":"failed","code":"invalid_json","message":"x"}"# + "\n" }
        ctl.answer = { request in
            guard request.method == "POST", request.path.hasPrefix("/authors") else { return nil }
            return TransportReply(
                status: 200, headers: ["content-type": "application/x-ndjson"], body: Array(results.joined().utf8))
        }
        let file = "name,book,country\nA,B,C\nA2,B,C\n"
        let result = try await ctl.line("authors import - --rejects \(ctl.home.path)/rejects", input: file)
        #expect(result.code == 76, "\(result.error)")
    }

    /// Results go to standard output only on request, and nothing else does.
    @Test(
        arguments: [
            ("-o id", "2\n1\n"), ("-o tsv --fields line,outcome,id", "2\tcreated\t2\n3\tupdated\t1\n4\tfailed\t\n"),
            (
                "-o ndjson",
                """
                {"line":2,"outcome":"created","id":2}
                {"line":3,"outcome":"updated","id":1}
                {"line":4,"outcome":"failed","code":"invalid_fields","message":"name must not be empty"}

                """
            ),
            ("--json --fields id", "[\n{\"id\":2},\n{\"id\":1},\n{}\n]\n"), ("", ""),
        ] as [(String, String)])
    func resultsArePrinted(options: String, expected: String) async throws {
        let ctl = try await Ctl.loggedIn()
        _ = try await ctl.line("authors add --name A --book B --country C")
        let text = "name,book,country\nN,B,C\nA,B,X\n,B,C\n"
        let result = try await ctl.line("authors import - --on-conflict update \(options)", input: text)
        #expect(result.code == 8)
        #expect(result.output == expected)
        #expect(result.error.contains("created 1, updated 1, 1 failed\n"))
        #expect(try await ctl.line("authors import - -o json --fields shelf", input: text).code == 64)
        // An import that fails before its first result prints nothing, not an empty list.
        #expect(try await ctl.line("authors import - --json", input: "name,book\n").output == "")
        // Results that came before a failure are printed as a complete array.
        let none = try await ctl.line("authors import - --atomic --json --fields line", input: text)
        #expect(none.code == 7)
        #expect(none.output == "[\n{\"line\":4}\n]\n")
    }

    /// A dry run prints no ids of new authors, because the ids may later be those of other authors.
    @Test func aTrialHasNoIds() async throws {
        let ctl = try await Ctl.loggedIn()
        _ = try await ctl.line("authors add --name A --book B --country C")
        let (text, trial) = ("name,book,country\nN,B,C\nA,B,C\n", "authors import - --dry-run --on-conflict skip")
        #expect(try await ctl.line(trial + " -o id", input: text).output == "1\n")
        #expect(
            try await ctl.line(trial + " -o ndjson", input: text).output == """
                {"line":2,"outcome":"created"}
                {"line":3,"outcome":"skipped","id":1}

                """)
    }

    /// The rejects may replace the input only if all its other lines are stored: otherwise those lines would be lost.
    @Test(arguments: [("csv", ""), ("ndjson", "--atomic"), ("ndjson", "--dry-run")])
    func aFileIsNotReplacedByItsRejects(format: String, option: String) async throws {
        let ctl = try await Ctl.loggedIn()
        let path = ctl.home.path + "/library"
        let text =
            format == "csv"
            ? "name,book,country\n,B,C\nA,B,C\n"
            : "{\"name\":\"\",\"book\":\"B\"}\n{\"name\":\"A\",\"book\":\"B\",\"country\":\"C\"}\n"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        let refused = try await ctl.line("authors import \(path) --rejects \(path) \(option)")
        #expect(refused.code == 64, "\(refused.error)")
        #expect(refused.error.contains("--rejects names the file that is imported, whose lines would be lost"))
        // Another name of the same file is refused too.
        try FileManager.default.createSymbolicLink(atPath: path + ".link", withDestinationPath: path)
        #expect(try await ctl.line("authors import \(path) --rejects \(path).link \(option)").code == 64)
        // An import that breaks off leaves the file too.
        var broken = ctl
        broken.answer = { $0.path == "/authors" ? TransportReply(status: 500, headers: [:], body: []) : nil }
        #expect(try await broken.line("authors import \(path) --rejects \(path)").code == (format == "csv" ? 64 : 76))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        #expect(try await ctl.line("authors list").output == "")
    }

    /// The text of a line that cannot be stored is written to the rejects unchanged, so that it can be corrected.
    @Test(
        arguments: [
            ("name,book,country\n,\"B, \"\"1\"\"\",C\n", #",\"B, \"\"1\"\"\",C"#), ("name,book,country\nA;B\n", "A;B"),
            (#"{"name":"","book":"B"}"# + "\n", #"{\"name\":\"\",\"book\":\"B\"}"#), ("{nonsense\n", "{nonsense"),
        ] as [(String, String)])
    func aBadLineIsKept(text: String, kept: String) async throws {
        let ctl = try await Ctl.loggedIn()
        let path = ctl.home.path + "/rejects"
        _ = try await ctl.line("authors import - --rejects \(path)", input: text)
        let reject = try String(contentsOfFile: path, encoding: .utf8)
        #expect(reject.hasSuffix(#","text":"\#(kept)"}"# + "\n"), "\(reject)")
    }

    /// After an import with rejects, the next one often has the reject file as its input and its output.
    @Test func theRejectsMayBeTheInput() async throws {
        let ctl = try await Ctl.loggedIn()
        let path = ctl.home.path + "/rejects"
        let lines = (1...5000).map { #"{"name":"N\#($0)","book":"B","country":"C"}"# } + [#"{"name":""}"#]
        try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: path))
        let result = try await ctl.line("authors import \(path) --rejects \(path)")
        #expect(result.code == 8)
        #expect(result.error.hasSuffix("created 5000, 1 failed\nlibctl: authors import: 1 of 5001 lines failed\n"))
        #expect(try String(contentsOfFile: path, encoding: .utf8).hasPrefix(#"{"line":5001,"#))
        // An import that fails before its first result leaves the old rejects.
        #expect(try await ctl.line("authors import - --rejects \(path)", input: "nonsense\n").code == 65)
        #expect(try String(contentsOfFile: path, encoding: .utf8).hasPrefix(#"{"line":5001,"#))
        // An import that fails later writes the rejects that it has found so far.
        var broken = ctl
        broken.answer = { $0.path == "/authors" ? TransportReply(status: 500, headers: [:], body: []) : nil }
        #expect(
            try await broken.line("authors import - --rejects \(path)", input: "name,book,country\n,B,C\nA,B,C\n").code
                == 76)
        #expect(try String(contentsOfFile: path, encoding: .utf8).hasPrefix(#"{"line":2,"#))
    }
}
