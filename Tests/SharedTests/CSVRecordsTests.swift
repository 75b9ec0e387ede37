import Foundation
import Shared
import TestSupport
import Testing

/// Tables as spreadsheets and other programs write them. Each is read in pieces of many sizes.
@Suite struct CSVRecordsTests {
    /// The records as `NUMBER CELL|CELL`, or `NUMBER !FAULT`.
    private func read(_ text: [UInt8], _ separator: UInt8?, pieces: Int) -> [String] {
        var records = CSVRecords(separator: separator)
        var (all, rest) = ([String](), text[...])
        while true {
            records.append(rest.prefix(pieces))
            rest = rest.dropFirst(pieces)
            while let record = records.next(atEnd: rest.isEmpty) {
                all.append("\(record.number) " + (record.fault.map { "!\($0)" } ?? record.cells.joined(separator: "|")))
            }
            if rest.isEmpty { return all }
        }
    }

    private func expect(_ text: String, _ separator: UInt8? = nil, _ expected: [String]) {
        let bytes = Array(text.utf8)
        for size in [1, 2, 3, 5, 7, 11, 64, 1 << 20] {
            #expect(read(bytes, separator, pieces: size) == expected, "in pieces of \(size)")
        }
    }

    @Test(
        arguments: [
            // A byte order mark is no part of the first cell.
            ("\u{FEFF}\"a\",\"b\"\r\n\"1\",2\r\n", ["1 a|b", "2 1|2"]),
            ("\u{FEFF}\"Ref, old\",b\n", ["1 Ref, old|b"]), ("\u{FEFF}", []), ("\u{FEFF}a", ["1 a"]),
            // Spaces around quotes.
            ("a, \"b, c\" ,\t\"d\"\n \"e\"", ["1 a|b, c|d", "2 e"]),
            ("\"a\" x,b\nc\n", ["1 !text after a closing quote", "2 c"]),
            ("\"a\"\"b\" ,c", ["1 a\"b|c"]), (" a\"b , c", ["1 a\"b |c"]),
            // The first line may name the separator.
            ("sep=;\na;b\n", ["2 a|b"]), ("SEP=|\r\na|b\r\n", ["2 a|b"]), ("\u{FEFF}sep=\t\n\na\tb", ["3 a|b"]),
            ("\"sep=;\"\na;b", ["2 a|b"]), ("sep=;", []), ("sep=;x\n", ["1 sep=;x"]), ("sep", ["1 sep"]),
            ("sep=a\n", ["1 sep=a"]), ("sep,t\n", ["1 sep|t"]),
            // Lines that end in CR, and other mixtures.
            ("a,b\rc,\"d\re\"\rf,g\r", ["1 a|b", "2 c|d\re", "4 f|g"]), ("a\r\nb\nc\rd\n", ["1 a", "2 b", "3 c\rd"]),
            ("a\rb\r\nc\n", ["1 a", "2 b", "3 c"]), ("a\r", ["1 a"]), ("\r\ra", ["3 a"]),
            // Rows without text, and the end of a file of DOS.
            (",,\n , \n\"\",\"\"\na", ["4 a"]), ("a,b\n\u{1A}", ["1 a|b"]), ("a,b\u{1A}\u{1A}", ["1 a|b"]),
            ("a\n\u{1A}\n", ["1 a"]),
            // A quote that is never closed is a fault of its line only; the lines after it are read each by itself.
            ("a,\"b\nc,d\n", ["1 !a quote is not closed", "2 c|d"]),
            ("a,\"b\nc,\"d\",e\nf", ["1 !a quote is not closed", "2 c|d|e", "3 f"]),
            ("a,\"b\nc,\"d\ne", ["1 !a quote is not closed", "2 !a quote is not closed", "3 e"]),
            ("\"", ["1 !a quote is not closed"]), ("a,\"b\"\"", ["1 !a quote is not closed"]), ("\"a\"", ["1 a"]),
        ] as [(String, [String])])
    func aTableIsReadAsItIsMeant(text: String, expected: [String]) {
        expect(text, nil, expected)
    }

    /// In tab-separated values a cell that begins with a quote is quoted only if it ends as a quoted cell does.
    @Test(
        arguments: [
            ("\"A, a\"\t\"say \"\"hi\"\"\"\tC\n", ["1 A, a|say \"hi\"|C"]),
            ("\"Q\" is for x\tb\n", ["1 \"Q\" is for x|b"]),
            ("a\t\"two\nlines\"\tb\n", ["1 a|two\nlines|b"]), ("a\t\"b\tc\nd\te\n", ["1 a|\"b|c", "2 d|e"]),
            ("a\t\"b\tc\nd\te 12\"\tf\n", ["1 a|\"b|c", "2 d|e 12\"|f"]), ("a\t\"tab\there\"\tb", ["1 a|tab\there|b"]),
            ("a\tb\t\"c\nd\te 12\"\tf\n", ["1 a|b|\"c", "2 d|e 12\"|f"]), ("\"a", ["1 \"a"]),
            ("a\t\"\"\tb", ["1 a||b"]),
            ("\"a\"\r\n\"b\"\r\n", ["1 a", "2 b"]), ("\"a\"\"\tb\n\"c\"", ["1 \"a\"\"|b", "2 c"]),
        ] as [(String, [String])])
    func tabsKeepQuotationMarks(text: String, expected: [String]) {
        expect(text, UInt8(ascii: "\t"), expected)
    }

    /// However the quotes and line ends stand, every line is read, and in a time that grows with the length only.
    @Test(arguments: [",", "\t"]) func noFileTakesQuadraticTime(separator: String) throws {
        for pattern in [
            "\"a\n", "\"\"\"\n", "a\(separator)\"b\n", "\"a\(separator)\"\"b\n", "\"\(separator)\n\"",
        ] {
            var records = CSVRecords(separator: separator.utf8.first)
            let text = String(repeating: pattern, count: (1 << 17) / pattern.utf8.count)
            var count = 0
            for start in stride(from: 0, to: text.utf8.count, by: 1 << 16) {
                records.append(text.utf8.dropFirst(start).prefix(1 << 16))
                while records.next(atEnd: false) != nil { count += 1 }
            }
            while records.next(atEnd: true) != nil { count += 1 }
            #expect(count > 0)
        }
    }

    /// A quote that is never closed in a long file harms its line only, and takes bounded memory.
    @Test func anOpenQuoteInALongFileHarmsOneLine() {
        let rows = (2...100_000).map { "N\($0),B,C" }.joined(separator: "\n")
        let told = read(Array("a,\"b,c\n\(rows)".utf8), nil, pieces: 1 << 16)
        #expect(told.first == "1 !a quote is not closed")
        #expect(told.count == 100_000)
        #expect(told.last == "100000 N100000|B|C")
    }
}
