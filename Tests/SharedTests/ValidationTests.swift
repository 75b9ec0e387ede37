import Shared
import TestSupport
import Testing

@Suite struct ValidationTests {
    @Test(arguments: ["a", "A1", "0", "ada.lovelace+x@example-1_2", String(repeating: "a", count: 64)])
    func aNameIsRight(name: String) {
        #expect(Registration.fault(inName: name) == nil)
    }

    @Test(arguments: [
        ("", FieldError.Code.empty), (String(repeating: "a", count: 65), .tooLong), (" ada", .invalid),
        ("ada ", .invalid),
        ("-ada", .invalid), (".ada", .invalid), ("a b", .invalid), ("a:b", .invalid), ("ädа", .invalid),
        ("a\u{200B}", .invalid),
        ("a\0", .invalid), ("a/b", .invalid), ("\u{FF41}", .invalid), ("$(x)", .invalid),
    ])
    func aNameIsNotRight(name: String, code: FieldError.Code) {
        #expect(Registration.fault(inName: name)?.code == code)
    }

    @Test(arguments: [
        ("1234567", FieldError.Code.tooShort), ("", .tooShort), ("password", .tooCommon), ("PassWord1", .tooCommon),
        ("adalovelace", .sameAsName), ("AdaLovelace", .sameAsName), ("with\ttab-in-it", .controlCharacter),
        (String(repeating: "a", count: 1025), .tooLong), (String(repeating: "é", count: 513), .tooLong),
    ])
    func aPasswordIsNotRight(password: String, code: FieldError.Code) {
        #expect(Registration.fault(inPassword: password, name: "adalovelace")?.code == code)
    }

    @Test(arguments: [
        "correct horse", "  spaces  ", "pässwört", "📚📚📚📚📚📚📚📚", String(repeating: "a", count: 1024), "8letters",
    ])
    func aPasswordIsRight(password: String) {
        #expect(Registration.fault(inPassword: password, name: "ada") == nil)
    }

    @Test func textIsTrimmedAndComposed() throws {
        let draft = try AuthorDraft(name: "\u{A0} Andre\u{301}\n", book: "\u{3000}B", country: "C\t").validated()
        #expect(draft.name.unicodeScalars.map(\.value) == "Andr\u{E9}".unicodeScalars.map(\.value))
        #expect(draft.book == "B")
        #expect(draft.country == "C")
    }

    @Test(arguments: [
        ("", FieldError.Code.empty), (" \u{A0}\n", .empty), (String(repeating: "a", count: 201), .tooLong),
        ("e" + String(repeating: "\u{301}", count: 100_000), .tooLong), ("a\u{0}b", .controlCharacter),
        ("a\u{1B}[31m", .controlCharacter), ("a\u{85}b", .controlCharacter), ("a\nb", .controlCharacter),
        ("\u{200B}", .empty), ("\u{2060} \u{FEFF}\u{E0061}", .empty), ("\u{34F}", .empty),
        ("a\u{7F}", .controlCharacter),
    ])
    func textIsNotRight(text: String, code: FieldError.Code) {
        let error = #expect(throws: InvalidFields.self) {
            try AuthorDraft(name: text, book: "B", country: "C").validated()
        }
        #expect(error?.errors.map(\.code) == [code])
        let patch = #expect(throws: InvalidFields.self) { try AuthorPatch(country: text).validated() }
        #expect(patch?.errors.map(\.field) == ["country"])
    }

    @Test(arguments: [
        String(repeating: "a", count: 200), String(repeating: "📚", count: 200), "$(touch x)", "\u{202E}x", "a\u{200D}b",
    ])
    func textIsRight(text: String) throws {
        #expect(try AuthorDraft(name: text, book: "B", country: "C").validated().name == text)
    }

    @Test func lengthIsCountedAfterComposing() throws {
        let decomposed = String(repeating: "e\u{301}", count: 200)
        #expect(try AuthorDraft(name: decomposed, book: "B", country: "C").validated().name.unicodeScalars.count == 200)
    }

    @Test func aPatchThatChangesNothingIsRefused() {
        #expect(throws: InvalidFields.self) { try AuthorPatch().validated() }
    }

    @Test(
        arguments: [
            ("0", 0), ("1", 1), ("9223372036854775807", Int64.max), ("", nil), ("-1", nil), ("+1", nil), ("01", nil),
            ("00", nil),
            ("1.0", nil), (" 1", nil), ("１", nil), ("٣", nil), ("9223372036854775808", nil),
            (String(repeating: "1", count: 4096), nil),
            ("1\u{301}", nil), ("0x1", nil),
        ] as [(String, Int64?)])
    func anID(text: String, value: Int64?) {
        #expect(Int64(decimal: text) == value)
    }
}
