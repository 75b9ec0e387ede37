import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

/// Tables and JSON as people and their programs write them, and what is said of those that cannot be read.
@Suite(.serialized) struct ImportTableTests {
    private static let list = "authors list --fields name,book,country,booker_prize"

    /// - Parameter options: separated by spaces; `~` stands for a space in a value.
    private func importing(_ ctl: Ctl, _ input: [UInt8], _ options: String = "") async throws -> Ctl.Result {
        let options = options.split(separator: " ").map { String($0).replacing("~", with: " ") }
        return try await ctl.run(["authors", "import", "-"] + options, input: input)
    }

    @Test(
        arguments: [
            // Cells that are empty may be missing at the end of a row, or too many.
            ("name,book,country\nA,B,C,\nA2,B,C,,\n", "", "A B C false|A2 B C false"),
            ("name,book,country,booker_prize,notes\nA,B,C\n", "", "A B C false"),
            ("name,book,country\n,,\nA,B,C\n , ,\n", "", "A B C false"),
            // Names of columns.
            ("Name,BOOK,country,Booker Prize\nA,B,C,true\n", "", "A B C true"),
            ("name,book,country,booker-prize\nA,B,C,Y\n", "", "A B C true"),
            ("Author Name,book,country,x\nA,B,C,on\n", "--map name=author_name --map Booker-Prize=X", "A B C true"),
            ("\"Author, main\",Title\nA,B\n", "--map name=Author,~main,book=Title --default country=C", "A B C false"),
            ("\"a, b=c\",Title\nA,B\n", "--map book=Title,name=\"a,~b=c\" --default country=C", "A B C false"),
            (#"{"Name":"A","Book":"B","COUNTRY":"C","Booker Prize":true}"#, "", "A B C true"),
            // Booleans and numbers.
            (
                "name,book,country,booker_prize\nA,1,C,t\nA,2,C,ON\nA,3,C,1.0\nA,4,C,N\nA,5,C,off\nA,6,C,0.0", "",
                "A 1 C true|A 2 C true|A 3 C true|A 4 C false|A 5 C false|A 6 C false"
            ),
            (
                #"{"name":"A","book":1984,"country":"C","booker_prize":"Yes"}"# + "\n"
                    + #"{"name":"A","book":1.50,"country":"C","booker_prize":1}"# + "\n"
                    + #"{"name":"A","book":12345678901234567890,"country":"C","booker_prize":""}"#, "",
                "A 1984 C true|A 1.50 C true|A 12345678901234567890 C false"
            ),
            // The separator.
            ("\"a, b, c, d, e\";name;book;country\n1;A;B;C\n", "", "A B C false"),
            ("name|book|country\nA|B|C", "", "A B C false"),
            ("\"x\ny;z\",name,book,country\n1,A,B,C", "", "A B C false"),
            ("sep=;\r\nname;book;country\r\nA;B;C", "", "A B C false"),
            ("name/book/country\nA/B/C", "--separator /", "A B C false"),
            ("name;book;country\nA;B;C", "--separator semicolon", "A B C false"),
            ("name,book,country\rA,B,C\r", "", "A B C false"),
            // No header.
            ("A;B, b;C\nA2;B;C\n", "--columns name,book,country", "A B, b C false|A2 B C false"),
            ("7\t\"A\"\tback\\\\slash\tC\ttrue\n8\tA2\tB\tC\tfalse\n", "", "\"A\" back\\\\slash C true|A2 B C false"),
            // Spaces of other kinds are spaces.
            ("name,book,country\nA\u{A0}A,B\u{3000}B\u{202F}x,C\n", "", "A A B B x C false"),
            // Columns that are ignored may hold anything, however long.
            ("name,notes,book,country\nA,\u{1}\u{7},B,C\n", "", "A B C false"),
            ("notes,name,book,country\n\(String(repeating: "é ", count: 1 << 20)),A,B,C\n", "", "A B C false"),
            ("notes,name,book,country\n\"\(String(repeating: "x, ", count: 1 << 20))\",A,B,C\n", "", "A B C false"),
            // JSON that is no line.
            (
                "[{\"name\":\"A\",\"book\":\"B\",\"country\":\"C\"},\n{\"name\":\"A2\",\"book\":\"B\",\"country\":\"C\"}]",
                "", "A B C false|A2 B C false"
            ),
            (
                "{\"list_of_authors\":[{\"name\":\"A\",\"book\":\"B\",\"country\":\"C\"}],\"next\":null}", "",
                "A B C false"
            ),
            (
                "{\n \"name\":\"A\",\n \"book\":\"B\",\n \"country\":\"C\"\n}\n{\"name\":\"A2\",\"book\":\"B\",\"country\":\"C\"}\n",
                "", "A B C false|A2 B C false"
            ),
        ] as [(String, String, String)])
    func whatIsMeantIsRead(input: String, options: String, expected: String) async throws {
        let ctl = try await Ctl.loggedIn()
        let result = try await importing(ctl, Array(input.utf8), options)
        #expect(result.code == 0, "\(result.error)")
        let rows = expected.split(separator: "|")
        let output = try await ctl.line(Self.list).output.replacing("\t", with: " ")
        #expect(output == rows.map { $0 + "\n" }.joined())
    }

    @Test(
        arguments: [
            ("name,book,country\nA,B,C,D\n", "", 65, "4 fields where the header has 3"),
            (
                "name,book,country,booker_prize\nA,B,C,WAHR\n", "", 7,
                "booker_prize must be true or false, or t, f, yes, no, y, n, on, off, 1 or 0, not 'WAHR'"
            ),
            (#"{"name":"A","book":"B","country":"C","booker_prize":"x"}"#, "", 7, "1 or 0, not 'x'"),
            (#"{"name":"A","book":true,"country":"C"}"#, "", 7, "book must be a string"),
            ("name,book,country\nA,B\n", "", 7, "country must not be empty"),
            ("Author;Title\n", "--map nme=Author", 64, "--map: 'nme' is not a field\n  hint: did you mean 'name'?"),
            ("Author;Title\n", "--map name", 64, "--map 'name' has no '='\n  hint: --map FIELD=COLUMN"),
            ("a,b\n", "--columns name,book", 65, "the column 'country' is missing"),
            ("a,b\n", "--separator xy", 64, "'xy' is not a separator\n  hint: comma, semicolon, tab, pipe"),
            ("a,b\n", "--encoding klingon", 64, "'klingon' is not an encoding\n  hint: utf-8, utf-16, windows-1252"),
            ("a,b\n", "--encoding ../x", 64, "'../x' is not an encoding"),
            ("[{\"name\":\"\",\"book\":\"B\",\"country\":\"C\"}]", "", 7, "item 1: name must not be empty"),
            ("[{\"name\":\"A\",\"book\":\"B\",\"country\":\"C\"}", "", 8, "item 2: not JSON: the array is not closed"),
        ] as [(String, String, Int32, String)])
    func whatCannotBeReadIsTold(input: String, options: String, code: Int32, said: String) async throws {
        let ctl = try await Ctl.loggedIn()
        let result = try await importing(ctl, Array(input.utf8), options)
        #expect(result.code == code, "\(result.error)")
        #expect(result.error.contains(said), "\(result.error)")
    }

    /// A quote that is never closed is a fault of one line, and the others are stored.
    @Test func anOpenQuoteIsOneBadLine() async throws {
        let ctl = try await Ctl.loggedIn()
        let input = "name,book,country\nA,\"B,C\n" + (3...3000).map { "N\($0),B,C\n" }.joined()
        let result = try await importing(ctl, Array(input.utf8))
        #expect(result.code == 8)
        #expect(
            result.error
                == "libctl: line 2: a quote is not closed\ncreated 2998, 1 failed\nlibctl: authors import: 1 of 2999 lines failed\n"
        )
    }

    /// Bytes that are no UTF-8 matter only in columns that are used, and the message names the column.
    @Test func badBytesMatterWhereTheyAreUsed() async throws {
        let ctl = try await Ctl.loggedIn()
        let input = Array(
            "Gr\u{F6}\u{DF}e;Title;Author\n1;One;Ann\n2;Two;B\u{F6}b\n".unicodeScalars.map { UInt8($0.value) })
        let options = "--map book=Title,name=Author --default country=C"
        let result = try await importing(ctl, input, options)
        #expect(result.code == 8)
        #expect(result.error.contains("libctl: line 3: name is not valid UTF-8\ncreated 1, 1 failed\n"))
        #expect(result.error.hasSuffix("  hint: if the file is in another encoding: --encoding windows-1252\n"))
        let again = try await importing(ctl, input, options + " --encoding latin1 --on-conflict skip")
        #expect(again.error.hasSuffix("created 1, skipped 1, 0 failed\n"), "\(again.error)")
        #expect(try await ctl.line("authors list --fields name").output == "Ann\nBöb\n")
    }

    /// The ids of an export are not used, which is said where they could be expected to be.
    @Test func idsAreNotUsed() async throws {
        let ctl = try await Ctl.loggedIn()
        let input = Array("id,name,book,country\n7,A,B,C\n".utf8)
        #expect(try await importing(ctl, input).error == "created 1, 0 failed\n")
        #expect(
            try await importing(ctl, input, "--on-conflict update").error
                == "libctl: the ids in the file are ignored: authors are found by name and book\nunchanged 1, 0 failed\n"
        )
    }
}
