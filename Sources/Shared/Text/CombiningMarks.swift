/// The limits of combining marks that follow each other.
///
/// To compare texts, or characters of them, Swift sorts each run of marks by their combining classes, in quadratic
/// time: 64 KiB of marks take seconds. So a text with a longer run is refused where it arrives, before anything
/// compares it. No writing system needs more than 30 (UAX #15, section 13, Stream-Safe Text Format).
public enum CombiningMarks {
    /// In a text. A stored text may have 200 marks in a row, and three more that normalization joins to a letter.
    public static let mostInText = 256
    /// In a field of a request's head, and in the name of a JSON member.
    public static let mostInField = 30

    package static let fault = "it has more than \(mostInText) combining marks in a row"

    /// Whether more than `limit` scalars follow each other whose canonical combining class is not 0.
    public static func areTooMany(_ text: String, limit: Int = mostInText) -> Bool {
        // The first mark is U+0300, of two bytes.
        guard text.utf8.count > 2 * limit else { return false }
        var text = text
        guard text.withUTF8(haveMarks) else { return false }
        var run = 0
        for scalar in text.unicodeScalars {
            run = scalar.value >= 0x300 && scalar.properties.canonicalCombiningClass != .notReordered ? run + 1 : 0
            if run > limit { return true }
        }
        return false
    }

    /// Whether a text in UTF-8 has more than ``mostInText`` marks in a row.
    static func areTooMany(_ bytes: [UInt8]) -> Bool {
        bytes.count > 2 * mostInText && bytes.withUnsafeBufferPointer(haveMarks)
            && areTooMany(String(decoding: bytes, as: UTF8.self))
    }

    /// Whether there are any bytes of scalars from U+0300 on.
    private static func haveMarks(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool { bytes.contains { $0 >= 0xCC } }
}
