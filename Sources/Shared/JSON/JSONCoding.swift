/// A value that is written as one JSON value.
public protocol JSONWritable: Sendable {
    /// Writes the value, once.
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
/// Reading does not stop at the first fault: ``ObjectReader`` records every fault and returns a placeholder, so that
/// the sender of the object learns of all its faults at once.
public protocol JSONReadable: Sendable {
    /// Reads the members. The result is only valid if ``ObjectReader/finish(_:)`` then throws nothing.
    init(from object: inout ObjectReader)
}

/// What to do with members that the type does not read.
public enum UnknownMembers: Sendable {
    /// Unknown members are faults. For requests: a misspelled member must not be ignored.
    case rejected
    /// Unknown members are ignored. For replies: an older client can read the reply of a newer daemon.
    case ignored
}

extension JSONReadable {
    /// Reads a JSON text that consists of one object.
    /// - Throws: ``JSONSyntaxError`` if the bytes are not JSON, ``InvalidFields`` with every fault of the object.
    public init(json: [UInt8], unknownMembers: UnknownMembers) throws {
        try self.init(json: try JSONValue(parsing: json), unknownMembers: unknownMembers)
    }

    /// - Throws: ``InvalidFields`` with every fault of the object.
    public init(json: JSONValue, unknownMembers: UnknownMembers) throws(InvalidFields) {
        var reader = ObjectReader(json)
        self.init(from: &reader)
        try reader.finish(unknownMembers)
    }
}

/// Reads the members of one JSON object and collects their faults.
public struct ObjectReader {
    private let members: [JSONValue.Member]
    private let path: String
    /// The names that were read. An array, because objects have few members and a set would cost more.
    private var known: [String] = []
    private var faults: [FieldError] = []
    /// The members that a type has asked for; `nil` if an object is read.
    private var asked: [(name: String, shape: Shape)]?
    private var optionals: [String] = []
    private var nullables: [String] = []
    /// The names of ``requireOne(of:)``.
    private(set) var alternatives: [String] = []

    /// A reader without an object, which notes what a type asks for.
    static var describing: ObjectReader {
        var reader = ObjectReader(.object([]))
        reader.asked = []
        return reader
    }

    /// The members that were asked for, in that order.
    var described: [ObjectShape.Member] {
        (asked ?? []).map { name, shape in
            ObjectShape.Member(
                name: name, shape: nullables.contains(name) ? .nullable(shape) : shape,
                isRequired: !optionals.contains(name))
        }
    }

    /// - Parameter path: the place of the object in its document, such as `author.`, which is put before the names of
    ///   fields in faults.
    public init(_ value: JSONValue, path: String = "") {
        self.path = path
        if case .object(let members) = value {
            self.members = members
        } else {
            members = []
            faults.append(FieldError(path.isEmpty ? "body" : path, .wrongType, "must be a JSON object"))
        }
    }

    /// Names of members that have not been read, in the order of the object.
    public var unknownNames: [String] {
        members.map(\.name).filter { !known.contains($0) }
    }

    /// Reads a member that must be present. If it is absent or of another type, records a fault and returns an empty
    /// string; the other reading methods work in the same way.
    /// - Parameter shape: what `/openapi.json` says about the text; it is not checked here.
    public mutating func string(_ name: String, _ shape: @autoclosure () -> TextShape = .any) -> String {
        required(name, .text(shape()), "must be a string", "") {
            if case .string(let value) = $0 { value } else { nil }
        }
    }

    public mutating func integer(_ name: String, _ shape: @autoclosure () -> Shape = .integer()) -> Int64 {
        required(name, shape(), "must be an integer", 0) {
            switch $0 {
            case .integer(let value): value
            // `60.0` is an integer (JSON Schema Core 2020-12, section 4.2.3).
            case .number(let value): Int64(exactly: value)
            default: nil
            }
        }
    }

    public mutating func bool(_ name: String) -> Bool {
        required(name, .bool, "must be true or false", false) { if case .bool(let value) = $0 { value } else { nil } }
    }

    /// Reads a member that must be a string as ``Timestamp`` writes it.
    public mutating func timestamp(_ name: String) -> Timestamp {
        required(name, .time, "must be an RFC 3339 time in UTC", Timestamp(milliseconds: 0)) {
            if case .string(let value) = $0 { Timestamp(value) } else { nil }
        }
    }

    /// Reads a member that may be absent; `null` is a fault.
    public mutating func optionalString(_ name: String, _ shape: @autoclosure () -> TextShape = .any) -> String? {
        present(name) ? string(name, shape()) : nil
    }

    /// As ``optionalString(_:_:)``, but `null` counts as absent: replies write `null` for a missing value.
    public mutating func nullableString(_ name: String) -> String? {
        isNull(name) ? nil : optionalString(name)
    }

    /// As ``nullableString(_:)``.
    public mutating func nullableTimestamp(_ name: String) -> Timestamp? {
        isNull(name) ? nil : present(name) ? timestamp(name) : nil
    }

    /// - Parameters:
    ///   - minimum: what `/openapi.json` says about the number; it is not checked here.
    ///   - maximum: the same.
    public mutating func optionalInteger(
        _ name: String, minimum: Int64? = nil, maximum: Int64? = nil
    ) -> Int64? {
        present(name) ? integer(name, .integer(minimum: minimum, maximum: maximum)) : nil
    }

    public mutating func optionalBool(_ name: String) -> Bool? {
        present(name) ? bool(name) : nil
    }

    /// Reads a boolean of a file, which may be a text such as `yes`; `null` and an empty text count as absent.
    mutating func fileBool(_ name: String) -> Bool? {
        switch self[name] {
        case nil, .null: known.append(name)
        case .string(let text) where StoredText.isBlank(text): known.append(name)
        case .string(let text):
            return required(name, .bool, BooleanText.fault(in: text), false) { _ in BooleanText.value(text) }
        default: return bool(name)
        }
        return nil
    }

    /// Reads an object that must be present. Its faults have the member's name before theirs, as in `author.name`.
    public mutating func object<Value: JSONReadable>(_ name: String, as type: Value.Type = Value.self) -> Value {
        known.append(name)
        asked?.append((name, .object(ObjectShape(of: type))))
        return nested(self[name] ?? .null, name)
    }

    /// Reads an object that may be absent; `null` is a fault.
    public mutating func optionalObject<Value: JSONReadable>(_ name: String, as type: Value.Type) -> Value? {
        present(name) ? object(name) : nil
    }

    /// Reads an array of objects that must be present.
    public mutating func array<Value: JSONReadable>(_ name: String, of type: Value.Type = Value.self) -> [Value] {
        let elements: [JSONValue] = required(name, .array(ObjectShape(of: type)), "must be an array", []) {
            if case .array(let elements) = $0 { elements } else { nil }
        }
        return elements.enumerated().map { nested($1, "\(name)[\($0)]") }
    }

    /// Reads an array of objects that may be absent, which counts as empty.
    public mutating func optionalArray<Value: JSONReadable>(_ name: String, of type: Value.Type) -> [Value] {
        present(name) ? array(name) : []
    }

    /// Records a fault unless the object has exactly one of the members, which were read before.
    public mutating func requireOne(of names: [String]) {
        alternatives = names
        guard asked == nil, names.count(where: { self[$0] != nil }) != 1 else { return }
        let list = names.dropLast().joined(separator: ", ") + (names.last.map { " and \($0)" } ?? "")
        faults.append(FieldError(path.isEmpty ? "body" : path, .invalid, "must have one of \(list)"))
    }

    /// Reports the faults after all members have been read.
    /// - Throws: ``InvalidFields`` with every fault.
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
        if asked != nil { optionals.append(name) }
        return asked != nil || self[name] != nil
    }

    private mutating func isNull(_ name: String) -> Bool {
        known.append(name)
        if asked != nil { nullables.append(name) }
        return self[name] == .null
    }

    private mutating func required<Value>(
        _ name: String, _ shape: @autoclosure () -> Shape, _ complaint: String, _ placeholder: Value,
        _ convert: (JSONValue) -> Value?
    ) -> Value {
        known.append(name)
        if asked != nil {
            asked?.append((name, shape()))
            return placeholder
        }
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
