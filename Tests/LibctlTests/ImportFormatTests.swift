import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

/// Files as other programs write them.
@Suite(.serialized) struct ImportFormatTests {
    /// A library as Goodreads exports it, with invented books.
    private static let goodreads = #"""
        Book Id,Title,Author,Author l-f,Additional Authors,ISBN,ISBN13,My Rating,Average Rating,Publisher,Binding,Number of Pages,Year Published,Original Publication Year,Date Read,Date Added,Bookshelves,Bookshelves with positions,Exclusive Shelf,My Review,Spoiler,Private Notes,Read Count,Owned Copies
        1,"The Long Way (Ways, #1)",Ada  Example,"Example, Ada",,="0000000001",="9780000000001",5,4.21,"House, The",Paperback,300,2001,2001,2020/01/02,2019/12/24,,,read,"Good.<br/>""Very"" good.",,,1,0
        2,Short,Bob Example,"Example, Bob","Carol Example, Dan Example","=""""","=""""",0,3.90,,Hardcover,,,1999,,2020/01/02,to-read,to-read (#1),to-read,,,,0,0
        2,Short,Bob Example,"Example, Bob",,="",="",0,3.90,,Hardcover,,,1999,,2020/01/02,,,to-read,,,,0,0

        """#

    /// A library as LibraryThing exports it: tabs, no quoting, quotation marks in the text.
    private static let libraryThing = """
        Book Id\tTitle\tSort Character\tPrimary Author\tPrimary Author Role\tSecondary Author\tPublication\tDate\tReview\tRating\tTags\tCollections
        10\t"Quoted" & so on\t1\tExample, Ada\t\t\tHouse (2001)\t2001\t\t4\tnovel, good\tYour library
        11\tÜber – 漢字\t1\tExample, Bob\tAuthor\tCarol\t\t\t\t\t\tYour library

        """

    @Test func goodreadsGoesInWithOneCommand() async throws {
        let ctl = try await Ctl.loggedIn()
        let command = [
            "authors", "import", "-", "--map", "name=Author,book=Title", "--default", "country=Unknown",
            "--on-conflict",
            "skip",
        ]
        let result = try await ctl.run(command, input: Array(Self.goodreads.utf8))
        #expect(result.code == 0, "\(result.error)")
        #expect(result.error.hasSuffix("created 2, skipped 1, 0 failed\n"))
        #expect(result.error.split(separator: "\n").count == 2)
        #expect(
            try await ctl.line("authors list --fields name,book,country").output
                == "Ada  Example\tThe Long Way (Ways, #1)\tUnknown\nBob Example\tShort\tUnknown\n")
    }

    @Test(arguments: [String.Encoding.utf8, .utf16LittleEndian, .utf16BigEndian])
    func libraryThingGoesInWithOneCommand(encoding: String.Encoding) async throws {
        let ctl = try await Ctl.loggedIn()
        let mark = encoding == .utf8 ? "" : "\u{FEFF}"
        let input = try #require((mark + Self.libraryThing).data(using: encoding))
        let command = [
            "authors", "import", "-", "--map", "name=Primary Author,book=Title", "--default", "country=Unknown",
        ]
        let result = try await ctl.run(command, input: Array(input))
        #expect(result.code == 0, "\(result.error)")
        #expect(
            try await ctl.line("authors list --fields name,book").output
                == "Example, Ada\t\"Quoted\" & so on\nExample, Bob\tÜber – 漢字\n")
    }

    @Test(
        arguments: [
            ("name;book;country\r\n\"A; B\";C,D;E\r\n", "", "A; B\tC,D\tE\n"),
            ("name\tbook\tcountry\nA\t\"B\tC\n", "", "A\t\"B\tC\n"),
            ("name,book\nA,B\n", "--default country=X --default name=N", "A\tB\tX\n"),
            ("name,book,country\n ,B,\n", "--default country=X --default name=N", "N\tB\tX\n"),
            (#"{"name":"A","book":"B"}"#, "--default country=X", "A\tB\tX\n"),
            (#"{"name":"A","book":"B","country":""}"#, "--default country=a=b", "A\tB\ta=b\n"),
            ("name\tbook\tcountry\nA\tB\tC\n", "--file-format tsv", "A\tB\tC\n"),
            ("\u{FEFF}" + #"{"name":"A","book":"B","country":"C"}"#, "", "A\tB\tC\n"),
            (#"{"name":"A","book":"B","country":null}"#, "--default country=X", "A\tB\tX\n"),
        ])
    func whatIsMeantIsRead(input: String, options: String, expected: String) async throws {
        let ctl = try await Ctl.loggedIn()
        let result = try await ctl.line("authors import - \(options)", input: input)
        #expect(result.code == 0, "\(result.error)")
        #expect(try await ctl.line("authors list --fields name,book,country").output == expected)
    }

    @Test(
        arguments: [
            ("--default country", 64), ("--default booker_prize=true", 64),
            ("--default country=A --default country=B", 64),
            ("--file-format tsv", 65), ("--file-format ndjson", 65), ("", 65), ("--default country=\u{7}", 7),
        ] as [(String, Int32)])
    func failures(options: String, code: Int32) async throws {
        let ctl = try await Ctl.loggedIn()
        let result = try await ctl.line("authors import - \(options)", input: "name,book\nA,B\n")
        #expect(result.code == code, "\(result.error)")
        #expect(try await ctl.line("authors list").output == "")
    }

    /// Half a UTF-16 character is reported, not left out or replaced.
    @Test(
        arguments: [[0x58, 0x00, 0x58], [0x00, 0xD8, 0x58, 0x00], [0x00, 0xD8], [0x00, 0xDC, 0x0A, 0x00]] as [[UInt8]])
    func utf16ThatIsNoneIsAFault(end: [UInt8]) async throws {
        let ctl = try await Ctl.loggedIn()
        let start = try #require("\u{FEFF}name,book,country\nA,B,C\nD,E,".data(using: .utf16LittleEndian))
        let result = try await ctl.run(["authors", "import", "-"], input: Array(start) + end)
        #expect(result.code == 8)
        #expect(result.error.contains("line 3: country is not valid UTF-8"), "\(result.error)")
        #expect(try await ctl.line("authors list --fields name").output == "A\n")
    }

    @Test func utf16IsReadHoweverItIsCut() throws {
        let text = "é漢📚\n"
        for encoding in [String.Encoding.utf16LittleEndian, .utf16BigEndian, .utf8] {
            var decoder = TextDecoder()
            let bytes = try #require(((encoding == .utf8 ? "" : "\u{FEFF}") + text).data(using: encoding))
            let decoded = bytes.flatMap { decoder.utf8([$0]) }
            #expect(String(decoding: decoded, as: UTF8.self) == text)
        }
    }
}
