import Shared

/// Files that are no table and no JSON, by their first bytes.
enum FileSignature {
    /// - Parameters:
    ///   - start: the first bytes of the file, at least 8 if it has so many.
    ///   - name: of the file, for the error.
    /// - Throws: ``CommandError`` `dataError` for a file of another kind, with the command that helps.
    static func requireText(_ start: [UInt8], name: String) throws {
        func isFirst(_ bytes: [UInt8]) -> Bool { start.starts(with: bytes) }
        let file = name == "-" ? "FILE" : name
        let this = name == "-" ? "the input" : name
        let convert = "save it as CSV UTF-8, or: soffice --headless --convert-to csv \(file)"
        let (kind, hint): (String, String)
        if isFirst(Array("PK\u{3}\u{4}".utf8)) || isFirst(Array("PK\u{5}\u{6}".utf8)) {
            (kind, hint) = ("a workbook or another ZIP file", convert)
        } else if isFirst([0xD0, 0xCF, 0x11, 0xE0]) {
            (kind, hint) = ("a workbook of an old Excel", convert)
        } else if isFirst(Array("SQLite f".utf8)) {
            (kind, hint) = (
                "an SQLite database",
                "libraryd import-flask \(file), if the tutorial made it; else: "
                    + "sqlite3 -csv -header \(file) 'SELECT * FROM author' | libctl authors import -"
            )
        } else if isFirst(Array("%PDF".utf8)) {
            (kind, hint) = ("a PDF", "export a table as CSV from the program that has it")
        } else if let reader = [
            ([0x42, 0x5A, 0x68], "bzcat"), ([0xFD, 0x37, 0x7A], "xzcat"), ([0x28, 0xB5, 0x2F, 0xFD], "zstdcat"),
        ]
        .first(where: { isFirst($0.0) })?.1 {
            (kind, hint) = (
                "compressed in a way that libctl does not read", "\(reader) \(file) | libctl authors import -"
            )
        } else if isMarkup(start) {
            (kind, hint) = ("HTML or XML", "export a table as CSV, or JSON")
        } else {
            return
        }
        throw CommandError(.dataError, "\(this) is \(kind)", hint: hint)
    }

    private static func isMarkup(_ start: [UInt8]) -> Bool {
        let text = String(decoding: start.prefix(8), as: UTF8.self).lowercased()
        return ["<?xml", "<!doctyp", "<html"].contains { text.hasPrefix($0) }
    }
}
