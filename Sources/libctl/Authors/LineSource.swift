import ArgumentParser
import Shared

/// What a file of authors looks like.
enum FileFormat: String, ExpressibleByArgument, CaseIterable {
    case csv, tsv, ndjson
}

/// How a file of authors is to be read.
struct FileOptions: ParsableArguments {
    @Option(help: "Format of the file. (default: by the first line)")
    var fileFormat: FileFormat?

    @Option(parsing: .unconditionalSingleValue, help: "Names of columns, such as name=Author,book=Title.")
    var map: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: "What a new author gets where the file has nothing, such as country=Unknown.")
    var `default`: [String] = []

    /// Other people's names, by the author's field.
    func names() throws -> [String: String] {
        try Self.pairs(
            map.flatMap { $0.split(separator: ",").map(String.init) }, among: AuthorField.writable.map(\.name),
            "maps no column", "COLUMN")
    }

    func defaults() throws -> [String: String] {
        try Self.pairs(self.default, among: AuthorField.texts.map(\.name), "is no default", "TEXT")
    }

    /// The country of new authors for whom the file has none, as it will be stored.
    /// - Throws: `InvalidFields`.
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

/// The authors of a file, one at a time, whatever the size of the file.
final class LineSource {
    private let reader: InputReader
    private let diagnostics: Diagnostics
    private var text = TextDecoder()
    private var lines: AuthorLines
    private var isAtEnd = false
    private var told = 0
    let format: AuthorLines.Format
    /// How many bytes have been read.
    private(set) var received = 0

    /// The first line tells the format, unless the options do.
    /// - Parameter restIsNeeded: whether a line without a country is a fault. Otherwise its entry has none.
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
            // Whether an author is new only the daemon knows, but whose author it is must be known before.
            defaults: try options.defaults().filter { $0.key != "country" }, restIsNeeded: restIsNeeded,
            unknownMembers: .ignored)
        lines.append(start)
    }

    /// In bytes. What has no end of a line for so long has none at all.
    private static let longestLine = 64 << 20

    /// - Throws: ``CommandError`` `dataError` if a CSV header has not what is needed, or a line has no end.
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

    /// What a line that is wrong says, as CSV or as it is; `nil` if it cannot be told.
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

/// Brings UTF-16 with a byte order mark (RFC 2781), in which LibraryThing and Excel write, into UTF-8. Other text stays
/// as it is.
struct TextDecoder {
    private enum Form { case unknown, other, littleEndian, bigEndian }

    private var form = Form.unknown
    /// Bytes of a character that is not whole yet.
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

    /// What is left at the end of the text, if it breaks off within a character.
    mutating func end() -> [UInt8] {
        defer { rest = [] }
        return rest.isEmpty || form == .other ? rest : [Self.fault]
    }

    /// In no UTF-8, so that the line that has it is told of.
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
