/// Writes one JSON text, member by member, in the order of the calls.
///
/// Both programs write every request and reply with it, so that a member has the same name and place in both. It
/// makes no intermediate tree: for a page of authors, a `Codable` encoder costs several times as much as the query,
/// and its order of members differs from run to run.
///
/// The text is in memory of its own rather than in an array, which would ask at each of many small appends whether it
/// is shared.
public struct JSONWriter: ~Copyable {
    private var start: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    /// In bytes: the length of the text so far.
    public private(set) var count = 0
    private var needsComma = false
    /// The last time that was written, and the place of its text: rows that were written together share theirs.
    private var lastTime: (value: Timestamp, place: Int)?

    public init(reservingCapacity capacity: Int = 256) {
        self.capacity = max(16, capacity)
        start = .allocate(capacity: self.capacity)
    }

    deinit {
        start.deallocate()
    }

    /// The text so far, in UTF-8.
    public var bytes: [UInt8] { Array(UnsafeBufferPointer(start: start, count: count)) }

    /// Calls `body` with the text so far, which is good only in the call.
    public func withBytes<Value>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Value) rethrows -> Value {
        try body(UnsafeBufferPointer(start: start, count: count))
    }

    @inline(__always)
    private mutating func reserve(_ more: Int) {
        if count + more > capacity { grow(more) }
    }

    @inline(never)
    private mutating func grow(_ more: Int) {
        capacity = max(2 * capacity, count + more)
        let next = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        next.update(from: start, count: count)
        start.deallocate()
        start = next
    }

    @inline(__always)
    private mutating func append(_ byte: UInt8) {
        reserve(1)
        start[count] = byte
        count += 1
    }

    @inline(__always)
    private mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let source = bytes.baseAddress else { return }
        reserve(bytes.count)
        (start + count).update(from: source, count: bytes.count)
        count += bytes.count
    }

    /// Writes an object, whose members `members` writes.
    public mutating func object(_ members: (inout JSONWriter) throws -> Void) rethrows {
        open(UInt8(ascii: "{"))
        try members(&self)
        close(UInt8(ascii: "}"))
    }

    /// Writes an array, whose elements `elements` writes.
    public mutating func array(_ elements: (inout JSONWriter) throws -> Void) rethrows {
        open(UInt8(ascii: "["))
        try elements(&self)
        close(UInt8(ascii: "]"))
    }

    /// Writes a member's name; the next call writes its value.
    public mutating func name(text name: String) {
        string(name)
        append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// As ``name(text:)``, for a constant name, which must not need escapes.
    public mutating func name(_ name: StaticString) {
        let length = name.utf8CodeUnitCount
        reserve(length + 4)
        separate()
        let place = start + count
        place[0] = UInt8(ascii: "\"")
        (place + 1).update(from: name.utf8Start, count: length)
        place[length + 1] = UInt8(ascii: "\"")
        place[length + 2] = UInt8(ascii: ":")
        count += length + 3
    }

    /// Writes a string with the escapes of RFC 8259, section 7.
    public mutating func string(_ value: String) {
        var value = value
        value.withUTF8 { string(utf8: $0) }
    }

    /// As ``string(_:)``, without making a `String`.
    /// - Parameter utf8: valid UTF-8.
    public mutating func string(utf8: UnsafeBufferPointer<UInt8>) {
        reserve(utf8.count + 3)
        separate()
        append(UInt8(ascii: "\""))
        if Self.needsEscapes(utf8) { appendEscaped(utf8) } else { append(utf8) }
        append(UInt8(ascii: "\""))
        needsComma = true
    }

    @inline(__always)
    private static func needsEscape(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x22 || byte == 0x5C }

    /// Looks at eight bytes at a time
    /// (https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord and `#ValueInWord`).
    private static func needsEscapes(_ utf8: UnsafeBufferPointer<UInt8>) -> Bool {
        let (ones, highBits): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        let bytes = UnsafeRawBufferPointer(utf8)
        guard bytes.count >= 8 else {
            for byte in utf8 where needsEscape(byte) { return true }
            return false
        }
        var index = 0
        while true {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let (quotes, backslashes) = (word ^ (ones * 0x22), word ^ (ones * 0x5C))
            let found =
                (word &- ones * 0x20) & ~word | (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes
            guard found & highBits == 0 else { return true }
            guard index + 8 < bytes.count else { return false }
            // The last eight may be some of those that were looked at before.
            index = min(index + 8, bytes.count - 8)
        }
    }

    private mutating func appendEscaped(_ utf8: UnsafeBufferPointer<UInt8>) {
        var start = 0
        for index in utf8.indices where Self.needsEscape(utf8[index]) {
            append(UnsafeBufferPointer(rebasing: utf8[start..<index]))
            escape(utf8[index])
            start = index + 1
        }
        append(UnsafeBufferPointer(rebasing: utf8[start...]))
    }

    /// Writes a time as a string in the form of RFC 3339.
    public mutating func timestamp(_ value: Timestamp) {
        reserve(Timestamp.length + 3)
        separate()
        append(UInt8(ascii: "\""))
        if let lastTime, lastTime.value == value {
            (start + count).update(from: start + lastTime.place, count: Timestamp.length)
        } else {
            value.write(to: UnsafeMutableBufferPointer(start: start + count, count: Timestamp.length))
            lastTime = (value, count)
        }
        count += Timestamp.length
        append(UInt8(ascii: "\""))
        needsComma = true
    }

    public mutating func integer(_ value: Int64) {
        separate()
        if value < 0 { append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        // The last digit first, so the place of the first one must be known.
        var end = 1
        while rest >= 10 {
            rest /= 10
            end += 1
        }
        reserve(end)
        rest = value.magnitude
        for place in stride(from: count + end - 1, through: count, by: -1) {
            start[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count += end
        needsComma = true
    }

    public mutating func bool(_ value: Bool) {
        literal(value ? "true" : "false")
    }

    /// Ends a line of NDJSON; another value may follow.
    public mutating func endLine() {
        append(UInt8(ascii: "\n"))
        needsComma = false
    }

    public mutating func null() {
        literal("null")
    }

    /// Writes bytes that are already a JSON value.
    public mutating func raw(_ value: some Sequence<UInt8>) {
        separate()
        for byte in value { append(byte) }
        needsComma = true
    }

    /// Writes a value with all its members and elements.
    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let value): bool(value)
        case .integer(let value): integer(value)
        case .number(let value): raw(value.description.utf8)
        case .string(let value): string(value)
        case .array(let elements): array { for element in elements { $0.value(element) } }
        case .object(let members):
            object { for member in members { $0.member(text: member.name) { $0.value(member.value) } } }
        }
    }

    private mutating func literal(_ word: StaticString) {
        separate()
        append(UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
        needsComma = true
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        append(bracket)
        needsComma = true
    }

    @inline(__always)
    private mutating func separate() {
        if needsComma { append(UInt8(ascii: ",")) }
        needsComma = false
    }

    private mutating func escape(_ byte: UInt8) {
        append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: append(UInt8(ascii: "b"))
        case 0x09: append(UInt8(ascii: "t"))
        case 0x0A: append(UInt8(ascii: "n"))
        case 0x0C: append(UInt8(ascii: "f"))
        case 0x0D: append(UInt8(ascii: "r"))
        case 0x22, 0x5C: append(byte)
        default:
            let digits = Array("0123456789abcdef".utf8)
            for character in "u00".utf8 { append(character) }
            append(digits[Int(byte >> 4)])
            append(digits[Int(byte & 15)])
        }
    }
}

extension JSONWriter {
    /// Writes the name of a member; `write` writes its value.
    public mutating func member(text name: String, _ write: (inout JSONWriter) -> Void) {
        self.name(text: name)
        write(&self)
    }

    /// Writes the name of a member; `write` writes its value.
    public mutating func member(_ name: StaticString, _ write: (inout JSONWriter) throws -> Void) rethrows {
        self.name(name)
        try write(&self)
    }

    public mutating func member(_ name: StaticString, _ value: String) {
        self.name(name)
        string(value)
    }

    public mutating func member(_ name: StaticString, _ value: Timestamp) {
        self.name(name)
        timestamp(value)
    }

    /// Writes `null` for no text.
    public mutating func member(_ name: StaticString, _ value: String?) {
        self.name(name)
        if let value { string(value) } else { null() }
    }

    /// Writes `null` for no time.
    public mutating func member(_ name: StaticString, _ value: Timestamp?) {
        self.name(name)
        if let value { timestamp(value) } else { null() }
    }

    public mutating func member(_ name: StaticString, _ value: Int64) {
        self.name(name)
        integer(value)
    }

    public mutating func member(_ name: StaticString, _ value: Bool) {
        self.name(name)
        bool(value)
    }

    public mutating func member(_ name: StaticString, _ value: some JSONWritable) {
        self.name(name)
        value.write(to: &self)
    }

    /// Writes an array.
    public mutating func member(_ name: StaticString, _ values: [some JSONWritable]) {
        self.name(name)
        array { for value in values { value.write(to: &$0) } }
    }
}
