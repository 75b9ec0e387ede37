/// Converts text of any encoding, which arrives in pieces, to UTF-8.
struct TextDecoder {
    private var encoding: TextEncoding?
    private var iconv: Iconv?
    private var hasBegun = false
    /// The bytes of a character that the last piece cut off.
    private var rest: [UInt8] = []

    /// - Parameter encoding: `nil` if the text itself tells.
    init(_ encoding: TextEncoding? = nil) {
        self.encoding = encoding
    }

    mutating func utf8(_ piece: [UInt8]) -> [UInt8] {
        if encoding == .utf8 { return piece }
        var bytes = rest + piece
        rest = []
        if !hasBegun {
            guard bytes.count >= 4 else {
                rest = bytes
                return []
            }
            begin(&bytes)
        }
        return decoded(bytes)
    }

    /// Ends the text: returns an invalid byte if the text ends within a character, so that its last line is reported
    /// as faulty.
    mutating func end() -> [UInt8] {
        var bytes = rest
        rest = []
        if !hasBegun { begin(&bytes) }
        let text = decoded(bytes)
        defer { rest = [] }
        return rest.isEmpty ? text : text + [Self.fault]
    }

    private mutating func begin(_ bytes: inout [UInt8]) {
        hasBegun = true
        let told = encoding ?? TextEncoding(of: bytes)
        encoding = told
        switch told {
        case .utf8: break
        case .other(let name): iconv = Iconv(name)
        case .utf16:
            // A mark says more than an option.
            guard bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) else { return }
            encoding = .utf16(isBigEndian: bytes[0] == 0xFE)
            bytes.removeFirst(2)
        }
    }

    private mutating func decoded(_ bytes: [UInt8]) -> [UInt8] {
        switch encoding {
        case .utf16(let isBigEndian): return utf16(bytes, isBigEndian)
        case .other:
            guard let (text, length) = iconv?.convert(bytes, fault: Self.fault) else { return [Self.fault] }
            rest = Array(bytes.dropFirst(length))
            return text
        case .utf8, nil: return bytes
        }
    }

    private mutating func utf16(_ bytes: [UInt8], _ isBigEndian: Bool) -> [UInt8] {
        var units = stride(from: 0, to: bytes.count - 1, by: 2).map { index in
            let (first, second) = (UInt16(bytes[index]), UInt16(bytes[index + 1]))
            return isBigEndian ? first << 8 | second : second << 8 | first
        }
        if let last = units.last, UTF16.isLeadSurrogate(last) { units.removeLast() }
        rest = Array(bytes.dropFirst(units.count * 2))
        return Self.utf8(units)
    }

    /// A byte that never occurs in UTF-8 (RFC 3629, section 1), so that its line is reported as faulty.
    private static let fault: UInt8 = 0xFF

    private static func utf8(_ units: [UInt16]) -> [UInt8] {
        var (result, decoder, iterator) = ([UInt8](), UTF16(), units.makeIterator())
        result.reserveCapacity(units.count)
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar): result.append(contentsOf: UTF8.encode(scalar) ?? .init())
            case .error: result.append(fault)
            case .emptyInput: return result
            }
        }
    }
}
