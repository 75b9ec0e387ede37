/// A fault of one field of a request: an element of a problem's `errors`.
public struct FieldError: Sendable, Equatable, JSONReadable, JSONWritable {
    /// Name of the JSON member or query parameter, as the sender wrote it.
    public let field: String
    public let code: Code
    /// A phrase for people that follows the field's name, such as `must not be empty`.
    public let message: String
    /// Line number in a file of authors, from 1; `nil` for other requests.
    public let line: Int64?

    public init(_ field: String, _ code: Code, _ message: String, line: Int64? = nil) {
        self.field = field
        self.code = code
        self.message = message
        self.line = line
    }

    public init(from object: inout ObjectReader) {
        field = object.string("field")
        code = Code(rawValue: object.string("code"))
        message = object.string("message")
        line = object.optionalInteger("line")
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("field", field)
            $0.member("code", code.rawValue)
            $0.member("message", message)
            if let line { $0.member("line", line) }
        }
    }

    /// An open set: an older client can receive a code that it does not know.
    public struct Code: Sendable, Hashable, RawRepresentable {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        public static let required = Code(rawValue: "required")
        public static let wrongType = Code(rawValue: "wrong_type")
        public static let unknownField = Code(rawValue: "unknown_field")
        public static let empty = Code(rawValue: "empty")
        public static let tooShort = Code(rawValue: "too_short")
        public static let tooLong = Code(rawValue: "too_long")
        public static let controlCharacter = Code(rawValue: "control_character")
        public static let invalid = Code(rawValue: "invalid")
        public static let tooCommon = Code(rawValue: "too_common")
        public static let sameAsName = Code(rawValue: "same_as_name")
    }
}

/// All faults of the fields of one request. Never empty.
public struct InvalidFields: Error, Equatable, CustomStringConvertible {
    public let errors: [FieldError]

    public init(_ errors: [FieldError]) {
        self.errors = errors
    }

    public var description: String {
        errors.map { "\($0.field) \($0.message)" }.joined(separator: "; ")
    }
}

extension QueryItem {
    /// Passes if every item is one of the parameters and no parameter comes twice.
    /// - Throws: ``InvalidFields`` with every fault; for an unknown parameter the message suggests the nearest known
    ///   name.
    public static func check(_ items: [QueryItem], among parameters: [String]) throws(InvalidFields) {
        // Known names only, of which there are few.
        var seen: [String] = []
        let faults = items.compactMap { item -> FieldError? in
            if !parameters.contains(item.name) {
                let hint = closest(to: item.name, among: parameters).map { "; did you mean '\($0)'?" } ?? ""
                return FieldError(item.name, .unknownField, "is not a parameter of this request\(hint)")
            }
            guard !seen.contains(item.name) else { return FieldError(item.name, .invalid, "is given more than once") }
            seen.append(item.name)
            return nil
        }
        guard faults.isEmpty else { throw InvalidFields(faults) }
    }
}
