import Shared

/// Shows records one after the other in the format of the output.
final class RecordPrinter<Item: Displayable> {
    /// Number of rows that are held back to measure the columns of a table; later rows use the same widths.
    private let measuredRows = 1000

    private let output: Output
    private let fields: [String]
    private let shown: [DisplayField<Item>]
    private let jsonFields: [DisplayField<Item>]?
    private let single: Bool
    private var count = 0
    private var waiting: [[String]] = []
    private var widths: [Int]?

    init(_ output: Output, fields: [String], jsonFields: [String]?, single: Bool) {
        self.output = output
        func named(_ names: [String]) -> [DisplayField<Item>] {
            names.compactMap { name in Item.fields.first { $0.name == name } }
        }
        self.fields = fields
        shown = named(fields)
        self.jsonFields = jsonFields.map(named)
        self.single = single
    }

    func add(_ record: Item) throws {
        switch output.format {
        case .table:
            let row = cells(record).map(Escaping.terminal)
            guard widths == nil else { return try show(row) }
            waiting.append(row)
            if waiting.count >= measuredRows { try showWaiting() }
        case .tsv: try output.write(cells(record).map { safe(Escaping.tsv($0)) }.joined(separator: "\t") + "\n")
        case .csv:
            if count == 0 { try output.write(fields.joined(separator: ",") + "\r\n") }
            try output.write(cells(record).map { Escaping.csv(safe($0)) }.joined(separator: ",") + "\r\n")
        case .json:
            if !single { try output.write(count == 0 ? "[\n" : ",\n") }
            try output.write(json(record))
        case .ndjson: try output.write(json(record) + [UInt8(ascii: "\n")])
        case .id: try output.write(safe(record.identifier) + "\n")
        }
        count += 1
    }

    func end() throws {
        switch output.format {
        case .table: if widths == nil, !waiting.isEmpty { try showWaiting() }
        case .tsv, .ndjson, .id: break
        case .csv: if count == 0 { try output.write(fields.joined(separator: ",") + "\r\n") }
        case .json: try output.write(single ? (count == 0 ? "" : "\n") : count == 0 ? "[]\n" : "\n]\n")
        }
    }

    private func safe(_ text: String) -> String {
        output.isTerminal ? Escaping.terminal(text) : text
    }

    private func cells(_ record: Item) -> [String] {
        shown.map { field in
            switch field.value(record) {
            case .string(let text)?: text
            case .integer(let number)?: String(number)
            case .bool(let flag)?: flag ? "true" : "false"
            default: ""
            }
        }
    }

    private func json(_ record: Item) -> [UInt8] {
        guard let jsonFields else { return Escaping.json(record.json) }
        var json = JSONWriter()
        record.write(jsonFields, to: &json)
        return Escaping.json(json.bytes)
    }

    // MARK: Table

    private func showWaiting() throws {
        let header = fields.map { $0.uppercased().replacing("_", with: " ") }
        let natural = fields.indices.map { column in
            ([header] + waiting).map { DisplayWidth.of($0[column]) }.max() ?? 0
        }
        widths = output.width.map { Self.fit(natural, of: fields, into: $0) } ?? natural
        try show(header, bold: true)
        for row in waiting { try show(row) }
        waiting = []
    }

    /// Columns that are never shortened, because users copy ids.
    private static var whole: [String] { ["id", "public_id", "event_id"] }

    /// Narrows the widest column until a row fits, but no column of ids and none below ``narrowest``.
    static func fit(_ natural: [Int], of fields: [String], into width: Int) -> [Int] {
        var widths = natural
        let shortened = fields.indices.filter { !whole.contains(fields[$0]) }
        while widths.reduce(0, +) + gap * (widths.count - 1) > width,
            let column = shortened.max(by: { widths[$0] < widths[$1] }), widths[column] > narrowest
        {
            widths[column] -= 1
        }
        return widths
    }

    private static var gap: Int { 2 }
    private static var narrowest: Int { 6 }

    private func show(_ row: [String], bold: Bool = false) throws {
        var line = ""
        for (column, cell) in row.enumerated() {
            // Without a terminal no cell is shortened, and cells of rows that were not measured may be wider.
            let width = widths?[column] ?? 0
            let staysWhole = output.width == nil || Self.whole.contains(fields[column])
            let text = staysWhole ? cell : DisplayWidth.shortened(cell, to: width)
            line += text
            if column < row.count - 1 {
                line += String(repeating: " ", count: max(0, width - DisplayWidth.of(text)) + Self.gap)
            }
        }
        try output.write(bold && output.color ? "\u{1B}[1m\(line)\u{1B}[0m\n" : line + "\n")
    }
}
