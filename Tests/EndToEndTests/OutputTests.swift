import Foundation
import TestSupport
import Testing

/// The exact output of the real program: on a terminal and in a pipe, with color and without.
@Suite(.serialized) struct OutputTests {
    private let person = PersonAtTerminal()
    private static let (bold, plain) = (PersonAtTerminal.bold, PersonAtTerminal.plain)
    private static let rows = """
        1   Hilary Mantel   Wolf Hall       UK       true
        2   夏目漱石        吾輩は猫である  日本     false
        3   $(touch pwned)  a "b", c        `id`     false
        4   \\u{202E}txet    back\\slash      😀       true

        """
    private static let header = "ID  NAME            BOOK            COUNTRY  BOOKER PRIZE"

    @Test func aTerminalGetsATable() async throws {
        let daemon = try await person.daemon()
        let colored = "\(Self.bold)\(Self.header)\(Self.plain)\n" + Self.rows
        let plain = Self.header + "\n" + Self.rows
        #expect(try await person.terminal(daemon, "authors list") == colored)
        #expect(try await person.terminal(daemon, "authors list --color never") == plain)
        #expect(try await person.terminal(daemon, "authors list", environment: ["NO_COLOR": "1"]) == plain)
        #expect(try await person.terminal(daemon, "authors list", environment: ["TERM": "dumb"]) == plain)
        #expect(
            try await person.terminal(daemon, "authors list --color always", environment: ["NO_COLOR": "1"]) == colored)
        let narrow = """
            ID  NAME     BOOK      COUNTRY  BOOKER …
            1   Hilary…  Wolf Ha…  UK       true
            2   夏目漱…  吾輩は…   日本     false
            3   $(touc…  a "b", c  `id`     false
            4   \\u{202…  back\\sl…  😀       true

            """
        #expect(try await person.terminal(daemon, "authors list --color never", columns: 40) == narrow)
        // In a pipe a table is printed only on request, and its columns are not cut.
        #expect(try await daemon.libctl("authors", "list", "-o", "table", home: person.home).output == plain)
        #expect(
            try await daemon.libctl("authors", "list", "-o", "table", "--color", "always", home: person.home).output
                == colored
        )
    }

    @Test func aPipeGetsWhatProgramsRead() async throws {
        let daemon = try await person.daemon()
        func pipe(_ options: String) async throws -> String {
            let words = ["authors", "list"] + options.split(separator: " ").map(String.init)
            let result = try await Program.run(
                Program.path("libctl"), words, environment: ["HOME": person.home.path, "LIBCTL_SERVER": daemon.address])
            #expect(result.code == 0)
            #expect(result.error == "")
            return result.output
        }
        #expect(
            try await pipe("") == """
                1\tHilary Mantel\tWolf Hall\tUK\ttrue
                2\t夏目漱石\t吾輩は猫である\t日本\tfalse
                3\t$(touch pwned)\ta "b", c\t`id`\tfalse
                4\t\u{202E}txet\tback\\\\slash\t😀\ttrue

                """)
        #expect(
            try await pipe("-o csv --fields name,book").replacing("\r\n", with: "\n") == """
                name,book
                Hilary Mantel,Wolf Hall
                夏目漱石,吾輩は猫である
                $(touch pwned),"a ""b"", c"
                \u{202E}txet,back\\slash

                """)
        #expect(try await pipe("-o id") == "1\n2\n3\n4\n")
        #expect(
            try await pipe("-o ndjson --fields id,name") == #"""
                {"id":1,"name":"Hilary Mantel"}
                {"id":2,"name":"夏目漱石"}
                {"id":3,"name":"$(touch pwned)"}
                {"id":4,"name":"\u202etxet"}

                """#)
        #expect(
            try await pipe("--json --fields id,booker_prize --limit 2") == """
                [
                {"id":1,"booker_prize":true},
                {"id":2,"booker_prize":false}
                ]

                """)
        #expect(try await pipe("--json --country Atlantis") == "[]\n")
        #expect(try await pipe("-o csv --fields id --country Atlantis") == "id\r\n")
    }

    @Test func statisticsAreBarsOrNumbers() async throws {
        let daemon = try await person.daemon()
        #expect(
            try await person.terminal(daemon, "authors stats --color never", columns: 30) == """
                By country
                UK    1  █████████████████████
                `id`  1  █████████████████████
                日本  1  █████████████████████
                😀    1  █████████████████████

                By booker prize
                false  2  ████████████████████
                true   2  ████████████████████

                """)
        #expect(
            try await daemon.libctl("authors", "stats", "--by", "booker_prize", home: person.home).output
                == "booker_prize\tfalse\t2\nbooker_prize\ttrue\t2\n")
    }

    /// The pager runs only on request, and only on a terminal.
    @Test func thePagerIsAskedFor() async throws {
        let daemon = try await person.daemon()
        let pager = ["PAGER": "sed 's/^/> /'"]
        let paged = try await person.terminal(daemon, "authors list -o id --pager", environment: pager)
        #expect(paged == "> 1\n> 2\n> 3\n> 4\n")
        #expect(try await person.terminal(daemon, "authors list -o id", environment: pager) == "1\n2\n3\n4\n")
        #expect(
            try await daemon.libctl("authors", "list", "-o", "id", "--pager", home: person.home).output
                == "1\n2\n3\n4\n")
        _ = try await daemon.libctl("config", "set", "pager", "sed 's/^/= /'", home: person.home)
        // An export prints no list, so it has no pager.
        let exported = try await person.terminal(
            daemon, "authors export \(person.home.path)/x.csv --pager", environment: pager)
        #expect(exported == "exported 4 authors\n")
        let configured = try await person.terminal(daemon, "authors list -o id --pager", environment: pager)
        #expect(configured == "= 1\n= 2\n= 3\n= 4\n")
    }

    /// Without the pager the output is shown all the same: what a pipe holds, and more.
    @Test(arguments: [
        ("nosuch", 4, true), ("/etc/hostname -x", 4, true), ("nosuch", 30_000, true), ("cat | nosuch", 4, true),
        ("sed -n 1,2p", 4, false),
    ])
    func aPagerThatIsMissingHidesNothing(pager: String, count: Int, isMissing: Bool) async throws {
        let daemon = try await person.daemon()
        if count > 4 {
            let lines = (5...count).map { #"{"name":"N\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n")
            #expect(try await daemon.libctl("authors", "import", "-", home: person.home, input: lines).code == 0)
        }
        let shown = try await person.terminal(daemon, "authors list -o id --pager", environment: ["PAGER": pager])
        let warning = "libctl: there is no pager '\(pager)'; the output is shown without one\n"
        #expect(shown.contains(warning) == isMissing, "\(shown.prefix(200))")
        let ids = (1...count).map { "\($0)\n" }.joined()
        if isMissing { #expect(shown.hasSuffix(warning + ids)) } else { #expect(!shown.contains("4\n")) }
    }

    @Test func aRawReplyIsHarmlessOnATerminal() async throws {
        let daemon = try await person.daemon()
        let shown = try await person.terminal(daemon, "api GET /authors/4")
        #expect(shown.contains(#""name":"\u{202E}txet""#))
        #expect(!shown.contains("\u{202E}"))
        #expect(try await daemon.libctl("api", "GET", "/authors/4", home: person.home).output.contains("\u{202E}txet"))
    }

    /// A hostile server cannot control the terminal, and a request whose reply breaks off is not repeated.
    @Test func aHostileReplyIsHarmless() async throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Evil: a\u{1B}]0;pwned\u{7}b\r\n"
        let server = try FakeServer(answer: head + "Content-Length: 4\r\nConnection: close\r\n\r\n\u{1B}[1m")
        let (code, output) = try await PseudoTerminal(
            Program.path("libctl"), ["api", "GET", "/x", "-i"],
            environment: ["HOME": person.home.path, "LIBCTL_SERVER": server.address]
        ).end()
        #expect(code == 0)
        #expect(output.contains("x-evil: a\\u{1B}]0;pwned\\u{7}b"))
        #expect(!output.contains("\u{1B}"))
        let breaking = try FakeServer(answer: head + "Content-Length: 40\r\nConnection: close\r\n\r\n{}\n")
        let cut = try await Program.run(
            Program.path("libctl"), ["api", "GET", "/x"],
            environment: ["HOME": person.home.path, "LIBCTL_SERVER": breaking.address])
        #expect(cut.code == 76)
        #expect(cut.output == "{}\n")
        #expect(breaking.requests.count == 1)
        let daemon = try await person.daemon()
        _ = try await daemon.libctl(
            "authors", "add", "--name", "E", "--book", "F", "--country", "\u{202E}C", home: person.home)
        #expect(try await person.terminal(daemon, "authors stats --by country --search e -o id") == "\\u{202E}C\n")
    }

    @Test func aDeletionShowsWhatWillGo() async throws {
        let daemon = try await person.daemon()
        let asking = try PseudoTerminal(
            Program.path("libctl"), ["authors", "rm", "4", "3"],
            environment: ["HOME": person.home.path, "LIBCTL_SERVER": daemon.address])
        let question = try await asking.wait(for: "[y/N] ")
        #expect(
            question.replacing("\r\n", with: "\n") == """
                  4  \\u{202E}txet, back\\slash (😀)
                  3  $(touch pwned), a "b", c (`id`)
                Delete these 2 authors? [y/N]\u{20}
                """)
        asking.send("n\r")
        #expect(try await asking.end().code == 2)
        let gone = try PseudoTerminal(
            Program.path("libctl"), ["authors", "rm", "4", "99"],
            environment: ["HOME": person.home.path, "LIBCTL_SERVER": daemon.address])
        // An author that does not exist cannot be shown, so nothing is deleted.
        #expect(try await gone.end().code == 3)
        let unasked = try PseudoTerminal(
            Program.path("libctl"), ["authors", "rm", "4", "--no-input"],
            environment: ["HOME": person.home.path, "LIBCTL_SERVER": daemon.address])
        let (code, said) = try await unasked.end()
        #expect(code == 64)
        #expect(said.contains("libctl: authors rm: this needs a confirmation: --no-input is set"))
        #expect(try await daemon.libctl("authors", "list", "-o", "id", home: person.home).output == "1\n2\n3\n4\n")
    }

    @Test func progressIsForTerminals() async throws {
        let daemon = try await person.daemon()
        let lines = (1...10_000).map { #"{"name":"N\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n")
        try Data(lines.utf8).write(to: URL(fileURLWithPath: person.home.path + "/lines"))
        let shown = try await person.terminal(daemon, "authors import \(person.home.path)/lines")
        #expect(shown.contains("% , ") || shown.contains(" %, "))
        #expect(shown.contains(" s left"))
        #expect(shown.contains("\r\u{1B}[Kcreated 10000, 0 failed\nundo it with: "))
        // The first rows determine the width of the columns, which share the width of the terminal.
        let rows = try await person.terminal(daemon, "authors list --fields id,book,name")
        #expect(rows.contains("\n9999    B" + String(repeating: " ", count: 46) + "N9995\n"), "\(rows.suffix(60))")
        #expect(rows.hasSuffix("\n10004   B" + String(repeating: " ", count: 46) + "N10000\n"), "\(rows.suffix(60))")
        let piped = try await daemon.libctl(
            "authors", "import", person.home.path + "/lines", "--on-conflict", "skip", home: person.home)
        #expect(piped.error == "skipped 10000, 0 failed\n")
    }
}
