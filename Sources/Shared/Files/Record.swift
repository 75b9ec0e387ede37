/// One record of a file of authors: a row of CSV, a line of NDJSON, or an element of a JSON array.
public struct Record: Sendable {
    /// Limit of what is needed of one record, in bytes, more than any author needs: without a limit, a quote that is
    /// never closed would collect the whole file in memory.
    public static let longest = 1 << 20

    /// Number of the record's first line, from 1; of an element of a JSON array, the number of the element.
    public let number: Int
    /// The cells without their quotes, one after the other; of JSON, the whole text. Empty if there is a fault.
    public let content: [UInt8]
    /// For each cell, the index in ``content`` of the byte after it. Empty if there is a fault.
    let ends: [Int]
    /// Why the record cannot be read; `nil` if it can.
    public let fault: String?
    /// Whether the record was part of a longer one that turned out to be faulty.
    let isReread: Bool

    init(
        _ number: Int, content: [UInt8] = [], ends: [Int] = [], fault: String? = nil, isReread: Bool = false
    ) {
        let fault = fault ?? (CombiningMarks.areTooMany(content) ? CombiningMarks.fault : nil)
        self.number = number
        self.content = fault == nil ? content : []
        self.ends = fault == nil ? ends : []
        self.fault = fault
        self.isReread = isReread
    }

    /// Number of cells.
    var count: Int { ends.count }

    /// The texts of the cells; what is not UTF-8 is replaced.
    package var cells: [String] { (0..<count).map { String(decoding: cell($0), as: UTF8.self) } }

    /// The content of a cell; empty if the record has fewer cells.
    func cell(_ index: Int) -> ArraySlice<UInt8> {
        index < ends.count ? content[(index == 0 ? 0 : ends[index - 1])..<ends[index]] : []
    }

    static let tooLong = "the record is longer than 1 MiB"
}

/// Input that arrives in pieces. Positions count from the beginning of the input.
struct RecordInput: Sendable {
    /// The part of the input that is in memory; begins at position ``base``.
    private(set) var bytes: [UInt8] = []
    private(set) var base = 0
    /// The position of the next byte to read.
    var position = 0
    private var isBeyondMark = false

    /// Adds a piece, and drops the bytes before `start`.
    mutating func append(_ piece: some Sequence<UInt8>, keepingFrom start: Int) {
        if start > base {
            bytes.removeFirst(min(start - base, bytes.count))
            base = start
        }
        bytes.append(contentsOf: piece)
    }

    /// The position after the last byte in memory.
    var end: Int { base + bytes.count }

    /// The next byte; `nil` if it has not arrived yet.
    var next: UInt8? { position < end ? bytes[position - base] : nil }

    subscript(range: Range<Int>) -> ArraySlice<UInt8> { bytes[(range.lowerBound - base)..<(range.upperBound - base)] }

    /// The position of the first byte from `start` on that `isWanted`; `nil` if there is none in memory yet.
    @inline(__always)
    func first(from start: Int, where isWanted: (UInt8) -> Bool) -> Int? {
        bytes.withUnsafeBufferPointer { bytes in
            var index = start - base
            while index < bytes.count {
                if isWanted(bytes[index]) { return base + index }
                index += 1
            }
            return nil
        }
    }

    /// Skips a byte order mark at the beginning of the input.
    /// - Returns: `false` if more bytes must arrive before it is known whether there is one.
    mutating func skipMark(atEnd: Bool) -> Bool {
        guard !isBeyondMark else { return true }
        if bytes.count < byteOrderMark.count, !atEnd, byteOrderMark.starts(with: bytes) { return false }
        if bytes.starts(with: byteOrderMark) { position = byteOrderMark.count }
        isBeyondMark = true
        return true
    }

    /// Skips the text of a line `sep=;`, by which spreadsheets name the separator, also in quotes and in capitals.
    /// - Returns: the separator, or `nil` within the optional if there is no such line. `nil` if more bytes must arrive
    ///   before that is known.
    mutating func skipSeparatorLine(atEnd: Bool) -> UInt8?? {
        let first = Array(self[position..<end].prefix(8))
        let quotes = first.first == .quote ? 1 : 0
        let name = first.dropFirst(quotes).prefix(4)
        let length = 5 + 2 * quotes
        guard zip(name, "sep=".utf8).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) else { return .some(nil) }
        if first.count <= length, !atEnd { return nil }
        guard first.count >= length, !first[quotes + 4].isASCIILetterOrDigit,
            first.count == length || [.newline, .carriageReturn].contains(first[length])
        else { return .some(nil) }
        position += length
        return first[quotes + 4]
    }
}

extension UInt8 {
    /// Line feed.
    package static let newline = UInt8(ascii: "\n")
    package static let carriageReturn = UInt8(ascii: "\r")
    static let quote = UInt8(ascii: "\"")
    package static let tab = UInt8(ascii: "\t")

    /// Whether the byte is white space, or the Ctrl-Z with which DOS ends a text file.
    var isBlank: Bool {
        switch self {
        case 0x20, .tab, .newline, .carriageReturn, 0x1A: true
        default: false
        }
    }
}
