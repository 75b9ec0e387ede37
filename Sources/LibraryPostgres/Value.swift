/// A parameter of a statement. An array goes to `unnest`.
package enum Value: Sendable, Equatable {
    case integer(Int64)
    case flag(Bool)
    case text(String)
    case bytes([UInt8])
    /// `bigint[]`
    case integers([Int64?])
    /// `boolean[]`
    case flags([Bool?])
    /// `text[]`
    case texts([String?])
    /// `bytea[]`
    case byteStrings([[UInt8]?])
    case null

    package init(_ integer: Int64?) { self = integer.map { .integer($0) } ?? .null }

    package init(_ text: String?) { self = text.map { .text($0) } ?? .null }
}

/// Values as libpq takes them (PostgreSQL 15 documentation, section 34.3.1, PQexecParams).
///
/// Integers and flags are sent in text format, which fits each type of integer. All others are sent in binary format:
/// a text in text format would end at its first NUL.
struct EncodedValues {
    /// One value after the other, each with a zero at its end: a value in text format ends there, and an empty one has
    /// an address.
    private var bytes: [UInt8] = []
    /// Where in ``bytes`` each value begins; `nil` for NULL.
    private var starts: [Int?] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []

    /// - Throws: ``PostgresError/unexpected(_:)`` if a value is too large for the protocol.
    init(_ values: [Value]) throws {
        for value in values { try append(value) }
    }

    /// - Parameter body: takes the number of values, their addresses, lengths and formats.
    func withPointers<Result>(
        _ body: (Int32, [UnsafePointer<CChar>?], [Int32], [Int32]) throws -> Result
    ) rethrows -> Result {
        try bytes.withUnsafeBytes { bytes in
            let base = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            let addresses = starts.map { start in start.flatMap { base?.advanced(by: $0) } }
            return try body(Int32(clamping: starts.count), addresses, lengths, formats)
        }
    }

    private mutating func append(_ value: Value) throws {
        let start = bytes.count
        switch value {
        case .null: break
        case .integer(let integer): bytes.append(contentsOf: String(integer).utf8)
        case .flag(let flag): bytes.append(UInt8(ascii: flag ? "t" : "f"))
        case .text(let text): bytes.append(contentsOf: text.utf8)
        case .bytes(let value): bytes.append(contentsOf: value)
        case .integers(let integers):
            try appendArray(of: 20, integers) { $0.appendBigEndian($1) }
        case .flags(let flags):
            try appendArray(of: 16, flags) { $0.append($1 ? 1 : 0) }
        case .texts(let texts):
            try appendArray(of: 25, texts) { $0.append(contentsOf: $1.utf8) }
        case .byteStrings(let strings):
            try appendArray(of: 17, strings) { $0.append(contentsOf: $1) }
        }
        starts.append(value == .null ? nil : start)
        lengths.append(try Self.length(bytes.count - start))
        formats.append(value.isText ? 0 : 1)
        bytes.append(0)
    }

    /// Appends an array as `array_recv` of the server reads it: the number of dimensions, whether there are NULLs, the
    /// type of the elements, their number, the first index, then each element after its length.
    /// - Parameter type: the OID of the type in `pg_type`.
    private mutating func appendArray<Element>(
        of type: Int32, _ elements: [Element?], _ appendElement: (inout [UInt8], Element) -> Void
    ) throws {
        bytes.appendBigEndian(elements.isEmpty ? 0 : 1 as Int32)
        bytes.appendBigEndian(1 as Int32)
        bytes.appendBigEndian(type)
        guard !elements.isEmpty else { return }
        bytes.appendBigEndian(try Self.length(elements.count))
        bytes.appendBigEndian(1 as Int32)
        for element in elements {
            guard let element else {
                bytes.appendBigEndian(-1 as Int32)
                continue
            }
            let place = bytes.count
            bytes.appendBigEndian(0 as Int32)
            appendElement(&bytes, element)
            let length = try Self.length(bytes.count - place - 4)
            withUnsafeBytes(of: length.bigEndian) { bytes.replaceSubrange(place..<place + 4, with: $0) }
        }
    }

    private static func length(_ count: Int) throws -> Int32 {
        guard let length = Int32(exactly: count) else {
            throw PostgresError.unexpected("a value of \(count) bytes is too large for the database")
        }
        return length
    }
}

extension Value {
    /// Whether it is sent in text format.
    fileprivate var isText: Bool {
        switch self {
        case .integer, .flag, .null: true
        case .text, .bytes, .integers, .flags, .texts, .byteStrings: false
        }
    }
}

extension [UInt8] {
    fileprivate mutating func appendBigEndian(_ integer: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: integer.bigEndian) { append(contentsOf: $0) }
    }
}
