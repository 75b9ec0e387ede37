/// A recursive-descent parser for RFC 8259, with the limits that a network daemon needs.
struct JSONParser {
    /// Deep enough for every document of this API, and shallow enough that no input can overflow a thread's stack.
    static let maximumDepth = 32

    /// Up to this number of members, comparing each new name with all others is faster than a set of names.
    private static let fewMembers = 16

    private let bytes: [UInt8]
    private let numbersAsText: Bool
    private var offset = 0
    private var depth = 0

    init(_ bytes: [UInt8], numbersAsText: Bool = false) {
        self.bytes = bytes
        self.numbersAsText = numbersAsText
    }

    mutating func document() throws(JSONSyntaxError) -> JSONValue {
        guard !bytes.isEmpty else { throw failure("the text is empty") }
        let value = try self.value()
        skipWhitespace()
        guard peek() == nil else { throw failure("expected the end") }
        return value
    }

    private mutating func value() throws(JSONSyntaxError) -> JSONValue {
        skipWhitespace()
        switch peek() {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return try number()
        default: throw failure("expected a value")
        }
    }

    // MARK: Containers

    private mutating func object() throws(JSONSyntaxError) -> JSONValue {
        try enter()
        var members: [JSONValue.Member] = []
        members.reserveCapacity(4)
        var names: Set<String> = []
        skipWhitespace()
        if skip("}") { return leave(.object(members)) }
        while true {
            skipWhitespace()
            guard peek() == UInt8(ascii: "\"") else { throw failure("expected a member name") }
            let start = offset
            let name = try string(mostMarks: CombiningMarks.mostInField)
            if members.count == Self.fewMembers { names = Set(members.map(\.name)) }
            let isNew =
                members.count < Self.fewMembers ? !members.contains { $0.name == name } : names.insert(name).inserted
            guard isNew else {
                throw JSONSyntaxError(reason: "duplicate member name", offset: start)
            }
            skipWhitespace()
            guard skip(":") else { throw failure("expected ':'") }
            members.append(.init(name: name, value: try value()))
            skipWhitespace()
            if skip("}") { return leave(.object(members)) }
            guard skip(",") else { throw failure("expected ',' or '}'") }
        }
    }

    private mutating func array() throws(JSONSyntaxError) -> JSONValue {
        try enter()
        var elements: [JSONValue] = []
        skipWhitespace()
        if skip("]") { return leave(.array(elements)) }
        while true {
            elements.append(try value())
            skipWhitespace()
            if skip("]") { return leave(.array(elements)) }
            guard skip(",") else { throw failure("expected ',' or ']'") }
        }
    }

    private mutating func enter() throws(JSONSyntaxError) {
        guard depth < Self.maximumDepth else { throw failure("nested too deeply") }
        depth += 1
        offset += 1
    }

    private mutating func leave(_ value: JSONValue) -> JSONValue {
        depth -= 1
        return value
    }

    // MARK: Scalars

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
        for position in 0..<word.utf8CodeUnitCount {
            guard peek() == word.utf8Start[position] else { throw failure("expected a value") }
            offset += 1
        }
        return value
    }

    private mutating func number() throws(JSONSyntaxError) -> JSONValue {
        let start = offset
        var isInteger = true
        _ = skip("-")
        if !skip("0") {
            guard skipDigits() else { throw failure("expected a digit") }
        }
        if skip(".") {
            isInteger = false
            guard skipDigits() else { throw failure("expected a digit") }
        }
        if skip("e") || skip("E") {
            isInteger = false
            if !skip("+") { _ = skip("-") }
            guard skipDigits() else { throw failure("expected a digit") }
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if numbersAsText { return .string(text) }
        if isInteger, let integer = Int64(text) { return .integer(integer) }
        guard let double = Double(text), double.isFinite else {
            throw JSONSyntaxError(reason: "number out of range", offset: start)
        }
        return .number(double)
    }

    /// Parses a string whose opening quote is at the offset.
    private mutating func string(mostMarks: Int = CombiningMarks.mostInText) throws(JSONSyntaxError) -> String {
        offset += 1
        let start = offset
        var unescaped: [UInt8]?
        while true {
            let text = bytes[offset...].prefix { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
            unescaped?.append(contentsOf: text)
            offset = text.endIndex
            switch peek() {
            case UInt8(ascii: "\""):
                guard let text = String(utf8: unescaped?[...] ?? bytes[start..<offset]) else {
                    throw JSONSyntaxError(reason: "invalid UTF-8", offset: start)
                }
                guard !CombiningMarks.areTooMany(text, limit: mostMarks) else {
                    throw JSONSyntaxError(reason: "too many combining marks in a row", offset: start)
                }
                offset += 1
                return text
            case UInt8(ascii: "\\"):
                // Appends to one array: a copy of the text for each escape would take quadratic time.
                if unescaped == nil { unescaped = Array(bytes[start..<offset]) }
                unescaped?.append(contentsOf: String(try escape()).utf8)
            case nil: throw failure("unterminated string")
            default: throw failure("unescaped control character")
            }
        }
    }

    private mutating func escape() throws(JSONSyntaxError) -> Unicode.Scalar {
        let start = offset
        offset += 1
        defer { offset += 1 }
        switch peek() {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw JSONSyntaxError(reason: "unknown escape", offset: start)
        }
        let high = try hexadecimal()
        if let scalar = Unicode.Scalar(high) { return scalar }
        // A high surrogate must be followed by a low surrogate (RFC 8259, section 7).
        offset += 1
        guard (0xD800..<0xDC00).contains(high), skip("\\"), peek() == UInt8(ascii: "u") else {
            throw JSONSyntaxError(reason: "lone surrogate", offset: start)
        }
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low),
            let scalar = Unicode.Scalar(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
        else { throw JSONSyntaxError(reason: "lone surrogate", offset: start) }
        return scalar
    }

    /// Reads the four digits after the `u` at the offset, and leaves the offset at the last digit.
    private mutating func hexadecimal() throws(JSONSyntaxError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            offset += 1
            guard let digit = peek().flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else {
                throw failure("expected four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    // MARK: Bytes

    private func peek() -> UInt8? {
        offset < bytes.count ? bytes[offset] : nil
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    private mutating func skipDigits() -> Bool {
        let start = offset
        while let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { offset += 1 }
        return offset > start
    }

    private mutating func skipWhitespace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    private func failure(_ reason: String) -> JSONSyntaxError {
        JSONSyntaxError(reason: reason, offset: offset)
    }
}
