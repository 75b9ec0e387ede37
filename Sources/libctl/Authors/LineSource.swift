import ArgumentParser
import Shared

/// The formats of a file of authors.
enum FileFormat: String, ExpressibleByArgument, CaseIterable {
    case csv, tsv, ndjson
}

/// The options that say how to read a file of authors.
struct FileOptions: ParsableArguments {
    @Option(help: "Format of the file. (default: by the first line)")
    var fileFormat: FileFormat?

    @Option(parsing: .unconditionalSingleValue, help: "Names of columns, such as name=Author,book=Title.")
    var map: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: "What a new author gets where the file has nothing, such as country=Unknown.")
    var `default`: [String] = []

    /// The names that the file uses for columns or members, by the author's field (`--map`).
    func names() throws -> [String: String] {
        try Self.pairs(
            map.flatMap { $0.split(separator: ",").map(String.init) }, among: AuthorField.writable.map(\.name),
            "maps no column", "COLUMN")
    }

    func defaults() throws -> [String: String] {
        try Self.pairs(self.default, among: AuthorField.texts.map(\.name), "is no default", "TEXT")
    }

    /// The country for new authors that have none in the file, as it will be stored; `nil` if `--default` names none.
    /// - Throws: ``CommandError`` `usage`, ``InvalidFields``.
    func defaultCountry() throws -> String? {
        guard let country = try defaults()["country"] else { return nil }
        var values = AuthorValues()
        values[text: .country] = country
        return try AuthorPatch(values).validated().values[text: .country]
    }

    private static func pairs(
        _ texts: [String], among fields: [String], _ complaint: String, _ value: String
    ) throws -> [String: String] {
        var pairs: [String: String] = [:]
        for text in texts {
            let words = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let field = String(words[0])
            guard words.count == 2, fields.contains(field), pairs[field] == nil else {
                throw CommandError(
                    .usage, "'\(text)' \(complaint)",
                    hint: "use FIELD=\(value); FIELD is one of \(fields.joined(separator: ", "))")
            }
            pairs[field] = String(words[1])
        }
        return pairs
    }
}

/// Reads the authors of a file one at a time, in memory that does not grow with the file.
final class LineSource {
    private let reader: InputReader
    private let diagnostics: Diagnostics
    private var text = TextDecoder()
    private var lines: AuthorLines
    private var isAtEnd = false
    private var told = 0
    let format: AuthorLines.Format
    /// Number of bytes read so far.
    private(set) var received = 0

    /// Detects the format from the first line, unless the options name it.
    /// - Parameter restIsNeeded: whether a line without a country is a fault. Otherwise the entry of the line has no
    ///   country.
    init(_ reader: InputReader, _ options: FileOptions, _ context: CommandContext, restIsNeeded: Bool) throws {
        self.reader = reader
        diagnostics = context.diagnostics
        var start: [UInt8] = []
        while !start.contains(UInt8(ascii: "\n")), start.count < RecordReader.longest, let bytes = try reader.some() {
            received += bytes.count
            start += text.utf8(bytes)
        }
        let separator: UInt8
        (format, separator) = Self.form(start, options.fileFormat)
        lines = AuthorLines(
            format, separator: separator, names: try options.names(),
            // The default country is for new authors only, and only the daemon knows which authors are new. Defaults
            // of name and book are filled in here, because the daemon finds an existing author by these fields.
            defaults: try options.defaults().filter { $0.key != "country" }, restIsNeeded: restIsNeeded,
            unknownMembers: .ignored)
        lines.append(start)
    }

    /// Limit in bytes of what is read for one line, so that input without line ends is not read forever.
    private static let longestLine = 64 << 20

    /// The next line; `nil` at the end of the file.
    /// - Throws: ``CommandError`` `dataError` if the CSV header lacks a required column, or a line is too long.
    func next() throws -> AuthorLines.Line? {
        let start = received
        while true {
            do {
                let line = try lines.next(atEnd: isAtEnd)
                tellUnknownNames()
                if line != nil || isAtEnd { return line }
            } catch {
                throw CommandError(error)
            }
            guard received - start <= Self.longestLine else {
                throw CommandError(.dataError, "a line is longer than 64 MiB")
            }
            if let bytes = try reader.some() {
                received += bytes.count
                lines.append(text.utf8(bytes))
            } else {
                lines.append(text.end())
                isAtEnd = true
            }
        }
    }

    /// The text of a faulty line: its fields as CSV, or the line of NDJSON unchanged; `nil` if it could not be split
    /// into fields.
    func text(of line: AuthorLines.Line) -> String? {
        let fields = line.fields.map { String(decoding: $0, as: UTF8.self) }
        if fields.isEmpty { return nil }
        return format == .csv ? fields.map(Escaping.csv).joined(separator: ",") : fields[0]
    }

    private func tellUnknownNames() {
        let names = lines.unknownNames.dropFirst(told)
        guard let first = names.first else { return }
        told += names.count
        diagnostics.warn(
            names.count == 1
                ? "'\(first)' is not a field of an author; it is ignored"
                : "these are not fields of an author and are ignored: \(names.joined(separator: ", "))")
    }

    private static func form(
        _ start: [UInt8], _ told: FileFormat?
    ) -> (format: AuthorLines.Format, separator: UInt8) {
        let header = start.prefix { $0 != UInt8(ascii: "\n") }
        func count(_ separator: UInt8) -> Int { header.count { $0 == separator } }
        let (comma, semicolon, tab) = (UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t"))
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let isObject =
            start.dropFirst(start.starts(with: mark) ? mark.count : 0).first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
            == UInt8(ascii: "{")
        switch told {
        case .ndjson: return (.ndjson, comma)
        case nil where isObject: return (.ndjson, comma)
        case .tsv: return (.csv, tab)
        case nil where count(tab) > max(count(comma), count(semicolon)): return (.csv, tab)
        case .csv, nil: return (.csv, count(semicolon) > count(comma) ? semicolon : comma)
        }
    }
}

/// Converts UTF-16 with a byte order mark (RFC 2781), which LibraryThing and Excel write, to UTF-8. Other text is
/// passed through unchanged.
struct TextDecoder {
    private enum Form { case unknown, other, littleEndian, bigEndian }

    private var form = Form.unknown
    /// The bytes of a character that the last piece cut off.
    private var rest: [UInt8] = []

    mutating func utf8(_ piece: [UInt8]) -> [UInt8] {
        var bytes = rest + piece
        rest = []
        if form == .unknown {
            guard bytes.count >= 2 || bytes.first.map({ $0 < 0xFE }) ?? false else {
                rest = bytes
                return []
            }
            form =
                bytes.starts(with: [0xFF, 0xFE])
                ? .littleEndian : bytes.starts(with: [0xFE, 0xFF]) ? .bigEndian : .other
            if form != .other { bytes.removeFirst(2) }
        }
        guard form != .other else { return bytes }
        var units = stride(from: 0, to: bytes.count - 1, by: 2).map { index in
            let (first, second) = (UInt16(bytes[index]), UInt16(bytes[index + 1]))
            return form == .bigEndian ? first << 8 | second : second << 8 | first
        }
        if let last = units.last, UTF16.isLeadSurrogate(last) { units.removeLast() }
        rest = Array(bytes.dropFirst(units.count * 2))
        return Self.utf8(units)
    }

    /// Ends the text: returns an invalid byte if the text ends within a character, so that its last line is reported
    /// as faulty.
    mutating func end() -> [UInt8] {
        defer { rest = [] }
        return rest.isEmpty || form == .other ? rest : [Self.fault]
    }

    /// A byte that never occurs in UTF-8 (RFC 3629, section 1), so that its line is reported as faulty.
    private static let fault: UInt8 = 0xFF

    private static func utf8(_ units: [UInt16]) -> [UInt8] {
        var (result, decoder, iterator) = ([UInt8](), UTF16(), units.makeIterator())
        result.reserveCapacity(units.count)
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar): result.append(contentsOf: UTF8.encode(scalar) ?? .init())
            case .error: result.append(fault)
            case .emptyInput: return result
            }
        }
    }
}

extension CommandError {
    init(_ fault: AuthorLines.Fault) {
        switch fault {
        case .syntax(let reason): self.init(.dataError, reason)
        case .missingColumn:
            self.init(
                .dataError, fault.description,
                hint: "the first line must name the columns name, book and country; "
                    + "or use --map name=COLUMN,… or --default country=TEXT")
        case .invalid(let invalid): self.init(invalid)
        }
    }
}
