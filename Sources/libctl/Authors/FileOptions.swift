import ArgumentParser
import Shared

/// The formats of a file of authors.
enum FileFormat: String, ExpressibleByArgument, CaseIterable {
    case csv, tsv, ndjson, json
}

/// The options that say how to read a file of authors.
struct FileOptions: ParsableArguments {
    @Option(help: "Format of the file; json and ndjson are read alike. (default: by its beginning)")
    var fileFormat: FileFormat?

    @Option(
        parsing: .unconditional,
        help: "What separates the cells: comma, semicolon, tab, pipe, or a character. (default: by the header)",
        completion: .list(["comma", "semicolon", "tab", "pipe"]))
    var separator: String?

    @Option(
        help: "Encoding of the file, such as windows-1252. (default: by its first bytes, else utf-8)",
        completion: .list(TextEncoding.names))
    var encoding: String?

    @Option(help: "Names of the columns of a file without a header line, such as name,book,country.")
    var columns: String?

    @Option(parsing: .unconditionalSingleValue, help: "Names of columns, such as name=Author,book=Title.")
    var map: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: "What a new author gets where the file has nothing, such as country=Unknown.")
    var `default`: [String] = []

    /// The names that the file uses for columns or members, by the author's field (`--map`).
    func names() throws -> [String: String] {
        try Self.pairs(
            map.flatMap(Self.pieces), among: AuthorField.writable.map(\.name), "--map", "COLUMN")
    }

    func defaults() throws -> [String: String] {
        try Self.pairs(self.default, among: AuthorField.texts.map(\.name), "--default", "TEXT")
    }

    /// The country for new authors that have none in the file, as it will be stored; `nil` if `--default` names none.
    /// - Throws: ``CommandError`` `usage`, ``InvalidFields``.
    func defaultCountry() throws -> String? {
        guard let country = try defaults()["country"] else { return nil }
        var values = AuthorValues()
        values[text: .country] = country
        return try AuthorPatch(values).validated().values[text: .country]
    }

    /// The names of `--columns`.
    func columnList() -> [String]? {
        columns.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    }

    /// - Throws: ``CommandError`` `usage`.
    func separatorByte() throws -> UInt8? {
        guard let separator else { return fileFormat == .tsv ? .tab : nil }
        let names = ["comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|"]
        let text = names[separator.lowercased()] ?? separator
        guard let byte = text.utf8.first, text.utf8.count == 1, !byte.isASCIILetterOrDigit,
            !"\"\r\n ".utf8.contains(byte)
        else {
            throw CommandError(
                .usage, "\(Secrets.quoted(separator)) is not a separator",
                hint: "comma, semicolon, tab, pipe, or another character")
        }
        return byte
    }

    /// Splits `name=Author,book=Title` at its commas. A comma belongs to the name of a column if no `FIELD=` follows,
    /// or if the name is in quotes, in which a quote is doubled.
    private static func pieces(_ text: String) -> [String] {
        var pieces: [String] = []
        var isOpen = false
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            if let last = pieces.last, isOpen || !part.contains("=") {
                pieces[pieces.count - 1] = last + "," + part
            } else {
                pieces.append(String(part))
            }
            let value = (pieces.last ?? "").drop { $0 != "=" }.dropFirst()
            isOpen = value.hasPrefix("\"") && !value.count { $0 == "\"" }.isMultiple(of: 2)
        }
        return pieces
    }

    private static func pairs(
        _ texts: [String], among fields: [String], _ option: String, _ value: String
    ) throws -> [String: String] {
        var pairs: [String: String] = [:]
        for text in texts {
            let words = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let field = ColumnNames.folded(String(words[0]))
            let known = fields.joined(separator: ", ")
            guard words.count == 2 else {
                throw CommandError(
                    .usage, "\(option) \(Secrets.quoted(text)) has no '='",
                    hint: "\(option) FIELD=\(value); FIELD is one of \(known)")
            }
            guard fields.contains(field) else {
                throw CommandError(
                    .usage, "\(option): \(Secrets.quoted(String(words[0]))) is not a field",
                    hint: closest(to: field, among: fields).map { "did you mean '\($0)'?" } ?? "use one of \(known)")
            }
            guard pairs[field] == nil else {
                throw CommandError(.usage, "\(option) names \(field) twice", hint: "name it once")
            }
            pairs[field] = unquoted(String(words[1]))
        }
        return pairs
    }

    private static func unquoted(_ text: String) -> String {
        guard text.count > 1, text.hasPrefix("\""), text.hasSuffix("\"") else { return text }
        return String(text.dropFirst().dropLast()).replacing("\"\"", with: "\"")
    }
}
