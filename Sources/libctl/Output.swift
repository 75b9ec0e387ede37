import Shared

/// Something that can be shown: its fields by name, in order.
protocol Record: JSONWritable {
    static var fieldNames: [String] { get }
    /// Fields of the table, and of TSV and CSV unless others are asked for.
    static var columns: [String] { get }
    /// What `-o id` shows.
    var identifier: String { get }
}

extension Author: Record {
    static var columns: [String] { ["id", "name", "book", "country", "booker_prize"] }
    var identifier: String { String(id) }
}

extension User: Record {
    static var fieldNames: [String] { ["public_id", "name", "admin", "disabled", "created_at", "authors"] }
    static var columns: [String] { ["name", "admin", "disabled", "created_at", "authors", "public_id"] }
    var identifier: String { publicID }
}

extension LoginSession: Record {
    static var fieldNames: [String] { ["id", "created_at", "last_used_at", "expires_at", "client", "current"] }
    static var columns: [String] { fieldNames }
    var identifier: String { id }
}

/// Standard output: results, and nothing else.
final class Output {
    let format: OutputFormat
    let isTerminal: Bool
    private let writer: Writer
    private let fields: [String]?
    private let color: Bool

    init(options: GlobalOptions, io: IO) throws {
        writer = Writer(io.output)
        isTerminal = writer.isTerminal
        if options.json, let format = options.format, format != .json {
            throw CommandFailure(.usage, "--json and --output \(format.rawValue) contradict each other")
        }
        format = options.json ? .json : options.format ?? (isTerminal ? .table : .tsv)
        fields = options.fields.map { $0.split(separator: ",").map(String.init) }
        color =
            switch options.color {
            case .always: true
            case .never: false
            case .auto: isTerminal && io.variable("NO_COLOR") == nil && io.variable("TERM") != "dumb"
            }
    }

    /// Shows one record.
    func show<Item: Record>(_ record: Item) throws {
        let list = try list(of: Item.self, single: true)
        try list.add(record)
        try list.end()
    }

    /// Shows all of a list.
    func show<Item: Record>(_ records: [Item]) throws {
        let list = try list(of: Item.self)
        for record in records { try list.add(record) }
        try list.end()
    }

    /// A list that is shown as it grows.
    func list<Item: Record>(of type: Item.Type, single: Bool = false) throws -> RecordList {
        let chosen = fields ?? Item.columns
        for field in chosen where !Item.fieldNames.contains(field) {
            let hint = closest(to: field, among: Item.fieldNames) ?? Item.fieldNames.joined(separator: ", ")
            throw CommandFailure(.usage, "there is no field '\(field)'", hint: "try --fields \(hint)")
        }
        return RecordList(
            self, format: format, fields: chosen, jsonFields: fields, single: single, color: color)
    }

    /// Shows one word or line.
    func line(_ text: String) throws {
        try write((isTerminal ? Escaping.terminal(text) : text) + "\n")
    }

    /// Shows a value as JSON.
    func json(_ value: some JSONWritable) throws {
        try write(Escaping.json(value.json) + [UInt8(ascii: "\n")])
    }

    func write(_ text: String) throws { try writer.write(text) }
    func write(_ bytes: [UInt8]) throws { try writer.write(bytes) }
    func flush() throws { try writer.flush() }
}
