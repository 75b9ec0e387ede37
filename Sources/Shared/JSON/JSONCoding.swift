/// A value that is written as one JSON value.
public protocol JSONWritable: Sendable {
    func write(to json: inout JSONWriter)
}

extension JSONWritable {
    /// The value as a JSON text in UTF-8.
    public var json: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }
}

/// A value that is read from a JSON object.
///
/// Reading never stops at the first fault: the reader records each one and hands out a placeholder, so that whoever
/// sent the object learns of all its faults at once.
public protocol JSONReadable: Sendable {
    init(from object: inout ObjectReader)
}

/// What to do with members that the type does not name.
public enum UnknownMembers: Sendable {
    /// A request: a misspelt member must not be lost in silence.
    case rejected
    /// A reply: an older client reads what a newer daemon sends.
    case ignored
}

extension JSONReadable {
    /// Reads a JSON text that holds one object.
    /// - Throws: ``JSONSyntaxError`` if the bytes are not JSON, ``InvalidFields`` if they are not such an object.
    public init(json: [UInt8], unknownMembers: UnknownMembers) throws {
        try self.init(json: try JSONValue(parsing: json), unknownMembers: unknownMembers)
    }

    /// - Throws: ``InvalidFields``.
    public init(json: JSONValue, unknownMembers: UnknownMembers) throws(InvalidFields) {
        var reader = ObjectReader(json)
        self.init(from: &reader)
        try reader.finish(unknownMembers)
    }
}

/// Reads the members of one JSON object and collects what is wrong with them.
public struct ObjectReader {
    private let members: [JSONValue.Member]
    private let path: String
    /// Few, so an array costs less than a set.
    private var known: [String] = []
    private var faults: [FieldError] = []

    /// - Parameter path: where the object stands in its document, as a prefix of the field names that are reported.
    public init(_ value: JSONValue, path: String = "") {
        self.path = path
        if case .object(let members) = value {
            self.members = members
        } else {
            members = []
            faults.append(FieldError(path.isEmpty ? "body" : path, .wrongType, "must be a JSON object"))
        }
    }

    /// Names of members that nothing has asked for, in their order.
    public var unknownNames: [String] {
        members.map(\.name).filter { !known.contains($0) }
    }

    public mutating func string(_ name: String) -> String {
        required(name, "must be a string", "") { if case .string(let value) = $0 { value } else { nil } }
    }

    public mutating func integer(_ name: String) -> Int64 {
        required(name, "must be an integer", 0) { if case .integer(let value) = $0 { value } else { nil } }
    }

    public mutating func bool(_ name: String) -> Bool {
        required(name, "must be true or false", false) { if case .bool(let value) = $0 { value } else { nil } }
    }

    public mutating func timestamp(_ name: String) -> Timestamp {
        required(name, "must be an RFC 3339 time in UTC", Timestamp(milliseconds: 0)) {
            if case .string(let value) = $0 { Timestamp(value) } else { nil }
        }
    }

    public mutating func optionalString(_ name: String) -> String? {
        present(name) ? string(name) : nil
    }

    /// As ``optionalString(_:)``, with `null` read as absent: how a reply says that there is nothing.
    public mutating func nullableString(_ name: String) -> String? {
        known.append(name)
        return self[name] == .null ? nil : optionalString(name)
    }

    public mutating func optionalInteger(_ name: String) -> Int64? {
        present(name) ? integer(name) : nil
    }

    public mutating func optionalBool(_ name: String) -> Bool? {
        present(name) ? bool(name) : nil
    }

    /// As ``optionalBool(_:)``, with `null` read as absent.
    public mutating func nullableBool(_ name: String) -> Bool? {
        known.append(name)
        return self[name] == .null ? nil : optionalBool(name)
    }

    public mutating func object<Value: JSONReadable>(_ name: String, as type: Value.Type = Value.self) -> Value {
        known.append(name)
        return nested(self[name] ?? .null, name)
    }

    /// Reads an array of objects; an absent array is a fault.
    public mutating func array<Value: JSONReadable>(_ name: String, of type: Value.Type = Value.self) -> [Value] {
        let elements: [JSONValue] = required(name, "must be an array", []) {
            if case .array(let elements) = $0 { elements } else { nil }
        }
        return elements.enumerated().map { nested($1, "\(name)[\($0)]") }
    }

    public mutating func optionalArray<Value: JSONReadable>(_ name: String, of type: Value.Type) -> [Value] {
        present(name) ? array(name) : []
    }

    /// Ends the reading.
    /// - Throws: ``InvalidFields`` if there was any fault.
    public func finish(_ unknown: UnknownMembers) throws(InvalidFields) {
        var faults = faults
        if unknown == .rejected {
            for name in unknownNames {
                let hint = closest(to: name, among: known).map { "; did you mean '\($0)'?" } ?? ""
                faults.append(FieldError(path + name, .unknownField, "is not a member of this object\(hint)"))
            }
        }
        guard faults.isEmpty else { throw InvalidFields(faults) }
    }

    private subscript(name: String) -> JSONValue? {
        members.first { $0.name == name }?.value
    }

    private mutating func present(_ name: String) -> Bool {
        known.append(name)
        return self[name] != nil
    }

    private mutating func required<Value>(
        _ name: String, _ complaint: String, _ placeholder: Value, _ convert: (JSONValue) -> Value?
    ) -> Value {
        known.append(name)
        guard let value = self[name] else {
            faults.append(FieldError(path + name, .required, "is required"))
            return placeholder
        }
        guard let converted = convert(value) else {
            faults.append(FieldError(path + name, .wrongType, complaint))
            return placeholder
        }
        return converted
    }

    private mutating func nested<Value: JSONReadable>(_ value: JSONValue, _ name: String) -> Value {
        var reader = ObjectReader(value, path: path + name + ".")
        let result = Value(from: &reader)
        faults.append(contentsOf: reader.faults)
        return result
    }
}
