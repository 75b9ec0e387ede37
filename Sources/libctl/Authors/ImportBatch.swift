import Shared

/// The lines of one request, as NDJSON. A line of the file that holds no entry, such as a header or a faulty line, is
/// an empty line of the body: line `n` of the body is line `first + n - 1` of the file.
struct ImportBatch {
    let body: SpooledFile
    /// What else is known of the lines: the faults, and the texts that were kept.
    let notes: LineNotes
    /// Number of entries.
    private(set) var count = 0
    /// Line numbers in the file, from 1: the first line of the body, and the line after its last.
    private var (first, next) = (1, 1)

    init(_ spool: () -> SpooledFile) {
        body = spool()
        notes = LineNotes(spool())
    }

    /// The size of the body in bytes, with the empty lines before line `number` of the file.
    func size(before number: Int) -> Int { count == 0 ? 0 : body.count + number - next }

    mutating func add(_ entry: AuthorValues, _ number: Int, text: [UInt8]?) throws {
        if count == 0 { (first, next) = (number, number) }
        let newline = UInt8(ascii: "\n")
        try body.append([UInt8](repeating: newline, count: max(0, number - next)) + entry.json + [newline])
        next = number + 1
        count += 1
        if let text { try notes.add(.init(number: number, fault: nil, text: text)) }
    }

    /// The line of the file that is line `number` of the body; `nil` if the body has no such line.
    func line(_ number: Int64) -> Int? {
        (1...Int64(max(1, next - first))).contains(number) ? first + Int(number) - 1 : nil
    }

    /// Returns a function that parses a line of the body again. It reads the body once, so the line numbers of its
    /// calls must ascend.
    func entries() -> (Int64) throws -> AuthorValues? {
        var authors = SpooledAuthors(body, .ndjson, restIsNeeded: false, unknownMembers: .rejected)
        return { number in
            while let line = try authors.next() {
                if line.number >= number { return line.number == number ? try? line.entry.get() : nil }
            }
            return nil
        }
    }

    mutating func removeAll() throws {
        try body.removeAll()
        try notes.removeAll()
        count = 0
    }
}

/// Notes on lines, in the order of the file, in memory that does not grow with their number.
final class LineNotes {
    struct Note {
        let number: Int
        /// The result of a line that cannot be sent; `nil` for a line that is.
        let fault: BulkResult?
        /// The line as it is in the file.
        let text: [UInt8]?
    }

    private let spool: SpooledFile
    private(set) var count = 0
    /// In bytes.
    var size: Int { spool.count }
    private var offset = 0
    private var waiting: Note?

    init(_ spool: SpooledFile) {
        self.spool = spool
    }

    func add(_ note: Note) throws {
        let (fault, text) = (note.fault?.json ?? [], note.text ?? [])
        let sizes = [note.number, fault.count, note.text == nil ? -1 : text.count]
        try spool.append(sizes.flatMap(Self.bytes) + fault + text)
        count += 1
    }

    /// The next note on a line up to `number`; `nil` if there is none.
    func next(upTo number: Int) throws -> Note? {
        if waiting == nil { waiting = try read() }
        guard let note = waiting, note.number <= number else { return nil }
        waiting = nil
        return note
    }

    func removeAll() throws {
        try spool.removeAll()
        (count, offset, waiting) = (0, 0, nil)
    }

    private func read() throws -> Note? {
        let head = try take(24)
        guard head.count == 24 else { return nil }
        let sizes = (0..<3).map { Self.integer(head[($0 * 8)..<($0 * 8 + 8)]) }
        let fault = try take(sizes[1])
        let text = sizes[2] < 0 ? nil : try take(sizes[2])
        return Note(
            number: sizes[0], fault: fault.isEmpty ? nil : try BulkResult(json: fault, unknownMembers: .ignored),
            text: text)
    }

    private func take(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count, case let piece = try spool.bytes(from: offset, atMost: count - bytes.count),
            !piece.isEmpty
        {
            bytes += piece
            offset += piece.count
        }
        return bytes
    }

    private static func bytes(_ value: Int) -> [UInt8] { withUnsafeBytes(of: Int64(value).littleEndian) { Array($0) } }

    private static func integer(_ bytes: ArraySlice<UInt8>) -> Int {
        Int(truncatingIfNeeded: bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
}
