/// A JSON text (RFC 8259) after parsing. Members keep the order in which they were written.
///
/// Integers that fit 64 bits stay exact; every other number is a `Double`.
public enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// One name with its value. Names are unique within an object: the parser refuses duplicates.
    public struct Member: Sendable, Equatable {
        public let name: String
        public let value: JSONValue

        public init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// Parses one JSON text and nothing after it.
    ///
    /// Stricter than Foundation's `JSONDecoder`, which takes the first of two equal names, a trailing comma, a byte
    /// order mark and UTF-16: all are refused here, as are lone surrogates and more than 32 levels of nesting.
    /// - Throws: ``JSONSyntaxError`` with the offset of the offending byte.
    public init(parsing bytes: [UInt8]) throws(JSONSyntaxError) {
        var parser = JSONParser(bytes)
        self = try parser.document()
    }
}

/// Why a text is not the JSON that is accepted here.
public struct JSONSyntaxError: Error, Equatable, CustomStringConvertible {
    /// A phrase for people, such as `expected a value`.
    public let reason: String
    /// Offset of the offending byte, from 0.
    public let offset: Int

    public var description: String { "\(reason) at byte \(offset)" }
}
