import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

@Suite(.serialized) struct AuthorCommandTests {
    private func filled() async throws -> Ctl {
        let ctl = try await Ctl.loggedIn()
        let csv =
            "name,book,country,booker_prize\nHilary Mantel,Wolf Hall,UK,true\nÉmile Zola,Germinal,France,\nAnna Burns,Milkman,UK,yes\n"
        #expect(try await ctl("authors", "add", "-f", "-", "-q", input: csv).code == 0)
        return ctl
    }

    @Test(
        arguments: [
            (
                ["-o", "tsv"],
                "1\tHilary Mantel\tWolf Hall\tUK\ttrue\n2\tÉmile Zola\tGerminal\tFrance\tfalse\n3\tAnna Burns\tMilkman\tUK\ttrue\n"
            ),
            (["-o", "id"], "1\n2\n3\n"),
            (
                ["-o", "csv", "--limit", "1"],
                "id,name,book,country,booker_prize\r\n1,Hilary Mantel,Wolf Hall,UK,true\r\n"
            ),
            (["--fields", "name,version", "--sort", "name:desc"], "Hilary Mantel\t1\nÉmile Zola\t1\nAnna Burns\t1\n"),
            (
                ["-o", "json", "--fields", "id,book", "--country", "UK"],
                "[\n{\"id\":1,\"book\":\"Wolf Hall\"},\n{\"id\":3,\"book\":\"Milkman\"}\n]\n"
            ),
            (["-o", "ndjson", "--fields", "id", "--no-booker-prize"], "{\"id\":2}\n"),
            (["--search", "emile germ", "-o", "id"], "2\n"),
            (["--name", "nobody"], ""), (["--name", "nobody", "--json"], "[]\n"),
            (["--name", "nobody", "-o", "table"], ""),
            (
                ["--limit", "2", "-o", "table"],
                "ID  NAME           BOOK       COUNTRY  BOOKER PRIZE\n1   Hilary Mantel  Wolf Hall  UK       true\n2   Émile Zola     Germinal   France   false\n"
            ),
        ] as [([String], String)])
    func lists(arguments: [String], output: String) async throws {
        let result = try await filled().run(["authors", "list"] + arguments, input: [])
        #expect(result.code == 0, "\(result.error)")
        #expect(result.output == output)
        #expect(result.error == "")
    }

    /// `--` behind an option is its value, like every other text; elsewhere it ends the options.
    @Test(arguments: [
        (["--book", "--", "--name", "A", "--country", "C"], "A\t--\tC"),
        (["--name", "--", "--book", "--", "--country", "--"], "--\t--\t--"),
        (["--name", "--book", "--book", "--", "--country", "--name"], "--book\t--\t--name"),
    ])
    func twoDashesAreAValue(arguments: [String], row: String) async throws {
        let ctl = try await Ctl.loggedIn()
        let format = ["--fields", "name,book,country", "-o", "tsv"]
        let added = try await ctl.run(["authors", "add"] + arguments + format, input: [])
        #expect(added.output == row + "\n", "\(added.error)")
        #expect(try await ctl.run(["authors", "list", "--book", "--", "-o", "id"], input: []).output == "1\n")
        #expect(try await ctl.run(["authors", "rm", "--yes", "-q", "--", "1"], input: []).code == 0)
        #expect(try await ctl.run(["-o", "id", "authors", "show", "--", "1"], input: []).code == 3)
    }

    @Test func jsonHasAllFields() async throws {
        let ctl = try await filled()
        let result = try await ctl("authors", "show", "1", "--json")
        let author = try Author(json: Array(result.output.utf8), unknownMembers: .rejected)
        #expect(author.name == "Hilary Mantel")
        #expect(author.createdAt == ctl.library.time.now)
    }

    @Test func aListLongerThanAPageIsWhole() async throws {
        let ctl = try await Ctl.loggedIn()
        let lines = (1...1203).map { #"{"name":"A\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n")
        let added = try await ctl("authors", "add", "-f", "-", "-o", "id", input: lines)
        #expect(added.error == "added 1203 authors, 0 failed\n")
        #expect(try await ctl("authors", "list", "-o", "id").output == (1...1203).map { "\($0)\n" }.joined())
        #expect(
            try await ctl("authors", "list", "--limit", "1001", "-o", "id").output.utf8.filter { $0 == 10 }.count
                == 1001)
    }

    @Test func addsShowsEditsAndDeletes() async throws {
        let ctl = try await Ctl.loggedIn()
        #expect(
            try await ctl("authors", "add", "--name", "-dash h", "--book", "--help", "--country", "C").output
                == "1\t-dash h\t--help\tC\tfalse\n")
        #expect(
            try await ctl("authors", "edit", "1", "--book", "X", "--booker-prize").output == "1\t-dash h\tX\tC\ttrue\n")
        #expect(try await ctl("authors", "show", "1").output == "1\t-dash h\tX\tC\ttrue\n")
        #expect(try await ctl("authors", "rm", "1", "--yes").output == "1\t-dash h\tX\tC\ttrue\n")
        #expect(try await ctl("authors", "show", "1").code == 3)
    }

    @Test(
        arguments: [
            (["show", "99"], Int32(3)), (["show", "x"], 64), (["show", "-1"], 64), (["show", "01"], 64), (["show"], 64),
            (["show", "1", "99"], 8),
            (["show", "98", "99"], 3), (["edit", "1"], 64), (["edit", "1", "--book", " "], 7),
            (["edit", "99", "--book", "x"], 3),
            (["edit", "1", "--name", "Anna Burns", "--book", "Milkman"], 6), (["rm", "1"], 64), (["rm"], 64),
            (["rm", "--all"], 64),
            (["rm", "--country", "UK"], 64), (["rm", "-"], 64), (["rm", "1", "--all", "--yes"], 64),
            (["rm", "99", "--yes"], 3),
            (["add", "--name", "x"], 64), (["add", "--name", "x", "--book", "y", "--country", ""], 7),
            (["add", "--name", "Hilary Mantel", "--book", "Wolf Hall", "--country", "x"], 6),
            (["add", "-f", "/nonexistent"], 66),
            (["add", "-f", "-", "--name", "x"], 64), (["list", "--limit", "0"], 64), (["list", "--sort", "x"], 64),
            (["list", "--fields", "x"], 64),
            (["list", "-o", "xml"], 64), (["list", "extra"], 64), (["lst"], 64),
        ] as [([String], Int32)])
    func failures(arguments: [String], code: Int32) async throws {
        let ctl = try await filled()
        let before = try await ctl("authors", "list", "--json").output
        let result = try await ctl.run(["authors"] + arguments, input: Array("1\n".utf8))
        #expect(result.code == code, "\(result.error)")
        #expect(result.error.hasPrefix("libctl: "))
        #expect(try await ctl("authors", "list", "--json").output == before)
    }

    @Test func deletesByFilterFromAPipeAndAll() async throws {
        let ctl = try await filled()
        #expect(try await ctl("authors", "rm", "--country", "France", "--yes", "-o", "id").output == "2\n")
        #expect(try await ctl("authors", "rm", "-", "--yes", "-o", "id", input: "3\n\n").output == "3\n")
        #expect(try await ctl("authors", "rm", "--all", "--yes", "-o", "id").output == "1\n")
        #expect(try await ctl("authors", "list").output == "")
        #expect(try await ctl("authors", "rm", "--all", "--yes").code == 0)
    }

    @Test func badLinesAreToldWithTheirNumbersAndTheRestGoesOn() async throws {
        let ctl = try await Ctl.loggedIn()
        let csv =
            "\u{FEFF}name,year,book,country,booker_prize,year2\r\nA,1,\"B, \"\"quoted\"\"\nand more\",C,true,\r\n\r\nA,1,B\r\nA,1,B,C,maybe,\r\nA,1,B,C,,\r\nA,1,B,C,,\r\nX,1,\"open"
        let result = try await ctl("authors", "add", "-f", "-", input: csv)
        #expect(result.code == 8)
        #expect(result.output == "1\tA\tB\tC\tfalse\n")
        #expect(
            result.error == """
                libctl: these are not fields of an author and are ignored: year, year2
                libctl: line 2: book must not contain control characters
                libctl: line 5: country must not be empty
                libctl: line 6: booker_prize must be true or false, or t, f, yes, no, y, n, on, off, 1 or 0, not 'maybe'
                libctl: line 8: this author with this book is in the library already, with the id 1
                libctl: line 9: a quote is not closed
                added 1 author, 5 failed
                libctl: authors add: 5 of 6 lines failed

                """)
    }

    @Test(
        arguments: [
            ("", Int32(0)), ("name,book\nA,B\n", 65), ("name,book,country,name\n", 65), ("name,book,country\n", 0),
            ("not a csv", 65),
            ("{\"name\":\"A\"\n", 65), ("{nope}\n{nope}\n", 65), ("{}\n", 7), ("{}\n{nope}\n", 8),
            ("name,book,country\nA,,C\n", 7),
            ("name,book,country\n\"A\"x,B,C\n", 65),
        ] as [(String, Int32)])
    func aFileThatIsNotRight(input: String, code: Int32) async throws {
        let result = try await Ctl.loggedIn()("authors", "add", "-f", "-", input: input)
        #expect(result.code == code, "\(result.error)")
        #expect(result.output == "")
    }

    @Test func aLineThatIsNotUTF8IsOneBadLine() async throws {
        let ctl = try await Ctl.loggedIn()
        let input = Array("name,book,country\nA,".utf8) + [0xFF] + Array(",C\nA,B,C\n".utf8)
        let result = try await ctl.run(["authors", "add", "-f", "-"], input: input)
        #expect(result.code == 8)
        #expect(result.output == "1\tA\tB\tC\tfalse\n")
        #expect(result.error.contains("libctl: line 2: book is not valid UTF-8\n"))
    }

    @Test(arguments: ["ndjson", "csv", "json"])
    func aListGoesIntoAnotherAccount(format: String) async throws {
        let library = try await TestLibrary()
        let (ada, bob) = (Ctl(library), Ctl(library))
        try await ada.login("ada")
        try await bob.login("bob")
        let names = [
            "$(touch x)", "`id`", "a\tb".replacing("\t", with: " "), "\"quoted\"", "com,ma", "back\\slash",
            "\u{202E}bidi", "👩‍🚀 é e\u{302}",
            "{brace", "-dash", "' OR 1=1", "<b>", "\u{1F1E9}\u{1F1EA}",
        ]
        for name in names {
            #expect(
                try await ada("authors", "add", "--name", name, "--book", "B", "--country", "C", "--booker-prize").code
                    == 0)
        }
        var list = try await ada("authors", "list", "-o", format).output
        // A JSON array is not NDJSON, but it has one author per line.
        if format == "json" {
            list = list.split(separator: "\n").filter { $0.hasPrefix("{") }.map { $0.last == "," ? $0.dropLast() : $0 }
                .joined(separator: "\n")
        }
        let added = try await bob("authors", "add", "-f", "-", input: list)
        #expect(added.code == 0, "\(added.error)")
        #expect(added.error == "added \(names.count) authors, 0 failed\n")
        let fields = ["authors", "list", "--json", "--fields", "name,book,country,booker_prize"]
        #expect(try await bob.run(fields, input: []).output == ada.run(fields, input: []).output)
    }

    @Test func errorsAreJSONWhereJSONIsAskedFor() async throws {
        let ctl = try await Ctl.loggedIn()
        let result = try await ctl("authors", "show", "5", "-o", "json")
        guard case .object(let members) = try JSONValue(parsing: Array(result.error.utf8)),
            case .object(let error)? = members.first?.value
        else {
            Issue.record("not an object: \(result.error)")
            return
        }
        #expect(members.map(\.name) == ["error"])
        #expect(error.contains(.init(name: "code", value: .string("author_not_found"))))
        #expect(error.contains(.init(name: "exit_code", value: .integer(3))))
        #expect(error.contains(.init(name: "command", value: .string("authors show"))))
        let usage = #"{"error":{"command":"authors list","exit_code":64,"#
        #expect(try await ctl("authors", "list", "--json", "-o", "csv").error.hasPrefix(usage))
        #expect(
            try await ctl("authors", "show", "x", "y", "--jsn", "-o", "json").error.hasPrefix(
                #"{"error":{"command":"usage","exit_code":64"#))
    }
}
