import Shared
import TestSupport
import Testing

@Suite struct TextTests {
    @Test(
        arguments: [
            (Int64(0), "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_795_455_842_123, "2026-11-23T17:44:02.123Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] as [(Int64, String)])
    func timestampsAreWrittenAndRead(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
        #expect(Timestamp(text)?.milliseconds == milliseconds)
    }

    @Test func timestampsThatCannotBeToldAreClamped() {
        #expect(Timestamp(milliseconds: .max).description == "9999-12-31T23:59:59.999Z")
        #expect(Timestamp(milliseconds: .min).description == "0000-01-01T00:00:00.000Z")
        #expect(Timestamp(milliseconds: .max).adding(seconds: .max).milliseconds == .max)
        #expect(Timestamp(milliseconds: .min).adding(seconds: .min).milliseconds == .min)
        #expect(Timestamp(milliseconds: -1).seconds == -1)
    }

    @Test(arguments: [
        "", "2026-11-23", "2026-02-30T00:00:00.000Z", "2026-13-01T00:00:00.000Z", "2026-00-01T00:00:00.000Z",
        "2026-11-23T24:00:00.000Z", "2026-11-23T18:60:00.000Z", "2026-11-23t18:04:02.123Z", "2026-11-23T18:04:02.123z",
        "2026-11-23T18:04:02,123Z", "2026-11-23T18:04:02.123+", "+026-11-23T18:04:02.123Z", "２026-11-23T18:04:02.123Z",
    ])
    func otherTextIsNoTimestamp(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test(arguments: [("90s", 90), ("30m", 1800), ("12h", 43200), ("30d", 2_592_000), ("0s", 0)] as [(String, Int64)])
    func lifetimesAreRead(text: String, seconds: Int64) {
        #expect(TimeSpan(text)?.seconds == seconds)
    }

    @Test(arguments: ["", "s", "5", "-1s", "+1s", "1.5h", "1w", "1 s", "9999999999s", "999999999d", "９s", "1S"])
    func otherTextIsNoLifetime(text: String) {
        #expect(TimeSpan(text) == nil)
    }

    @Test(
        arguments: [(Int64(90), "90s"), (1800, "30m"), (86400, "1d"), (3661, "3661s"), (0, "0s")] as [(Int64, String)])
    func lifetimesAreWritten(seconds: Int64, text: String) {
        #expect(TimeSpan(seconds: seconds).description == text)
    }

    @Test(arguments: ["a b", "é&=?#%+/", "📚", "", "\0\n", "~-._"])
    func percentEncodingSurvives(text: String) {
        let encoded = PercentEncoding.encode(text)
        #expect(encoded.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"&=?#+/".utf8.contains($0) })
        #expect(PercentEncoding.decode(encoded) == text)
    }

    @Test(arguments: ["%", "%1", "%zz", "%FF", "%C3", "a%"])
    func brokenEscapesAreNoText(text: String) {
        #expect(PercentEncoding.decode(text) == nil)
    }

    @Test func queriesAreSplit() {
        #expect(
            QueryItem.parse("a=1&b=x+y%26&c&=d&&e==") == [
                QueryItem("a", "1"), QueryItem("b", "x y&"), QueryItem("c", ""), QueryItem("", "d"),
                QueryItem("e", "="),
            ])
        #expect(QueryItem.string([]) == "")
        #expect(QueryItem.string([QueryItem("q", "a b")]) == "?q=a%20b")
    }

    @Test func aQuerySurvivesTheURL() throws {
        var query = AuthorQuery()
        query.limit = 7
        query.after = "x+/="
        query.sort = AuthorSort(.book, descending: true)
        query.search = "é & b"
        query.name = "N"
        query.book = "B"
        query.country = "C"
        query.bookerPrize = false
        let text = QueryItem.string(query.items).dropFirst()
        #expect(try AuthorQuery(items: QueryItem.parse(text) ?? []) == query)
        #expect(AuthorQuery().items.isEmpty)
    }

    @Test(
        arguments: [
            ("nme", "name"), ("contry", "country"), ("Book", "book"), ("xyz", nil), ("", nil),
            (String(repeating: "x", count: 100_000), nil),
        ] as [(String, String?)])
    func theNearestNameIsFound(word: String, nearest: String?) {
        #expect(closest(to: word, among: ["name", "book", "country"]) == nearest)
    }

    /// All spellings of this machine, and texts that only look like it.
    @Test(arguments: [
        ("localhost", true), ("LocalHost", true), ("localhost.", true), ("127.0.0.1", true), ("127.1", true),
        ("127.255.255.254", true), ("0x7f.1", true), ("2130706433", true), ("0177.0.0.1", true), ("::1", true),
        ("[::1]", true), ("0:0:0:0:0:0:0:1", true), ("[0:0::1]", true), ("::ffff:127.0.0.1", true),
        ("[::FFFF:7f00:1]", true), ("", false), (".", false), ("localhost..", false), ("localhost.example.org", false),
        ("127.0.0.1.example.org", false), ("127.0.0.1 x", false), ("127.0.0.256", false), ("128.0.0.1", false),
        ("1.127", false), ("::2", false), ("[::1", false), ("::1%lo", false), ("::ffff:128.0.0.1", false),
        ("127.0.0.1:80", false), ("1271", false), ("::127.0.0.1", false),
    ])
    func thisMachineIsRecognized(host: String, isThisMachine: Bool) {
        #expect(isLoopback(host: host) == isThisMachine)
    }

    @Test(arguments: [
        ("Example.ORG.", "example.org"), ("127.1", "127.0.0.1"), ("[0::1]", "[::1]"), ("dead.beef", "dead.beef"),
        ("2001:DB8:0::1", "2001:db8::1"), ("a", "a"), (".", "."), ("[x]", "[x]"), ("10.1", "10.0.0.1"),
        ("localhost..", "localhost.."), ("localhost.", "localhost"),
    ])
    func aHostHasOneForm(host: String, form: String) {
        #expect(canonicalHost(host) == form)
        #expect(canonicalHost(form) == form)
    }

    @Test(arguments: [
        ("a-b_c.d/e:f@g%h+i=j,k", "a-b_c.d/e:f@g%h+i=j,k"), ("", "''"), ("a b", "'a b'"), ("it's", #"'it'\''s'"#),
        ("$(x)", "'$(x)'"), ("é", "'é'"), ("~", "'~'"),
    ])
    func aWordIsQuotedForAShell(word: String, quoted: String) {
        #expect(Escaping.shell(word) == quoted)
    }
}
