import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

/// Failures of an import: how many are shown, what `--rejects` keeps, and what ends the import.
@Suite(.serialized) struct ImportRejectTests {
    /// The first 20 failures are shown, the others are counted, and the hint says what to do.
    @Test func aHandfulOfFailuresIsShown() async throws {
        let ctl = try await Ctl.loggedIn()
        let text = "name,book,country\n" + (1...50).map { "N\($0),B,C\n" }.joined()
        _ = try await ctl.line("authors import -", input: text)
        let again = try await ctl.line("authors import -", input: text)
        let lines = again.error.split(separator: "\n")
        #expect(lines.count { $0.contains("is in the library already") } == 20)
        #expect(
            lines.suffix(4) == [
                "libctl: … and 30 more lines", "created 0, 50 failed", "libctl: authors import: 50 of 50 lines failed",
                "  hint: add --on-conflict skip to skip authors that exist already",
            ])
        let bad = "name,book,country\n" + (1...50).map { _ in ",B,C\n" }.joined()
        #expect(
            try await ctl.line("authors import -", input: bad).error.hasSuffix(
                "  hint: --rejects FILE keeps the lines that fail\n"))
        let kept = try await ctl.line("authors import - --rejects \(ctl.home.path)/x", input: bad)
        #expect(kept.error.hasSuffix("50 of 50 lines failed\n"))
        #expect(try String(contentsOfFile: ctl.home.path + "/x", encoding: .utf8).split(separator: "\n").count == 50)
        let atomic = try await ctl.line("authors import - --atomic", input: text)
        #expect(atomic.error.split(separator: "\n").count { $0.contains("is in the library already") } == 20)
        #expect(atomic.error.contains("libctl: … and 30 more\n"), "\(atomic.error)")
    }

    /// Rejects in the form of the input, with its header and all its columns, can be mended and imported again.
    @Test(arguments: ["", "--dry-run"])
    func rejectsHaveTheFormOfTheInput(option: String) async throws {
        let ctl = try await Ctl.loggedIn()
        _ = try await ctl.line("authors add --name A --book B --country C")
        let path = ctl.home.path + "/rejects.csv"
        let input =
            "\u{FEFF}shelf;name;book;country\r\n1;\"A\";B;C\r\n2;;\"x; \"\"y\"\"\";C\r\n3;Bob;Two;C\r\n4;\"two\nlines\";B;C\r\n5;\"open;B;C\n"
        let result = try await ctl.line("authors import - --rejects \(path) \(option)", input: input)
        #expect(result.code == 8, "\(result.error)")
        #expect(
            try String(contentsOfFile: path, encoding: .utf8)
                == "shelf;name;book;country\n1;\"A\";B;C\n2;;\"x; \"\"y\"\"\";C\n4;\"two\nlines\";B;C\n5;\"open;B;C\n")
        let mended = try String(contentsOfFile: path, encoding: .utf8).replacing("2;;", with: "2;Ann;")
            .replacing("two\nlines", with: "two").replacing("\"open", with: "open")
        try Data(mended.utf8).write(to: URL(fileURLWithPath: path))
        let again = try await ctl.line("authors import \(path) --on-conflict skip")
        #expect(again.error.hasSuffix("created 3, skipped 1, 0 failed\n"), "\(again.error)")
    }

    /// Texts are kept for every line that libctl could not read or found invalid.
    @Test func rejectsKeepTheText() async throws {
        let ctl = try await Ctl.loggedIn()
        let path = ctl.home.path + "/rejects.ndjson"
        _ = try await ctl.line(
            "authors import - --rejects \(path)", input: "name,book,country,x\nA,B,C,1\n,B,C,2\nZ,\"B\n")
        #expect(
            try String(contentsOfFile: path, encoding: .utf8) == """
                {"line":3,"reason":"name must not be empty","text":",B,C,2"}
                {"line":4,"reason":"a quote is not closed","text":"Z,\\"B"}

                """)
    }

    @Test func rejectsMayGoToStandardOutput() async throws {
        let ctl = try await Ctl.loggedIn()
        let result = try await ctl.line("authors import - --rejects -", input: "name,book,country\n,B,C\nA,B,C\n")
        #expect(result.output == "{\"line\":2,\"reason\":\"name must not be empty\",\"text\":\",B,C\"}\n")
        #expect(try await ctl.line("authors import - --rejects - -o id", input: "name,book,country\n").code == 64)
        #expect(try await ctl.line("authors import - --rejects \(ctl.home.path)/x.csv", input: "{}\n").code == 64)
        #expect(!FileManager.default.fileExists(atPath: "-"))
    }

    /// What every further line would fail with, such as a full disk, ends the import at the first.
    @Test func aFullDiskEndsTheImport() async throws {
        var ctl = try await Ctl.loggedIn()
        ctl.answer = { request in
            guard request.method == "POST", request.path.hasPrefix("/authors") else { return nil }
            let results =
                #"{"line":1,"outcome":"created","id":1}"# + "\n"
                + (2...2000).map {
                    #"{"line":\#($0),"outcome":"failed","code":"storage_full","message":"The disk is full."}"#
                }
                .joined(separator: "\n")
            return TransportReply(
                status: 200, headers: ["content-type": "application/x-ndjson"], body: Array((results + "\n").utf8))
        }
        let text = "name,book,country\n" + (1...6000).map { "N\($0),B,C\n" }.joined()
        let result = try await ctl.line("authors import -", input: text)
        #expect(result.code == 75)
        #expect(
            result.error == """
                created 1, 0 failed
                libctl: authors import: line 3: The disk is full.
                  hint: make room, then run it again with --on-conflict skip

                """)
        #expect(ctl.record.lines("POST /authors").count == 1)
    }

    /// The results come in the order of the file, also of lines that are not sent.
    @Test(arguments: ["", "--dry-run"])
    func resultsAreInTheOrderOfTheFile(option: String) async throws {
        let ctl = try await Ctl.loggedIn()
        let text = "name,book,country\n" + (2...5001).map { $0.isMultiple(of: 3) ? ",B,C\n" : "N\($0),B,C\n" }.joined()
        let result = try await ctl.line("authors import - -o tsv --fields line \(option)", input: text)
        #expect(result.output == (2...5001).map { "\($0)\n" }.joined())
    }
}
