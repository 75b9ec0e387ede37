import Shared
import Testing

@testable import libctl

/// How texts, columns and numbers are shown to people.
@Suite struct TerminalTextTests {
    /// The widths that tmux and xterm give these texts.
    @Test(arguments: [
        ("abc", 3), ("é", 1), ("e\u{301}", 1), ("漢字", 4), ("📚", 2), ("", 0),
        // Devanagari: spacing vowel signs and the consonants of a conjunct have a column each, the others none.
        ("अरुंधती", 5), ("रॉय", 3), ("मामूली", 5), ("क्षत्रिय", 6), ("भारत", 4), ("श्रीमान्", 6),
        // Thai: vowels and tones above and below have none, SARA AM has one.
        ("ประเทศไทย", 9), ("คำพูน", 4), ("น้ำ", 2), ("ลูกอีสาน", 6),
        ("தமிழ்", 4), ("বাংলা", 5), ("සිංහල", 4),
        ("دولت\u{200C}آبادی", 9), ("مُحَمَّد", 4), ("한국", 4), ("\u{1112}\u{1161}\u{11AB}", 2), ("가\u{301}", 2),
        ("👩‍🚀", 2), ("👩\u{200D}👩\u{200D}👧\u{200D}👦", 2), ("👍🏽", 2), ("❤\u{FE0F}", 2), ("❤", 1), ("🇩🇪", 2),
        ("🇩🇪🇫🇷", 4), ("1\u{FE0F}\u{20E3}", 2), ("〈〉", 4), ("½", 1),
    ])
    func width(text: String, columns: Int) {
        #expect(DisplayWidth.of(text) == columns)
    }

    @Test(arguments: [
        ("plain", 5, "plain"), ("plainer", 5, "plai…"), ("漢字漢字", 8, "漢字漢字"), ("漢字漢字", 7, "漢字漢…"),
        ("漢字漢字", 6, "漢字…"), ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"), ("मामूली", 5, "मामूली"),
        ("मामूली", 4, "मामू…"), ("คำพูน", 3, "คำ…"), ("👩‍🚀👩‍🚀", 3, "👩‍🚀…"),
    ])
    func textIsShortenedByColumns(text: String, columns: Int, expected: String) {
        let shortened = DisplayWidth.shortened(text, to: columns)
        #expect(shortened == expected)
        #expect(DisplayWidth.of(shortened) <= columns)
    }

    @Test(
        arguments: [
            ("", 10, [""]), ("one two", 10, ["one two"]), ("one two three", 10, ["one two", "three"]),
            ("one two three", 7, ["one two", "three"]), ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
            ("a bcdefgh i", 4, ["a", "bcde", "fgh", "i"]), ("a  b", 10, ["a  b"]), ("漢字漢字漢", 5, ["漢字", "漢字", "漢"]),
            ("ab 👩‍🚀👩‍🚀", 4, ["ab", "👩‍🚀👩‍🚀"]), ("मामूली चीजों", 6, ["मामूली", "चीजों"]), ("漢", 1, ["漢"]),
        ] as [(String, Int, [String])])
    func textIsWrapped(text: String, columns: Int, expected: [String]) {
        #expect(DisplayWidth.lines(text, of: columns) == expected)
    }

    /// A joiner is shown where it changes the text, and escaped where it would only be invisible.
    @Test(arguments: [
        ("دولت\u{200C}آبادی", "دولت\u{200C}آبادی"), ("ශ්\u{200D}රී", "ශ්\u{200D}රී"),
        ("👩\u{200D}👧", "👩\u{200D}👧"), ("❤\u{FE0F}\u{200D}🔥", "❤\u{FE0F}\u{200D}🔥"),
        ("a\u{200D}b", "a\\u{200D}b"), ("é\u{200C}", "é\\u{200C}"), ("ạ\u{200D}", "ạ\\u{200D}"),
        ("\u{200C}x", "\\u{200C}x"), ("я\u{200D}", "я\\u{200D}"),
        ("ت\u{200C}\u{200C}ت", "ت\u{200C}\\u{200C}ت"), ("\u{202E}\u{200D}", "\\u{202E}\\u{200D}"),
    ])
    func joinersAreShown(text: String, shown: String) {
        #expect(Escaping.terminal(text).unicodeScalars.elementsEqual(shown.unicodeScalars))
    }

    /// JSON stays as it was: each joiner is escaped.
    @Test func joinersInJSONAreEscaped() {
        let json = Escaping.json(Array("\"ت\u{200C}ت👩\u{200D}👧\"".utf8))
        #expect(String(decoding: json, as: UTF8.self) == #""ت\u200cت👩\u200d👧""#)
    }

    @Test(arguments: [(0, "0 authors"), (1, "1 author"), (2, "2 authors")])
    func numbersAgreeWithTheirNouns(number: Int, text: String) {
        #expect(counted(number, "author") == text)
    }

    @Test(
        arguments: [
            ("ada-laptop", "libctl/0.1.0 (ada-laptop)", "ada-laptop"), ("a.b_c", "libctl/0.1.0 (a.b_c)", "a.b_c"),
            ("", "libctl/0.1.0", nil), ("\u{1B}[31mé\r\nX: y) (", "libctl/0.1.0 (31mXy)", "31mXy"),
            ("é", "libctl/0.1.0", nil),
            (
                String(repeating: "x", count: 300), "libctl/0.1.0 (\(String(repeating: "x", count: 64)))",
                String(repeating: "x", count: 64)
            ),
        ] as [(String, String, String?)])
    func theHostIsNamedHarmlessly(host: String, name: String, shown: String?) {
        #expect(ClientName(host: host).text == name)
        #expect(ClientName.host(in: name).map(String.init) == shown)
        #expect(name.utf8.count <= 100)
    }

    @Test(arguments: ["curl/8.0 (x)", "libctl/0.1.0", "libctl/0.1.0 (", "libctl/0.1.0 x)", "", "libctl/)"])
    func anotherClientHasNoHost(client: String) {
        #expect(ClientName.host(in: client) == nil)
    }
}

/// The widths of the columns of a table.
@Suite struct TableLayoutTests {
    private static func columns(_ cells: [Int], header: Int = 2) -> [TableLayout.Column] {
        zip([.number, .text, .text, .word, .time], cells).map { .init(kind: $0, header: header, cells: $1) }
    }

    @Test(
        arguments: [
            ([3, 10, 10, 5, 16], 80, [3, 10, 10, 5, 16]), ([3, 40, 60, 10, 16], 80, [3, 22, 21, 10, 16]),
            ([3, 40, 60, 5, 16], 44, [3, 6, 6, 5, 16]), ([3, 4, 60, 5, 16], 80, [3, 4, 44, 5, 16]),
            ([3, 40, 60, 5, 16], 43, nil), ([3, 1, 1, 36, 16], 40, nil),
        ] as [([Int], Int, [Int]?)])
    func onlyTextsAreCut(cells: [Int], width: Int, expected: [Int]?) {
        var widths = TableLayout.widths(of: Self.columns(cells), into: width)
        // Which of two equal columns is narrowed first is not promised.
        if cells[1] > 6, cells[2] > 6 { widths?[1...2].sort(by: >) }
        #expect(widths == expected)
    }

    /// The name of a column is cut before its cells are.
    @Test func namesOfColumnsAreCut() {
        let columns = [TableLayout.Column(kind: .text, header: 4, cells: 20), .init(kind: .word, header: 12, cells: 5)]
        #expect(TableLayout.widths(of: columns, into: 40) == [20, 12])
        #expect(TableLayout.widths(of: columns, into: 14) == [6, 6])
        #expect(TableLayout.widths(of: columns, into: 12) == nil)
    }

    /// If the list goes on, numbers get two columns more, and texts share the rest by their lengths.
    @Test(
        arguments: [
            ([3, 10, 20, 5, 16], 92, [5, 19, 38, 5, 16]), ([3, 10, 20, 5, 16], 62, [3, 10, 20, 5, 16]),
            ([3, 10, 20, 5, 16], 63, [4, 10, 20, 5, 16]), ([3, 0, 0, 5, 16], 92, [5, 2, 2, 5, 16]),
        ] as [([Int], Int, [Int])])
    func whatIsFreeIsShared(cells: [Int], width: Int, expected: [Int]) {
        #expect(TableLayout.widths(of: Self.columns(cells), into: width, goesOn: true) == expected)
        #expect(expected.reduce(8, +) <= width)
    }
}
