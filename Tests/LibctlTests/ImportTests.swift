import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

@Suite(.serialized) struct ImportTests {
    @Test func tenThousandLinesGoInAtOnce() async throws {
        let ctl = try await Ctl.loggedIn()
        let text = (1...10_000).map { #"{"name":"N\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n")
        let result = try await ctl.line("authors import -", input: text)
        #expect(result.code == 0, "\(result.error)")
        #expect(result.output == "")
        #expect(result.error == "created 10000, 0 failed\n")
        let again = try await ctl.line("authors import - --on-conflict skip --verbose", input: String(text.prefix(38)))
        #expect(again.error.contains(/\/authors\?on_conflict=skip&import=[0-9a-z]+ 200 38 bytes\n/), "\(again.error)")
        let names = try await ctl.line("authors list -o tsv --fields name")
        #expect(names.output.split(separator: "\n").count == 10_000)
    }

    /// A long file is gathered in a temporary file in TMPDIR. A small file needs none.
    @Test func aFolderForLongFiles() async throws {
        var ctl = try await Ctl.loggedIn()
        ctl.environment["TMPDIR"] = ctl.home.path + "/none"
        let lines = (1...10_000).map { #"{"name":"N\#($0)","book":"B","country":"C"}"# }
        let small = try await ctl.line("authors import - --atomic", input: lines.prefix(1000).joined(separator: "\n"))
        #expect(small.error == "created 1000, 0 failed\n")
        let large = try await ctl.line("authors import - --dry-run", input: lines.joined(separator: "\n"))
        #expect(large.code == 74)
        #expect(
            large.error.hasSuffix(
                "libctl: authors import: a temporary file in \(ctl.home.path)/none: No such file or directory\n"
                    + "  hint: set TMPDIR to a folder with room\n"))
        ctl.environment["TMPDIR"] = ctl.home.path
        let whole = try await ctl.line(
            "authors import - --atomic --on-conflict skip", input: lines.joined(separator: "\n"))
        #expect(whole.error == "created 9000, skipped 1000, 0 failed\n")
        #expect(try FileManager.default.contentsOfDirectory(atPath: ctl.home.path) == [".config"])
    }

    @Test(
        arguments: [
            ("--on-conflict fail", 8, "created 1, 1 failed", "A\tB\tC\nD\tE\tF\n"),
            ("--on-conflict skip", 0, "created 1, skipped 1, 0 failed", "A\tB\tC\nD\tE\tF\n"),
            ("--on-conflict update", 0, "created 1, updated 1, 0 failed", "A\tB\tX\nD\tE\tF\n"),
            ("--dry-run --on-conflict skip", 0, "created 1, skipped 1, 0 failed (nothing was changed)", "A\tB\tC\n"),
            (
                "--atomic", 6,
                "line 2: this author with this book is in the library already\nlibctl: authors import: 1 of 2 lines cannot",
                "A\tB\tC\n"
            ),
            ("--atomic --on-conflict update", 0, "created 1, updated 1, 0 failed", "A\tB\tX\nD\tE\tF\n"),
        ] as [(String, Int32, String, String)])
    func whatIsThereAlready(options: String, code: Int32, said: String, after: String) async throws {
        let ctl = try await Ctl.loggedIn()
        _ = try await ctl.line("authors add --name A --book B --country C")
        let result = try await ctl.line("authors import - \(options)", input: "name,book,country\nA,B,X\nD,E,F\n")
        #expect(result.code == code, "\(result.error)")
        #expect(result.error.contains(said), "\(result.error)")
        #expect(try await ctl.line("authors list -o tsv --fields name,book,country").output == after)
    }

    @Test func allOrNothingLooksFirst() async throws {
        let ctl = try await Ctl.loggedIn()
        let result = try await ctl.line("authors import - --atomic", input: "name,book,country\nA,B,C\n,B,C\n")
        #expect(result.code == 7)
        #expect(try await ctl.line("authors list").output == "")
    }

    @Test func otherPeoplesColumnsAreMapped() async throws {
        let ctl = try await Ctl.loggedIn()
        let text = "Book Id,Title,Author,Shelf,Origin\n1,Wolf Hall,Hilary Mantel,read,UK\n"
        let result = try await ctl.run(
            ["authors", "import", "-", "--map", "name=Author,book=Title,country=Origin"], input: Array(text.utf8))
        #expect(result.code == 0, "\(result.error)")
        #expect(result.error.contains("these are not fields of an author and are ignored: Book Id, Shelf\n"))
        #expect(
            try await ctl.line("authors list -o tsv --fields name,book,country").output
                == "Hilary Mantel\tWolf Hall\tUK\n")
        let json = try await ctl.line(
            "authors import - --map name=Author,book=Title", input: #"{"Author":"A","Title":"T","country":"C"}"#)
        #expect(json.code == 0, "\(json.error)")
        let twice = try await ctl.line(
            "authors import - --map name=Author --map book=Title", input: "Author,Title,country\nB,T,C\n")
        #expect(twice.error == "created 1, 0 failed\n")
    }

    /// The hint is given only where a column is missing.
    @Test(arguments: [("name,book\na,b\n", true), ("name,book,country,name\n", false)])
    func theHintFits(input: String, isGiven: Bool) async throws {
        let result = try await Ctl.loggedIn().line("authors import -", input: input)
        #expect(result.code == 65)
        #expect(result.error.contains("the first line must name the columns") == isGiven)
    }

    @Test(arguments: ["ndjson", "csv"])
    func whatIsExportedIsImported(format: String) async throws {
        let library = try await TestLibrary()
        let (ada, bob) = (Ctl(library), Ctl(library))
        try await ada.login("ada")
        try await bob.login("bob")
        for name in ["$(touch x)", "Doe, \"Jo\"", "\u{202E}x", "-h"] {
            _ = try await ada("authors", "add", "--name", name, "--book", "B", "--country", "C")
        }
        let path = ada.home.path + "/all." + format
        let exported = try await ada.line("authors export \(path)")
        #expect(exported.code == 0, "\(exported.error)")
        #expect(exported.error == "exported 4 authors\n")
        #expect(try await bob.line("authors import \(path)").error == "created 4, 0 failed\n")
        func authors(_ ctl: Ctl) async throws -> String {
            try await ctl.line("authors list -o ndjson --fields name,book,country,booker_prize").output
        }
        #expect(try await authors(bob) == authors(ada))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: ada.home.path).sorted() == [".config", "all.\(format)"])
        // An export that fails leaves the old file unchanged.
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(try await ada.line("authors export \(path) --user eve").code == 4)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
        #expect(try await ada.line("authors export --search doe").output.hasPrefix(#"{"id":2,"#))
    }

    @Test(
        arguments: [
            ("authors import - --map name", 64), ("authors import - --map shelf=X", 64),
            ("authors import - --map name=A,name=B", 64), ("authors import", 64),
            ("authors import /nonexistent", 66), ("authors import /tmp", 66),
            ("authors import - --map name=A --map name=B", 64), ("authors import - --on-conflict perhaps", 64),
            ("authors import -", 65), ("authors import - --rejects /nonexistent/x", 74),
        ] as [(String, Int32)])
    func failures(line: String, code: Int32) async throws {
        let result = try await Ctl.loggedIn().line(line, input: "nonsense\n")
        #expect(result.code == code, "\(result.error)")
    }
}
