import Shared

/// Shows records one after the other in one of the formats.
final class RecordList {
    /// Rows that a table's columns are measured by before it is shown; later rows follow the same columns.
    private static let measuredRows = 1000

    private let output: Output
    private let format: OutputFormat
    private let fields: [String]
    private let jsonFields: [String]?
    private let single: Bool
    private let color: Bool
    private var count = 0
    private var waiting: [[String]] = []
    private var widths: [Int]?

    init(
        _ output: Output, format: OutputFormat, fields: [String], jsonFields: [String]?, single: Bool, color: Bool
    ) {
        self.output = output
        self.format = format
        self.fields = fields
        self.jsonFields = jsonFields
        self.single = single
        self.color = color
    }

    func add(_ record: some Record) throws {
        switch format {
        case .table:
            let row = try cells(record).map(Escaping.terminal)
            guard widths == nil else { return try show(row) }
            waiting.append(row)
            if waiting.count >= Self.measuredRows { try showWaiting() }
        case .tsv: try output.write(try cells(record).map { safe(Escaping.tsv($0)) }.joined(separator: "\t") + "\n")
        case .csv:
            if count == 0 { try output.write(fields.joined(separator: ",") + "\r\n") }
            try output.write(try cells(record).map { Escaping.csv(safe($0)) }.joined(separator: ",") + "\r\n")
        case .json:
            if !single { try output.write(count == 0 ? "[\n" : ",\n") }
            try output.write(try json(record))
        case .ndjson: try output.write(try json(record) + [UInt8(ascii: "\n")])
        case .id: try output.write(record.identifier + "\n")
        }
        count += 1
    }

    func end() throws {
        switch format {
        case .table: if widths == nil, !waiting.isEmpty { try showWaiting() }
        case .tsv, .ndjson, .id: break
        case .csv: if count == 0 { try output.write(fields.joined(separator: ",") + "\r\n") }
        case .json: try output.write(single ? "\n" : count == 0 ? "[]\n" : "\n]\n")
        }
    }

    private func safe(_ text: String) -> String {
        output.isTerminal ? Escaping.terminal(text) : text
    }

    private func members(_ record: some Record) throws -> [JSONValue.Member] {
        guard case .object(let members) = try JSONValue(parsing: record.json) else { return [] }
        return members
    }

    private func cells(_ record: some Record) throws -> [String] {
        let members = try members(record)
        return fields.map { field in
            switch members.first(where: { $0.name == field })?.value {
            case .string(let text): text
            case .integer(let number): String(number)
            case .bool(let flag): flag ? "true" : "false"
            default: ""
            }
        }
    }

    private func json(_ record: some Record) throws -> [UInt8] {
        guard let jsonFields else { return Escaping.json(record.json) }
        let members = try members(record)
        var json = JSONWriter()
        json.object { json in
            for field in jsonFields {
                if let member = members.first(where: { $0.name == field }) {
                    json.member(text: field) { $0.value(member.value) }
                }
            }
        }
        return Escaping.json(json.bytes)
    }

    // MARK: Table

    private func showWaiting() throws {
        let header = fields.map { $0.uppercased().replacing("_", with: " ") }
        widths = fields.indices.map { column in
            ([header] + waiting).map { DisplayWidth.of($0[column]) }.max() ?? 0
        }
        try show(header, bold: true)
        for row in waiting { try show(row) }
        waiting = []
    }

    private func show(_ row: [String], bold: Bool = false) throws {
        var line = ""
        for (column, cell) in row.enumerated() {
            line += cell
            if column < row.count - 1 {
                let width = widths?[column] ?? 0
                line += String(repeating: " ", count: max(0, width - DisplayWidth.of(cell)) + 2)
            }
        }
        try output.write(bold && color ? "\u{1B}[1m\(line)\u{1B}[0m\n" : line + "\n")
    }
}

/// How many columns of a terminal a text takes.
enum DisplayWidth {
    /// Wide East Asian characters and emoji take two, combining marks none (UAX #11).
    static func of(_ text: String) -> Int {
        text.reduce(0) { $0 + width(of: $1) }
    }

    private static func width(of character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        if first.properties.isEmojiPresentation || character.unicodeScalars.contains("\u{FE0F}") { return 2 }
        switch first.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
            return 2
        default:
            return first.properties.generalCategory == .nonspacingMark ? 0 : 1
        }
    }
}
