import Shared
import Testing

@Suite struct SystemTextTests {
    @Test(
        arguments: [
            ([], ""), (Array("aé📚".utf8), "aé📚"), ([0xFF], "\u{10FFFF}"), ([0x61, 0x80, 0x62], "a\u{10FF80}b"),
            // A truncated character, an overlong form, a surrogate (RFC 3629).
            ([0xE2, 0x82], "\u{10FFE2}\u{10FF82}"), ([0xC0, 0xAF], "\u{10FFC0}\u{10FFAF}"),
            ([0xED, 0xA0, 0x80], "\u{10FFED}\u{10FFA0}\u{10FF80}"),
            // U+10FF80 to U+10FFFF stand for stray bytes, so UTF-8 that has these characters is decoded byte by byte.
            ([0xF4, 0x8F, 0xBF, 0xBF], "\u{10FFF4}\u{10FF8F}\u{10FFBF}\u{10FFBF}"),
        ] as [([UInt8], String)])
    func bytesAreTextAndBack(bytes: [UInt8], text: String) {
        #expect(SystemText.decoded(bytes) == text)
        #expect(SystemText.bytes(text) == bytes)
        #expect(SystemText.path(text) == bytes.map { CChar(bitPattern: $0) } + [0])
        #expect(SystemText.isText(SystemText.decoded(bytes)) == (String(validating: bytes, as: UTF8.self) == text))
    }

    @Test func strayBytesAreShown() {
        #expect(SystemText.shown(SystemText.decoded([0x61, 0xFF, 0x80])) == #"a\xFF\x80"#)
        #expect(SystemText.shown("aé") == "aé")
    }

    @Test(
        arguments: [
            (["authors", "add", "--name", "\u{10FFFF}"], [], "--name"), (["add", "--name=\u{10FFFF}"], [], "--name"),
            (["show", "\u{10FFFF}"], [], "argument 2"), (["import", "\u{10FFFF}.csv"], ["\u{10FFFF}.csv"], nil),
            (["import", "--rejects=\u{10FFFF}"], ["\u{10FFFF}"], nil), (["add", "-f\u{10FFFF}"], ["\u{10FFFF}"], nil),
            (["import", "\u{10FFFF}", "--map", "\u{10FFFF}"], ["\u{10FFFF}"], "--map"), (["plain", "é"], [], nil),
        ] as [([String], [String], String?)])
    func whatIsNoTextIsNamed(arguments: [String], files: [String], name: String?) {
        #expect(SystemText.firstNotText(in: arguments, files: files) == name)
    }
}
