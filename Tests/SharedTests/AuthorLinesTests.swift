import Shared
import TestSupport
import Testing

@Suite struct AuthorLinesTests {
    /// Reads a file in pieces of that many bytes.
    private func read(_ text: [UInt8], _ format: AuthorLines.Format, pieces: Int) throws -> [String] {
        var lines = AuthorLines(format, unknownMembers: .ignored)
        var told: [String] = []
        var rest = text[...]
        while true {
            lines.append(rest.prefix(pieces))
            rest = rest.dropFirst(pieces)
            while let line = try lines.next(atEnd: rest.isEmpty) {
                switch line.entry {
                case .success(let entry):
                    told.append("\(line.number) \(entry.name)|\(entry.book)|\(entry.country ?? "")")
                case .failure(let fault): told.append("\(line.number) \(fault)")
                }
            }
            if rest.isEmpty { return told }
        }
    }

    @Test(arguments: [
        (AuthorLines.KeptTexts.ofNoLines, [nil, nil]), (.ofFaultyLines, [nil, "x"]), (.ofAllLines, ["a,b,c", "x"]),
    ])
    func linesHaveTheirTextIfThatIsWanted(texts: AuthorLines.KeptTexts, expected: [String?]) throws {
        var lines = AuthorLines(.csv, texts: texts, unknownMembers: .rejected)
        lines.append("name,book,country\na,b,c\nx\n".utf8)
        for text in expected {
            let line = try #require(try lines.next(atEnd: true))
            #expect(line.text == text.map { Array($0.utf8) })
        }
    }

    @Test(arguments: 1...40)
    func aTableIsTheSameInPiecesOfAnySize(size: Int) throws {
        let text = #"""
            \#u{FEFF}name,book,"country"\#r
            a,b,c\#r
            \#r
            "a, ""x""","two words",\#u{E9}
            a"b,c,d
            "two
            lines",b,c
            "a"x,b,c
            ,,
            a,b
            "a",b,"\#u{1F4DA}"
            """#
        let expected = [
            "2 a|b|c", "4 a, \"x\"|two words|\u{E9}", "5 a\"b|c|d", "6 name must not contain control characters",
            "8 text after a closing quote",
            "10 country must not be empty", "11 a|b|\u{1F4DA}",
        ]
        let told = try read(Array(text.utf8), .csv, pieces: size)
        #expect(told == expected)
    }

    @Test(arguments: 1...40)
    func linesAreTheSameInPiecesOfAnySize(size: Int) throws {
        let text = #"""
            {"name":"a, \"b\"","book":"b","country":"c"}

              \#t
            {"name":"\u00e9","book":"\\","country":"\ud83d\udcda"}
            {"name":"a
            {"name":" a ","book":"\#u{E9}","country":"c","booker_prize":true}
            """#
        let told = try read(Array(text.utf8), .ndjson, pieces: size)
        #expect(
            told == [
                "1 a, \"b\"|b|c", "4 \u{E9}|\\|\u{1F4DA}", "5 not JSON: unterminated string at byte 10",
                "6 a|\u{E9}|c",
            ])
    }

    /// The fields and the names of a hostile line are bounded.
    @Test func aHostileLineTakesLittle() throws {
        var lines = AuthorLines(.csv, unknownMembers: .rejected)
        lines.append(Array("name,book,country\n".utf8))
        lines.append([UInt8](repeating: UInt8(ascii: ","), count: 2 << 20))
        lines.append(Array("\nA,B,C\n".utf8))
        let first = try #require(try lines.next(atEnd: true))
        #expect(throws: AuthorLines.Fault.csv("the record is longer than 1 MiB")) { try first.entry.get() }
        #expect(first.text == nil)
        #expect(try lines.next(atEnd: true)?.entry.get().name == "A")

        let name = String(repeating: "é", count: 100_000)
        var objects = AuthorLines(.ndjson, unknownMembers: .rejected)
        objects.append(Array(#"{"name":"A","book":"B","country":"C","\#(name)":1}"#.utf8))
        let fault = #expect(throws: AuthorLines.Fault.self) { try objects.next(atEnd: true)?.entry.get() }
        #expect(fault?.description == "\(name.prefix(64))… is not a field of an author")
    }

    @Test(arguments: AuthorLines.Format.allCases)
    func aLineWithoutEndHarmsOnlyItself(format: AuthorLines.Format) throws {
        let long = String(repeating: "x", count: 1 << 20)
        let text =
            switch format {
            case .csv: "name,book,country\n\(long),b,c\na,b,c\n"
            case .ndjson: "{}\n{\"name\":\"\(long)\"}\n{\"name\":\"a\",\"book\":\"b\",\"country\":\"c\"}\n"
            }
        for size in [1000, 1 << 14, 1 << 22] {
            let told = try read(Array(text.utf8), format, pieces: size)
            #expect(told.suffix(2) == ["2 the record is longer than 1 MiB", "3 a|b|c"])
        }
    }
}
