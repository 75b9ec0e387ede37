import Shared

/// Shows records one after the other in the format of the output.
final class RecordPrinter<Item: Displayable> {
    /// Number of rows that are held back to measure the columns of a table; later rows use the same widths.
    private let measuredRows = 1000

    private let output: Output
    private let fields: [DisplayField<Item>]
    /// Whether the user has named the fields. Else JSON has all of them.
    private let isChosen: Bool
    private let single: Bool
    /// Number of records so far.
    private(set) var count = 0
    private var waiting: [[String]] = []
    private var layout: Layout

    /// How the format `table` shows the records.
    private enum Layout {
        /// Rows are held back to be measured.
        case open
        /// Rows of cells of these widths.
        case rows(widths: [Int])
        /// A line for each field.
        case records
    }

    /// - Parameters:
    ///   - isChosen: whether the user has named the fields.
    ///   - single: whether JSON is one object instead of an array.
    ///   - asRecords: whether the format `table` shows a line for each field.
    init(_ output: Output, fields: [DisplayField<Item>], isChosen: Bool, single: Bool, asRecords: Bool) {
        self.output = output
        self.fields = fields
        self.isChosen = isChosen
        self.single = single
        layout = asRecords ? .records : .open
    }

    func add(_ record: Item) throws {
        switch output.format {
        case .table: try addToTable(record)
        case .tsv:
            try showHeader("\t", "\n")
            try output.write(cells(record).map { safe(Escaping.tsv($0)) }.joined(separator: "\t") + "\n")
        case .csv:
            try showHeader(",", "\r\n")
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
        case .table: if case .open = layout, !waiting.isEmpty { try showWaiting(goesOn: false) }
        case .ndjson, .id: break
        case .tsv: try showHeader("\t", "\n")
        case .csv: try showHeader(",", "\r\n")
        case .json: try output.write(single ? (count == 0 ? "" : "\n") : count == 0 ? "[]\n" : "\n]\n")
        }
    }

    /// Shows the names of the fields, before the first record.
    private func showHeader(_ separator: String, _ end: String) throws {
        guard count == 0, output.hasHeader else { return }
        try output.write(fields.map(\.name).joined(separator: separator) + end)
    }

    private func safe(_ text: String) -> String {
        output.isTerminal ? Escaping.terminal(text) : text
    }

    private func cells(_ record: Item) -> [String] { fields.map { $0.text(record) } }

    private func json(_ record: Item) -> [UInt8] {
        guard isChosen else { return Escaping.json(record.json) }
        var json = JSONWriter()
        record.write(fields, to: &json)
        return Escaping.json(json.bytes)
    }

    // MARK: Table

    private func addToTable(_ record: Item) throws {
        let row = fields.map { Escaping.terminal($0.textForPeople(record, isChosen: isChosen)) }
        switch layout {
        case .open:
            waiting.append(row)
            if waiting.count >= measuredRows { try showWaiting(goesOn: true) }
        case .rows(let widths): try show(row, widths)
        case .records: try showRecord(row, isFirst: count == 0)
        }
    }

    private lazy var headers = fields.map { $0.name.uppercased().replacing("_", with: " ") }

    private func showWaiting(goesOn: Bool) throws {
        let columns = fields.indices.map { column in
            TableLayout.Column(
                kind: fields[column].kind, header: DisplayWidth.of(headers[column]),
                cells: waiting.map { DisplayWidth.of($0[column]) }.max() ?? 0)
        }
        let widths =
            if let width = output.width {
                TableLayout.widths(of: columns, into: width, goesOn: goesOn)
            } else {
                columns.map(\.natural)
            }
        if let widths {
            layout = .rows(widths: widths)
            if output.hasHeader { try show(headers, widths, isHeader: true) }
            for row in waiting { try show(row, widths) }
        } else {
            layout = .records
            for (index, row) in waiting.enumerated() { try showRecord(row, isFirst: index == 0) }
        }
        waiting = []
    }

    private func show(_ row: [String], _ widths: [Int], isHeader: Bool = false) throws {
        var line = ""
        for (column, cell) in row.enumerated() {
            // Without a terminal no cell is cut, and cells of rows that were not measured may be wider.
            let isCut = output.width != nil && (isHeader || fields[column].kind == .text)
            let text = isCut ? DisplayWidth.shortened(cell, to: widths[column]) : cell
            line += text
            if column < row.count - 1 {
                let spaces = max(0, widths[column] - DisplayWidth.of(text)) + TableLayout.gap
                line += String(repeating: " ", count: spaces)
            }
        }
        try output.write((isHeader ? bold(line) : line) + "\n")
    }

    /// Shows each field on a line of its own, with texts wrapped to the width of the terminal.
    private func showRecord(_ row: [String], isFirst: Bool) throws {
        let names = headers
        let indent = (names.map { DisplayWidth.of($0) }.max() ?? 0) + TableLayout.gap
        // A terminal that is narrower wraps the lines itself.
        let room = output.width.map { max(10, $0 - indent) } ?? .max
        var text = isFirst ? "" : "\n"
        for (column, (name, value)) in zip(names, row).enumerated() {
            // Only texts are wrapped: an id has to be whole where it is copied.
            let lines = fields[column].kind == .text ? DisplayWidth.lines(value, of: room) : [value]
            text += bold(name)
            if lines != [""] { text += String(repeating: " ", count: indent - DisplayWidth.of(name)) }
            text += lines.joined(separator: "\n" + String(repeating: " ", count: indent)) + "\n"
        }
        try output.write(text)
    }

    private func bold(_ text: String) -> String {
        output.color ? "\u{1B}[1m\(text)\u{1B}[0m" : text
    }
}
