/// Splits input that arrives in pieces into lines, or into the records of a CSV file (RFC 4180; lines may end in LF
/// or CRLF).
public struct RecordReader: Sendable {
    /// One record of a CSV file, or one line.
    public struct Record: Sendable {
        /// Number of the record's first line, from 1.
        public let line: Int
        /// The fields without their quotes; of other files than CSV, one field with the whole line. Empty if there is
        /// a fault.
        public let fields: [[UInt8]]
        /// Why the record cannot be read; `nil` if it can.
        public let fault: String?
    }

    private enum State {
        case fieldStart, plain, quoted, quoteInQuoted
        /// Skipping the rest of a record that cannot be read, up to the end of the line.
        case lost
    }

    /// Limit of one record in bytes, more than any author needs: without a limit, a quote that is never closed would
    /// collect the whole file in memory.
    public static let longest = 1 << 20

    private let isCSV: Bool
    private let separator: UInt8
    private let quotes: Bool
    private var buffer: [UInt8] = []
    private var position = 0
    private var state = State.fieldStart
    private var line = 1
    private var start = 1
    private var fields: [[UInt8]] = []
    private var field: [UInt8] = []
    private var length = 0
    private var fault: String?

    /// - Parameters:
    ///   - csv: `true` for CSV, `false` for lines.
    ///   - separator: the separator of the fields. If it is a tab, quotes have no meaning (IANA,
    ///     `text/tab-separated-values`).
    public init(csv isCSV: Bool, separator: UInt8 = UInt8(ascii: ",")) {
        self.isCSV = isCSV
        self.separator = separator
        quotes = separator != UInt8(ascii: "\t")
    }

    /// Adds a piece of the input, which ``next(atEnd:)`` then reads.
    public mutating func append(_ bytes: some Sequence<UInt8>) {
        if position == buffer.count {
            buffer.removeAll(keepingCapacity: true)
            position = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// Adds a piece of the input and calls `body` with each record that is complete.
    public mutating func append(_ bytes: some Sequence<UInt8>, _ body: (Record) throws -> Void) rethrows {
        append(bytes)
        while let record = next(atEnd: false) { try body(record) }
    }

    /// Calls `body` with each record that remains at the end of the input.
    public mutating func end(_ body: (Record) throws -> Void) rethrows {
        while let record = next(atEnd: true) { try body(record) }
    }

    /// The next record, without empty lines. `nil` if the record is not complete yet, or, at the end of the input, if
    /// no record is left.
    public mutating func next(atEnd: Bool) -> Record? {
        while true {
            takeText()
            guard position < buffer.count else { break }
            let byte = buffer[position]
            position += 1
            if take(byte), let record = record() { return record }
        }
        guard atEnd, length > 0 || !fields.isEmpty || state != .fieldStart else { return nil }
        if state == .quoted { fault = fault ?? "a quote is not closed" }
        return record()
    }

    /// Takes all bytes up to the next separator, quote or newline at once, which is faster than one by one.
    private mutating func takeText() {
        guard state == .plain || state == .quoted || state == .fieldStart && !isCSV else { return }
        let (newline, quote) = (UInt8(ascii: "\n"), UInt8(ascii: "\""))
        let rest = buffer[position...]
        let end =
            isCSV
            ? rest.firstIndex { $0 == separator || $0 == quote || $0 == newline } : rest.firstIndex(of: newline)
        let text = rest[..<(end ?? buffer.endIndex)]
        guard !text.isEmpty else { return }
        if state == .fieldStart { state = .plain }
        position = text.endIndex
        add(text)
    }

    /// Handles one byte, and returns `true` at the end of a record.
    private mutating func take(_ byte: UInt8) -> Bool {
        if byte == UInt8(ascii: "\n") {
            line += 1
            if state != .quoted { return true }
        }
        switch (state, byte) {
        case (.lost, _): break
        case (.fieldStart, UInt8(ascii: "\"")) where quotes: state = .quoted
        case (.quoted, UInt8(ascii: "\"")): state = .quoteInQuoted
        case (.quoted, _), (.plain, 0x22): add(CollectionOfOne(byte))
        case (.quoteInQuoted, UInt8(ascii: "\"")):
            state = .quoted
            add(CollectionOfOne(byte))
        case (_, separator):
            fields.append(field)
            field.removeAll(keepingCapacity: true)
            state = .fieldStart
            grow(by: 1)
        case (.quoteInQuoted, UInt8(ascii: "\r")): break
        case (.quoteInQuoted, _): lose("text after a closing quote")
        default:
            state = .plain
            add(CollectionOfOne(byte))
        }
        return false
    }

    private mutating func add(_ text: some Collection<UInt8>) {
        field.append(contentsOf: text)
        grow(by: text.count)
    }

    private mutating func grow(by count: Int) {
        length += count
        if length > Self.longest { lose("the record is longer than 1 MiB") }
    }

    private mutating func lose(_ reason: String) {
        fault = fault ?? reason
        state = .lost
        field = []
        fields = []
    }

    /// Ends the record and starts the next one; returns `nil` for an empty line.
    private mutating func record() -> Record? {
        if state == .plain, field.last == UInt8(ascii: "\r") { field.removeLast() }
        let isEmpty = fields.isEmpty && field.isEmpty && fault == nil && state != .quoteInQuoted
        defer {
            (state, field, fields, length, fault, start) = (.fieldStart, [], [], 0, nil, line)
        }
        return isEmpty ? nil : Record(line: start, fields: fault == nil ? fields + [field] : [], fault: fault)
    }
}
