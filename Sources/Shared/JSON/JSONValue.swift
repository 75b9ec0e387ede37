/// A parsed JSON text (RFC 8259). The members of an object are in the order of the text.
///
/// Integers that fit into 64 bits are exact; every other number is a `Double`.
public enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// A name with its value. Names in a parsed object are unique: the parser refuses duplicates.
    public struct Member: Sendable, Equatable {
        public let name: String
        public let value: JSONValue

        public init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// Parses a text that consists of one JSON value.
    ///
    /// The parser is stricter than Foundation's `JSONDecoder`, which takes the first of two equal names, a trailing
    /// comma, a byte order mark and UTF-16. All of these are refused here, and so are lone surrogates and more than
    /// 32 levels of nesting.
    /// - Parameter numbersAsText: whether each number comes as a string, as it stands in the text.
    /// - Throws: ``JSONSyntaxError``.
    public init(parsing bytes: [UInt8], numbersAsText: Bool = false) throws(JSONSyntaxError) {
        var parser = JSONParser(bytes, numbersAsText: numbersAsText)
        self = try parser.document()
    }
}

/// Why a text was refused by the parser.
public struct JSONSyntaxError: Error, Equatable, CustomStringConvertible {
    /// A phrase for people, such as `expected a value`.
    public let reason: String
    /// Offset in bytes, from 0, of the place where parsing failed.
    public let offset: Int

    public var description: String { "\(reason) at byte \(offset)" }
}
