// Unicode Normalization Form C without Foundation, whose Unicode tables would make libctl seven times as large and
// its start twice as slow. swift-foundation uses the standard library's normalizer in the same way.
@_spi(_Unicode) import Swift

/// The rules for the texts of an author: the form in which they are stored, and the faults.
public enum StoredText {
    /// In Unicode scalars, after trimming and normalization.
    public static let maximumLength = 200

    /// A regular expression of ECMA 262 that a text matches if something of it is stored: a visible character, and
    /// controls only where they are trimmed off. ``fault(in:field:)`` decides.
    static let pattern: String = {
        let space = #"\u0009-\u000d \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"#
        let control = #"\u0000-\u001f\u007f-\u009f"#
        // Default_Ignorable_Code_Point in the Basic Multilingual Plane.
        let ignorable =
            #"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"#
            + #"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"#
        return "^[\(space)]*[^\(control)]*[^\(control)\(space)\(ignorable)][^\(control)]*[\(space)]*$"
    }()

    /// Whether the text surely is in the form in which it is stored, as most are: ASCII without white space at either
    /// end.
    static func isTrimmedASCII(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            guard let first = bytes.first, let last = bytes.last else { return false }
            return first > 0x20 && last > 0x20 && bytes.allSatisfy { $0 < 0x80 }
        }
    }

    /// Whether nothing of the text is stored.
    static func isBlank(_ text: String) -> Bool {
        if let first = text.utf8.first, first > 0x20, first < 0x7F { return false }
        return normalized(text).isEmpty
    }

    /// The form in which a text is stored: trimmed of white space, with plain spaces for spaces of other kinds, such as
    /// the no-break space (general category Zs), and in Unicode Normalization Form C (UAX #15).
    ///
    /// A text that is too long for sure is only trimmed: normalization joins at most four scalars to one (UAX #15,
    /// table of maximum expansion factors).
    public static func normalized(_ text: String) -> String {
        if isTrimmedASCII(text) { return text }
        var scalars = text.unicodeScalars[...]
        while let first = scalars.first, first.properties.isWhitespace { scalars.removeFirst() }
        while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
        let trimmed = String(scalars)
        guard trimmed.utf8.contains(where: { $0 >= 0x80 }), trimmed.unicodeScalars.count <= 4 * maximumLength else {
            return trimmed
        }
        var composed = String.UnicodeScalarView()
        for scalar in trimmed._nfc { composed.append(isOtherSpace(scalar) ? " " : scalar) }
        return String(composed)
    }

    private static func isOtherSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value >= 0x80 && scalar.properties.generalCategory == .spaceSeparator
    }

    /// Whether a text is printable ASCII and not only spaces, as most are: then its length is all that can be wrong.
    private static func isPlain(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            bytes.allSatisfy { 0x20 <= $0 && $0 < 0x7F } && bytes.contains { $0 > 0x20 }
        }
    }

    /// The fault of a text that ``normalized(_:)`` has returned, or `nil`.
    static func fault(in text: String, field: String) -> FieldError? {
        if text.isEmpty { return FieldError(field, .empty, "must not be empty") }
        if isPlain(text), text.utf8.count <= maximumLength { return nil }
        // General category Cc, whose members never change (https://www.unicode.org/policies/stability_policy.html).
        if text.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }) {
            return FieldError(field, .controlCharacter, "must not contain control characters")
        }
        // Nobody can see such a text, or type it to search for it (UAX #44, Default_Ignorable_Code_Point).
        if text.unicodeScalars.allSatisfy({ $0.properties.isDefaultIgnorableCodePoint || $0.properties.isWhitespace }) {
            return FieldError(field, .empty, "must not be invisible")
        }
        if text.utf8.count > maximumLength, text.unicodeScalars.count > maximumLength {
            return FieldError(field, .tooLong, "must be at most \(maximumLength) characters")
        }
        return nil
    }
}
