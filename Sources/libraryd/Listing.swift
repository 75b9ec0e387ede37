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
    struct Column {
        let name: String
        let text: (Item) -> String

        init(_ name: String, _ text: @escaping (Item) -> String) {
            (self.name, self.text) = (name, text)
        }
    }

    private let items: [Item]
    private let columns: [Column]

    init(_ items: [Item], _ columns: [Column]) {
        self.items = items
        self.columns = columns
    }

    /// Prints all records.
    /// - Parameter isSingle: whether JSON is one object in place of an array.
    func show(_ format: ListFormat, isSingle: Bool = false) {
        print(text(format, isSingle: isSingle), terminator: "")
    }

    func text(_ format: ListFormat, isSingle: Bool = false) -> String {
        let names = columns.map(\.name)
        let rows = items.map { item in columns.map { $0.text(item) } }
        switch format {
        case .table:
            return Self.table(names.map { $0.uppercased().replacing("_", with: " ") }, rows)
        case .tsv: return rows.map { $0.map(Escaping.tsv).joined(separator: "\t") + "\n" }.joined()
        case .csv: return ([names] + rows).map { $0.map(Escaping.csv).joined(separator: ",") + "\r\n" }.joined()
        case .json:
            let objects = items.map { Self.json($0) }
            if isSingle { return objects.map { $0 + "\n" }.joined() }
            return objects.isEmpty ? "[]\n" : "[\n" + objects.joined(separator: ",\n") + "\n]\n"
        case .ndjson: return items.map { Self.json($0) + "\n" }.joined()
        }
    }

    private static func json(_ item: Item) -> String { String(decoding: Escaping.json(item.json), as: UTF8.self) }

    /// Without a row nothing, not even a header, as in `libctl`.
    private static func table(_ header: [String], _ rows: [[String]]) -> String {
        guard !rows.isEmpty else { return "" }
        let rows = ([header] + rows).map { $0.map(Escaping.terminal) }
        let widths = header.indices.map { column in rows.map { $0[column].unicodeScalars.count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.unicodeScalars.count)
            }
            let line = cells.joined(separator: "  ")
            return String(line.prefix(line.count - line.reversed().prefix { $0 == " " }.count)) + "\n"
        }.joined()
    }
}
