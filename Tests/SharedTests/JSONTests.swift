import Shared
import Testing

@Suite struct JSONTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    private func written(_ value: JSONValue) -> String {
        var json = JSONWriter()
        json.value(value)
        return String(decoding: json.bytes, as: UTF8.self)
    }

    @Test(arguments: [
        ("null", JSONValue.null), (" true\n", .bool(true)), ("false", .bool(false)), ("0", .integer(0)),
        ("-0", .integer(0)), ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("1.5", .number(1.5)), ("1e3", .number(1000)),
        ("1E-2", .number(0.01)), (#""""#, .string("")), (#""a\"\\\/\b\f\n\r\t""#, .string("a\"\\/\u{8}\u{C}\n\r\t")),
        (#""\u00e9\ud83d\udcda""#, .string("é📚")), ("[]", .array([])),
        ("[1,[2]]", .array([.integer(1), .array([.integer(2)])])),
        ("{}", .object([])),
        (#"{"b":1,"a":2}"#, .object([.init(name: "b", value: .integer(1)), .init(name: "a", value: .integer(2))])),
    ])
    func reads(text: String, value: JSONValue) throws {
        #expect(try parse(text) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "True", "NaN", "Infinity", "+1", "01", "-", "1.", ".5", "1e", "0x1", "1e400", "-1e400", "'a'",
        "\"",
        "\"\n\"", "\"\u{0}\"", #""\x""#, #""\u12""#, #""\ud800""#, #""\ud800x""#, #""\ud800\u0041""#, #""\udc00""#,
        "[", "[1", "[1,", "[1,]", "[,]", "[1 2]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{a:1}",
        "{\"a\" 1}",
        #"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#, "{\"\u{E9}\":1,\"e\u{301}\":2}", "1 2", "{}x", "\u{FEFF}{}", "//\n1",
    ])
    func refuses(text: String) {
        #expect(throws: JSONSyntaxError.self) { try parse(text) }
    }

    @Test(arguments: [
        [0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x7B, 0x00, 0x7D, 0x00],
        [0xFE, 0xFF, 0x00, 0x31],
    ])
    func refusesWhatIsNotUTF8(bytes: [UInt8]) {
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: bytes) }
    }

    @Test func depthIsBounded() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(throws: Never.self) { try parse(nested(32)) }
        #expect(throws: JSONSyntaxError.self) { try parse(nested(33)) }
        #expect(throws: JSONSyntaxError.self) { try parse(nested(100_000)) }
        #expect(throws: JSONSyntaxError.self) { try parse(String(repeating: #"{"a":"#, count: 100_000)) }
    }

    @Test(arguments: [2, 15, 16, 17, 18, 40])
    func aNameStandsOnceHoweverManyThereAre(count: Int) throws {
        func object(_ names: some Sequence<String>) -> String {
            "{" + names.map { "\"\($0)\":1" }.joined(separator: ",") + "}"
        }
        let names = (1...count).map { "n\($0)" }
        #expect(throws: Never.self) { try parse(object(names)) }
        for twice in [1, count / 2, count] {
            #expect(throws: JSONSyntaxError.self) { try parse(object(names + ["n\(twice)"])) }
        }
    }

    @Test func eachPrefixOfADocumentIsRefused() throws {
        let text = #"{"a":[1,-2.5e3,"\ud83d\udcda é",true,null],"b":{"c":"d"}}"#
        let bytes = Array(text.utf8)
        #expect(throws: Never.self) { try JSONValue(parsing: bytes) }
        for end in 0..<bytes.count {
            #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: Array(bytes[..<end])) }
        }
    }

    @Test func aChangedByteNeverTraps() {
        let bytes = Array(#"{"a":[1,-2.5e3,"\ud83d\udcda é",true,null],"b":{"c":"d"}}"#.utf8)
        for index in bytes.indices {
            for value in UInt8.min...UInt8.max {
                var changed = bytes
                changed[index] = value
                _ = try? JSONValue(parsing: changed)
            }
        }
    }

    @Test(arguments: [
        ("\"\\\n\r\t\u{8}\u{C}\u{0}\u{1F}", #""\"\\\n\r\t\b\f\u0000\u001f""#), ("é📚\u{2028}/", "\"é📚\u{2028}/\""),
    ])
    func writesStrings(text: String, json: String) throws {
        #expect(written(.string(text)) == json)
        #expect(try parse(json) == .string(text))
    }

    @Test(arguments: ["{}", "[]", #"{"a":[],"b":[{},{"c":null}],"d":-5,"e":1.5,"f":"x"}"#, "[[],[[]],1,[2,3]]"])
    func whatIsReadIsWritten(text: String) throws {
        #expect(written(try parse(text)) == text)
    }

    @Test(arguments: [Int64.min, -10, -1, 0, 9, 10, 99, .max])
    func writesIntegers(value: Int64) {
        #expect(written(.integer(value)) == String(value))
    }

    /// Eight bytes are looked at in one step.
    @Test(arguments: ["\"", "\\", "\u{0}", "\u{1F}"])
    func escapesAtEveryPlace(character: String) throws {
        for length in 0..<20 {
            for place in 0...length {
                var text = String(repeating: "\u{7F}é~", count: length).prefix(length)
                text.insert(contentsOf: character, at: text.index(text.startIndex, offsetBy: place))
                #expect(try parse(written(.string(String(text)))) == .string(String(text)))
            }
        }
    }

    @Test func writesTimesThatAreEqual() {
        let times = [0, 0, 1, 0, 1_700_000_000_123].map { Timestamp(milliseconds: $0) }
        var json = JSONWriter(reservingCapacity: 16)
        json.array { for time in times { $0.timestamp(time) } }
        let texts = times.map { "\"\($0)\"" }.joined(separator: ",")
        #expect(String(decoding: json.bytes, as: UTF8.self) == "[\(texts)]")
    }
}
