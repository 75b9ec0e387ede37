import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

/// What a person sees on a terminal: records, times, widths of tables, and words for an empty result.
@Suite(.serialized) struct PeopleTests {
    private let person = PersonAtTerminal()
    private static let (bold, plain) = (PersonAtTerminal.bold, PersonAtTerminal.plain)

    /// All fields of an author, and the whole of each.
    @Test func anAuthorIsARecord() async throws {
        let daemon = try await person.daemon()
        let author = try await daemon.libctl("authors", "show", "4", "--json", home: person.home)
        let created = Self.local(try Author(json: Array(author.output.utf8), unknownMembers: .ignored).createdAt)
        let record = """
            ID            4
            NAME          \\u{202E}txet
            BOOK          back\\slash
            COUNTRY       😀
            BOOKER PRIZE  true
            CREATED AT    \(created)
            UPDATED AT    \(created)
            VERSION       1

            """
        let utc = ["TZ": "UTC"]
        #expect(try await person.terminal(daemon, "authors show 4 --color never", environment: utc) == record)
        let colored = try await person.terminal(daemon, "authors show 4", environment: utc)
        #expect(colored.hasPrefix("\(Self.bold)ID\(Self.plain)            4\n\(Self.bold)NAME\(Self.plain)  "))
        let two = try await person.terminal(daemon, "authors show 1 4 --color never", environment: utc)
        #expect(two.hasPrefix("ID            1\nNAME          Hilary Mantel\n"))
        #expect(two.hasSuffix("VERSION       1\n\n" + record))
        #expect(
            try await person.terminal(daemon, "authors show 1 --fields id,book --color never")
                == "ID    1\nBOOK  Wolf Hall\n")
        #expect(try await person.terminal(daemon, "authors show 4 -o table --color never").hasPrefix("ID  NAME "))
        #expect(
            try await daemon.libctl("authors", "show", "1", home: person.home).output
                == "1\tHilary Mantel\tWolf Hall\tUK\ttrue\n")
        // A long text is wrapped at its spaces, and a longer word within.
        let book = "The unabridged history of everything, with an index " + String(repeating: "x", count: 40)
        let added = try await daemon.libctl(
            "authors", "add", "--name", "अरुंधती रॉय", "--book", book, "--country", "ประเทศไทย", "-o", "id",
            home: person.home)
        let long = try await person.terminal(
            daemon, "authors show \(added.output.dropLast()) --color never --fields book,country,name", columns: 40)
        #expect(
            long == """
                BOOK     The unabridged history of
                         everything, with an index
                         xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
                         xxxxxxxxx
                COUNTRY  ประเทศไทย
                NAME     अरुंधती रॉय

                """)
    }

    /// Whatever the script, each row of a table is one line.
    @Test(arguments: [40, 80, 100, 200] as [UInt16])
    func noRowIsWiderThanTheTerminal(columns: UInt16) async throws {
        let daemon = try await person.daemon()
        let names = [
            "अरुंधती रॉय और मामूली चीजों का देवता", "क्षत्रिय ज्ञान श्रीमान् भारत के लेखक", "คำพูน บุญทวี ลูกอีสาน น้ำ ประเทศไทย",
            "👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦", "محمود دولت\u{200C}آبادی کلیدر", "한국의 작가와 그의 책들", "\u{202E}\u{202E}\u{202E}\u{202E}x",
            String(repeating: "é", count: 200),
        ]
        for name in names {
            let added = try await daemon.libctl(
                "authors", "add", "--name", name, "--book", String(name.reversed()), "--country", name,
                home: person.home)
            #expect(added.code == 0, "\(added.error)")
        }
        for line in [
            "authors list", "authors stats", "sessions list", "whoami -o table",
            "authors list --fields id,created_at,name,updated_at",
        ] {
            let shown = try await person.terminal(daemon, line + " --color never", columns: columns)
            for row in shown.split(separator: "\n") {
                #expect(DisplayWidth.of(String(row)) <= Int(columns), "\(line): \(row)")
            }
        }
        let list = try await person.terminal(daemon, "authors list", columns: columns)
        #expect(list.split(separator: "\n").count == 1 + 4 + names.count)
    }

    /// Times are local, to the minute, and never cut. Formats for programs have them in UTC.
    @Test(arguments: [("UTC", 0), ("IST-5:30", 330), ("<-03>3", -180), ("XXX-13:45", 825), (":/nonexistent", 0)])
    func timesAreLocal(zone: String, minutes: Int64) async throws {
        let daemon = try await person.daemon()
        let name = String(repeating: "a-long-name.", count: 5)
        let promoted = try await Program.run(
            Program.path("libraryd"), ["user", "promote", "ada", "--data", daemon.data])
        #expect(promoted.code == 0, "\(promoted.error)")
        _ = try await daemon.libctl(
            "register", name, "--no-login", "--password-stdin", home: person.home, input: "correct horse")
        let users = try await daemon.libctl("users", "list", "--fields", "created_at", home: person.home).output
        let times = try users.split(separator: "\n").map { Self.local(try #require(Timestamp(String($0))), minutes) }
        let table = try await person.terminal(
            daemon, "users list --color never", columns: 80, environment: ["TZ": zone])
        let cut = name.prefix(35) + "…"
        #expect(
            table == """
                NAME                                  ADMIN  DISABLED  CREATED AT        AUTHORS
                ada                                   true   false     \(times[0])  4
                \(cut)  false  false     \(times[1])  0

                """, "\(table)")
        let sessions = try await person.terminal(
            daemon, "sessions list --color never", columns: 80, environment: ["TZ": zone])
        #expect(sessions.hasPrefix("ID        CREATED AT        LAST USED AT      CLIENT"))
        let login = try await daemon.libctl(
            "sessions", "list", "--fields", "created_at,last_used_at", home: person.home)
        let moments = try login.output.dropLast().split(separator: "\t").map {
            Self.local(try #require(Timestamp(String($0))), minutes)
        }
        #expect(sessions.contains("  \(moments[0])  \(moments[1])  libctl@"))
        let fields = try await person.terminal(
            daemon, "sessions list --fields expires_at,id --color never", environment: ["TZ": zone])
        let row = try #require(fields.split(separator: "\n").last)
        #expect(row.count == 16 + 2 + 36)
        // A terminal that is too narrow for a row of times gets a line for each field.
        let narrow = try await person.terminal(
            daemon, "sessions list --color never", columns: 40, environment: ["TZ": zone])
        #expect(narrow.contains("\nLAST USED AT  \(moments[1])\nCLIENT        libctl@"), "\(narrow)")
        let whole = try await person.terminal(daemon, "sessions list --fields id,client --color never", columns: 40)
        let ids = try await daemon.libctl("sessions", "list", "-o", "id", home: person.home).output
        #expect(whole.hasPrefix("ID      \(ids)CLIENT  libctl/"), "\(whole)")
        let piped = try await Program.run(
            Program.path("libctl"), ["sessions", "list"],
            environment: ["HOME": person.home.path, "LIBCTL_SERVER": daemon.address, "TZ": zone])
        let cells = piped.output.dropLast().split(separator: "\t")
        #expect(cells.count == 6)
        #expect(cells[1...3].allSatisfy { Timestamp(String($0)) != nil })
    }

    /// The time as a table shows it in a zone so many minutes east of Greenwich.
    private static func local(_ moment: Timestamp, _ minutes: Int64 = 0) -> String {
        String(moment.adding(seconds: minutes * 60).description.prefix(16)).replacing("T", with: " ")
    }

    /// An empty result says why on a terminal, and nowhere else.
    @Test func anEmptyResultSaysSo() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: person.home)
        let none = "no authors yet; to add some: libctl authors add --help\n"
        let noMatch = "nothing matched; to see all authors: libctl authors list\n"
        let said = [
            ("authors list", none), ("authors stats", none), ("authors list --search zzz", noMatch),
            ("authors list -o id", none), ("authors stats --country X", noMatch),
            ("authors rm --search zzz --yes", "nothing matched, so nothing was deleted\n"),
            ("authors rm --all --yes", "there are no authors to delete\n"),
            ("config list", "nothing is set; to see what can be: libctl config --help\n"),
            ("authors list -q", ""), ("authors list --json", "[]\n"), ("authors list -o ndjson", ""),
        ]
        for (line, text) in said {
            #expect(try await person.terminal(daemon, line) == text, "\(line)")
            let piped = try await Program.run(
                Program.path("libctl"), line.split(separator: " ").map(String.init),
                environment: ["HOME": person.home.path, "LIBCTL_SERVER": daemon.address])
            #expect(piped.code == 0)
            #expect(piped.error == "", "\(line)")
        }
        // Standard output in a file.
        let file = try PseudoTerminal(
            Program.path("libctl"), ["authors", "list"],
            environment: ["HOME": person.home.path, "LIBCTL_SERVER": daemon.address], output: person.home.path + "/list"
        )
        #expect(try await file.end().output == "")
    }
}
