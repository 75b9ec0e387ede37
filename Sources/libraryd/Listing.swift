import ArgumentParser
import Glibc
import Shared

/// The formats of records, which those of `libctl` are.
enum ListFormat: String, ExpressibleByArgument, CaseIterable {
    case table, tsv, csv, json, ndjson

    /// A table on a terminal, else tab-separated values.
    static var automatic: ListFormat { isatty(STDOUT_FILENO) == 1 ? .table : .tsv }
}

/// The options of commands that show records.
struct OutputOptions: ParsableArguments {
    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp("Format of the result: table, tsv, csv, json or ndjson.", valueName: "format"))
    var chosen: ListFormat?

    @Flag(help: "The same as --output json.")
    var json = false

    /// `nil` if none was chosen.
    var format: ListFormat? { json ? .json : chosen }
    /// Whether errors are reported as JSON.
    var wantsJSON: Bool { format == .json || format == .ndjson }
}

/// Records in a table, or in a format for programs.
struct Listing<Item: JSONWritable> {
    struct Column: Sendable {
        let name: String
        /// In a table, at least.
        let width: Int
        let text: @Sendable (Item) -> String

        init(_ name: String, width: Int = 0, _ text: @escaping @Sendable (Item) -> String) {
            (self.name, self.width, self.text) = (name, width, text)
        }
    }

    private let items: [Item]
    private let columns: [Column]
    /// Whether JSON is one object in place of an array.
    private let isSingle: Bool

    init(_ items: [Item], _ columns: [Column]) {
        (self.items, self.columns, isSingle) = (items, columns, false)
    }

    init(one item: Item, _ columns: [Column]) {
        (items, self.columns, isSingle) = ([item], columns, true)
    }

    /// Prints all records.
    /// - Parameter hasHeader: whether a table and CSV begin with a header.
    func show(_ format: ListFormat, hasHeader: Bool = true) {
        print(text(format, hasHeader: hasHeader), terminator: "")
    }

    func text(_ format: ListFormat, hasHeader: Bool = true) -> String {
        let names = hasHeader ? [columns.map(\.name)] : []
        let rows = items.map { item in columns.map { $0.text(item) } }
        switch format {
        case .table:
            return table(names.map { $0.map { $0.uppercased().replacing("_", with: " ") } }, rows)
        case .tsv: return rows.map { $0.map(Escaping.tsv).joined(separator: "\t") + "\n" }.joined()
        case .csv: return (names + rows).map { $0.map(Escaping.csv).joined(separator: ",") + "\r\n" }.joined()
        case .json:
            let objects = items.map { Self.json($0) }
            if isSingle { return objects.map { $0 + "\n" }.joined() }
            return objects.isEmpty ? "[]\n" : "[\n" + objects.joined(separator: ",\n") + "\n]\n"
        case .ndjson: return items.map { Self.json($0) + "\n" }.joined()
        }
    }

    private static func json(_ item: Item) -> String { String(decoding: Escaping.json(item.json), as: UTF8.self) }

    /// Rows below a header; empty without a row, as in `libctl`.
    private func table(_ header: [[String]], _ rows: [[String]]) -> String {
        guard !rows.isEmpty else { return "" }
        let rows = (header + rows).map { $0.map(Escaping.terminal) }
        let widths = columns.indices.map { column in
            rows.map { DisplayWidth.of($0[column]) }.reduce(columns[column].width, max)
        }
        return rows.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - DisplayWidth.of($0)) }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}
