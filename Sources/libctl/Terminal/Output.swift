import Shared

/// Standard output, which gets results and nothing else.
final class Output {
    let format: OutputFormat
    let isTerminal: Bool
    /// The width of the terminal in columns; `nil` if there is no terminal, and lines may have any length.
    let width: Int?
    let color: Bool
    /// Whether a list begins with the names of its fields.
    let hasHeader: Bool
    private let descriptor: Int32
    private var writer: OutputWriter
    private let fields: [String]?
    /// Starts the pager; `nil` once it was started, or if there is none.
    private var openPager: (() throws -> Pager)?
    private var pager: Pager?
    private let warn: (String) -> Void
    /// The beginning of a line of a reply whose end has not arrived yet.
    private var pending: [UInt8] = []

    /// - Parameter warn: reports a fault that does not stop the output.
    init(options: GlobalOptions, io: IO, config: Config?, warn: @escaping (String) -> Void) throws {
        descriptor = io.output
        writer = OutputWriter(descriptor)
        self.warn = warn
        isTerminal = writer.isTerminal
        width = isTerminal ? Terminal.width(of: io.output) : nil
        if options.json, let format = options.format, format != .json {
            throw CommandError(
                .usage, "--json and --output \(format.rawValue) contradict each other",
                hint: "leave one of them out")
        }
        format = options.json ? .json : options.format ?? (isTerminal ? .table : .tsv)
        hasHeader = options.headers ?? (format != .tsv)
        fields = options.fields.map { $0.split(separator: ",").map(String.init) }
        color =
            switch options.color ?? config?[.color].flatMap(ColorChoice.init(rawValue:)) ?? .auto {
            case .always: true
            case .never: false
            case .auto: isTerminal && io.variable("NO_COLOR") == nil && io.variable("TERM") != "dumb"
            }
        let command = config?[.pager] ?? io.variable("PAGER") ?? Pager.standard
        openPager =
            options.pager && isTerminal
            ? { try Pager(command, output: io.output, environment: io.environment) } : nil
    }

    /// Shows one record.
    func show<Item: Displayable>(_ record: Item) throws {
        let list = try list(of: Item.self, single: true)
        try list.add(record)
        try list.end()
    }

    /// Shows all of a list.
    func show<Item: Displayable>(_ records: [Item]) throws {
        let list = try list(of: Item.self)
        for record in records { try list.add(record) }
        try list.end()
    }

    /// A printer for a list whose records come one by one.
    /// - Parameter asRecords: whether a terminal gets a line for each field, of all fields, in place of a table.
    func list<Item: Displayable>(
        of type: Item.Type, single: Bool = false, asRecords: Bool = false
    ) throws -> RecordPrinter<Item> {
        let asRecords = asRecords && isTerminal && format == .table
        let names = fields ?? (asRecords ? Item.fieldNames : format == .table ? Item.tableColumns : Item.columns)
        guard !names.isEmpty else {
            throw CommandError(
                .usage, "--fields names no field",
                hint: "for example: --fields \(Item.fieldNames.prefix(2).joined(separator: ","))")
        }
        let chosen = try names.map { name in
            guard let field = Item.fields.first(where: { $0.name == name }) else {
                let near = closest(to: name, among: Item.fieldNames)
                throw CommandError(
                    .usage, "there is no field \(Secrets.quoted(name))",
                    hint: near.map { "did you mean \($0)?" }
                        ?? "the fields are \(Item.fieldNames.joined(separator: ", "))")
            }
            return field
        }
        return RecordPrinter(self, fields: chosen, isChosen: fields != nil, single: single, asRecords: asRecords)
    }

    /// Shows one word or line.
    func line(_ text: String) throws {
        try write((isTerminal ? Escaping.terminal(text) : text) + "\n")
    }

    /// Shows a text: in the JSON formats as the only member of an object, else as a line.
    func line(_ text: String, named name: String) throws {
        guard [.json, .ndjson].contains(format) else { return try line(text) }
        var json = JSONWriter()
        json.object { $0.member(text: name) { $0.string(text) } }
        try write(Escaping.json(json.bytes) + [UInt8(ascii: "\n")])
    }

    /// Shows a value as JSON.
    func json(_ value: some JSONWritable) throws {
        try write(Escaping.json(value.json) + [UInt8(ascii: "\n")])
    }

    /// Shows a piece of a reply unchanged, but on a terminal with control characters escaped.
    func foreign(_ bytes: [UInt8]) throws {
        guard isTerminal else {
            try write(bytes)
            return try flush()
        }
        pending += bytes
        // Only whole lines are shown, because a piece may end within a character.
        let end = (pending.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
        try foreignLines(pending[..<end])
        pending.removeFirst(end)
    }

    private func foreignLines(_ bytes: ArraySlice<UInt8>) throws {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        try write(lines.map { Escaping.terminal(String(decoding: $0, as: UTF8.self)) }.joined(separator: "\n"))
        try flush()
    }

    func write(_ text: String) throws { try write(Array(text.utf8)) }

    func write(_ bytes: [UInt8]) throws {
        // The pager is started at the first output, so that an error before that needs none.
        if let openPager { start(openPager) }
        pager?.remember(bytes)
        try whileRead { try writer.write(bytes) }
    }

    func flush() throws { try whileRead { try writer.flush() } }

    /// Writes the rest, and waits until the user has left the pager.
    func end() throws {
        if !pending.isEmpty {
            let rest = pending[...]
            pending = []
            try foreignLines(rest)
            try write("\n")
        }
        try flush()
        try leavePager()
    }

    // MARK: Pager

    private func start(_ open: () throws -> Pager) {
        openPager = nil
        do {
            let opened = try open()
            (pager, writer) = (opened, OutputWriter(opened.input))
        } catch {
            warn("\(CommandError(error).reason); the output is shown without it")
        }
    }

    /// Calls `body`, which writes. If it fails because there is no such pager, all text is shown without one instead.
    private func whileRead(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let failure as CommandError where failure.exit == .brokenPipe {
            guard try leavePager() else { throw failure }
        }
    }

    /// Waits until the user has left the pager, or until the shell has found no such program. Then shows all text
    /// without a pager.
    /// - Returns: whether the text was shown without a pager.
    @discardableResult private func leavePager() throws -> Bool {
        guard let pager else { return false }
        (self.pager, writer) = (nil, OutputWriter(descriptor))
        guard let text = pager.end() else { return false }
        warn("there is no pager \(Secrets.quoted(pager.command)); the output is shown without one")
        try writer.write(text)
        try writer.flush()
        return true
    }
}
