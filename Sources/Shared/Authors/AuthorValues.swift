/// Values of the writable fields of an author. Each value may be absent.
public struct AuthorValues: Sendable, Equatable, JSONWritable {
    private enum Value: Sendable, Equatable {
        case text(String)
        case flag(Bool)
    }

    /// Indexed by the raw value of the field.
    private var values = [Value?](repeating: nil, count: AuthorField.all.count)

    public init() {}

    /// The value of a text field; `nil` if it is absent or the field is of another kind.
    public subscript(text field: AuthorField) -> String? {
        get { if case .text(let text)? = values[field.rawValue] { text } else { nil } }
        set { values[field.rawValue] = newValue.map { .text($0) } }
    }

    /// The value of a flag; `nil` if it is absent or the field is of another kind.
    public subscript(flag field: AuthorField) -> Bool? {
        get { if case .flag(let flag)? = values[field.rawValue] { flag } else { nil } }
        set { values[field.rawValue] = newValue.map { .flag($0) } }
    }

    public func has(_ field: AuthorField) -> Bool { values[field.rawValue] != nil }

    /// Whether all values are absent.
    public var isEmpty: Bool { values.allSatisfy { $0 == nil } }

    /// How a member that a JSON object lacks is handled.
    enum Absence {
        /// Every absent member is a fault.
        case fault
        /// An absent member is a fault if its field is required.
        case required
        /// No value.
        case allowed
        /// No value, also for `null`; but an absent member is a fault if its field is part of the key.
        case allowedBeyondKey
    }

    init(from object: inout ObjectReader, absent: Absence) {
        for field in AuthorField.writable {
            let isNeeded =
                absent == .fault || absent == .required && field.isRequired
                || absent == .allowedBeyondKey && field.isKey
            switch (field.kind, absent) {
            case (.flag, .fault): self[flag: field] = object.bool(field.name)
            case (.flag, .allowedBeyondKey): self[flag: field] = object.fileBool(field.name)
            case (.flag, _): self[flag: field] = object.optionalBool(field.name)
            case _ where isNeeded: self[text: field] = object.string(field.name, field.text)
            case (_, .allowedBeyondKey): self[text: field] = object.nullableString(field.name)
            default: self[text: field] = object.optionalString(field.name, field.text)
            }
        }
    }

    public func write(to json: inout JSONWriter) {
        json.object { writeMembers(to: &$0) }
    }

    /// Writes the present values into an object that is already open.
    public func writeMembers(to json: inout JSONWriter) {
        for field in AuthorField.writable {
            switch values[field.rawValue] {
            case .text(let text):
                json.name(field.word)
                json.string(text)
            case .flag(let flag):
                json.name(field.word)
                json.bool(flag)
            case nil: break
            }
        }
    }

    /// These values, completed by those of `others` where they are absent.
    public func filled(from others: AuthorValues) -> AuthorValues {
        var filled = self
        for (index, value) in others.values.enumerated() where filled.values[index] == nil {
            filled.values[index] = value
        }
        return filled
    }

    /// Whether all texts have the same bytes and all flags are equal; `==` also accepts canonically equivalent texts
    /// (UAX #15).
    public func isSame(as other: AuthorValues) -> Bool {
        zip(values, other.values).allSatisfy { own, other in
            if case (.text(let own)?, .text(let other)?) = (own, other) {
                own.utf8.elementsEqual(other.utf8)
            } else {
                own == other
            }
        }
    }

    /// Those of these values that are others than in `other`.
    public func differing(from other: AuthorValues) -> AuthorValues {
        var differing = AuthorValues()
        for field in AuthorField.writable {
            var (own, others) = (AuthorValues(), AuthorValues())
            own.values[field.rawValue] = values[field.rawValue]
            others.values[field.rawValue] = other.values[field.rawValue]
            if !own.isSame(as: others) { differing.values[field.rawValue] = values[field.rawValue] }
        }
        return differing
    }

    /// The values in the form in which they are stored.
    func normalized() -> AuthorValues {
        var normalized = self
        for field in AuthorField.texts {
            // A value that stays as it is costs no copy of all.
            guard let text = self[text: field], !StoredText.isTrimmedASCII(text) else { continue }
            normalized[text: field] = StoredText.normalized(text)
        }
        return normalized
    }

    /// The faults of values that ``normalized()`` has returned.
    /// - Parameter isNeeded: whether the absence of this required field is a fault.
    func faults(isNeeded: (AuthorField) -> Bool) -> [FieldError] {
        AuthorField.texts.compactMap { field in
            switch self[text: field] {
            case nil: field.isRequired && isNeeded(field) ? FieldError(field.name, .required, "is required") : nil
            case "" where !field.isRequired: nil
            case let text?: StoredText.fault(in: text, field: field.name)
            }
        }
    }
}

extension AuthorValues {
    /// The values of one line of a file in the form in which they are stored. If the author exists, absent values
    /// leave its fields unchanged.
    /// - Parameter restIsNeeded: whether a line needs the required fields that are not part of the key. If not, an
    ///   empty text of such a field counts as absent.
    /// - Throws: ``InvalidFields`` with every fault.
    func validatedLine(restIsNeeded: Bool) throws(InvalidFields) -> AuthorValues {
        var values = normalized()
        if !restIsNeeded {
            for field in AuthorField.texts where !field.isKey && values[text: field]?.isEmpty == true {
                values[text: field] = nil
            }
        }
        let faults = values.faults { $0.isKey || restIsNeeded }
        guard faults.isEmpty else { throw InvalidFields(faults) }
        return values
    }

    /// The new author that these values of a line make.
    /// - Parameter country: the country if the line has none.
    /// - Throws: ``InvalidFields`` if a required value is absent.
    public func draft(country: String?) throws(InvalidFields) -> AuthorDraft {
        var values = self
        if !values.has(.country) { values[text: .country] = country }
        return try values.complete()
    }

    /// The author that has these values, which ``normalized()`` has returned.
    /// - Throws: ``InvalidFields`` with every fault.
    func complete() throws(InvalidFields) -> AuthorDraft {
        let faults = faults { _ in true }
        guard faults.isEmpty else { throw InvalidFields(faults) }
        return AuthorDraft(self)
    }
}
