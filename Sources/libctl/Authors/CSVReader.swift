import Shared

/// Reads comma-separated values (RFC 4180), one record at a time. Lines may end in LF or CRLF.
final class CSVReader {
    struct Record {
        /// Number of the record's first line, from 1.
        let line: Int
        fileprivate let raw: [[UInt8]]
        fileprivate let fault: String?

        /// - Throws: ``CommandFailure`` `unparseable`.
        func fields() throws -> [String] {
            if let fault { throw CommandFailure(.unparseable, fault) }
            return try raw.map {
                guard let text = String(validating: $0, as: UTF8.self) else {
                    throw CommandFailure(.unparseable, "not valid UTF-8")
                }
                return text
            }
        }
    }

    /// More than any author needs: a quote that is never closed must not swallow the whole file.
    private static let longestRecord = 1 << 20

    private let reader: Reader
    private var line = 1

    init(_ reader: Reader) {
        self.reader = reader
    }

    /// The next record that is not an empty line.
    func next() throws -> Record? {
        while let byte = try reader.peek() {
            if byte == UInt8(ascii: "\n") {
                line += 1
                _ = try reader.next()
            } else if byte == UInt8(ascii: "\r") {
                _ = try reader.next()
            } else {
                return try record()
            }
        }
        return nil
    }

    private func record() throws -> Record {
        let start = line
        var fields: [[UInt8]] = []
        var length = 0
        while true {
            let (field, end, fault) = try field()
            fields.append(field)
            length += field.count
            guard length <= Self.longestRecord, fault == nil else {
                try skipLine(after: end)
                return Record(line: start, raw: [], fault: fault ?? "the record is longer than 1 MiB")
            }
            if end != UInt8(ascii: ",") {
                if end != nil { line += 1 }
                return Record(line: start, raw: fields, fault: nil)
            }
        }
    }

    /// A field and the byte that ended it: a comma, a line feed, or `nil` at the end of the input.
    private func field() throws -> (field: [UInt8], end: UInt8?, fault: String?) {
        var field: [UInt8] = []
        guard try reader.peek() == UInt8(ascii: "\"") else {
            while let byte = try reader.next() {
                if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") {
                    return (Self.withoutReturn(field, byte), byte, nil)
                }
                field.append(byte)
                if field.count > Self.longestRecord { return (field, byte, nil) }
            }
            return (Self.withoutReturn(field, nil), nil, nil)
        }
        _ = try reader.next()
        while let byte = try reader.next() {
            if byte == UInt8(ascii: "\n") { line += 1 }
            guard byte == UInt8(ascii: "\"") else {
                field.append(byte)
                if field.count > Self.longestRecord { return (field, byte, nil) }
                continue
            }
            if try reader.peek() == UInt8(ascii: "\"") {
                field.append(byte)
                _ = try reader.next()
                continue
            }
            if try reader.peek() == UInt8(ascii: "\r") { _ = try reader.next() }
            let end = try reader.next()
            if end == nil || end == UInt8(ascii: ",") || end == UInt8(ascii: "\n") { return (field, end, nil) }
            return (field, end, "text after a closing quote")
        }
        return (field, nil, "a quote is not closed")
    }

    private static func withoutReturn(_ field: [UInt8], _ end: UInt8?) -> [UInt8] {
        field.last == UInt8(ascii: "\r") && end != UInt8(ascii: ",") ? Array(field.dropLast()) : field
    }

    private func skipLine(after end: UInt8?) throws {
        var byte = end
        while let current = byte, current != UInt8(ascii: "\n") { byte = try reader.next() }
        if byte != nil { line += 1 }
    }
}
