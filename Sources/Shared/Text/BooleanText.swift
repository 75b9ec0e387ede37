/// Booleans as other programs write them in files.
enum BooleanText {
    /// The value of a text, whatever its case; `nil` if it stands for none.
    static func value(_ text: String) -> Bool? {
        switch StoredText.normalized(text).lowercased() {
        case "true", "t", "yes", "y", "on", "1", "1.0": true
        case "false", "f", "no", "n", "off", "0", "0.0": false
        default: nil
        }
    }

    static func fault(in text: String) -> String {
        let start = String(text.unicodeScalars.prefix(40))
        return "must be true or false, or t, f, yes, no, y, n, on, off, 1 or 0, not '\(start)'"
    }
}
