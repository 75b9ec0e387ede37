/// Values of the writable fields of an author: some of them, or all.
public struct AuthorValues: Sendable, Equatable, JSONWritable {
    private enum Value: Sendable, Equatable {
        case text(String)
        case flag(Bool)
    }

    /// By the raw values of the fields.
    private var values = [Value?](repeating: nil, count: AuthorField.all.count)

    public init() {}

    public subscript(text field: AuthorField) -> String? {
        get { if case .text(let text)? = values[field.rawValue] { text } else { nil } }
        set { values[field.rawValue] = newValue.map { .text($0) } }
    }

    public subscript(flag field: AuthorField) -> Bool? {
        get { if case .flag(let flag)? = values[field.rawValue] { flag } else { nil } }
        set { values[field.rawValue] = newValue.map { .flag($0) } }
    }

    public func has(_ field: AuthorField) -> Bool { values[field.rawValue] != nil }

    public var isEmpty: Bool { values.allSatisfy { $0 == nil } }

    /// How a member is read that may be missing.
    enum Absence {
        /// As a fault.
        case fault
        /// As a fault, where the field is required.
        case required
        /// As nothing.
        case allowed
        /// As nothing, and so is `null`; but the author has to be named.
        case allowedBeyondKey
    }

    init(from object: inout ObjectReader, absent: Absence) {
        for field in AuthorField.writable {
            let isNeeded =
                absent == .fault || absent == .required && field.isRequired
                || absent == .allowedBeyondKey && field.isKey
            switch (field.kind, absent) {
            case (.flag, .fault): self[flag: field] = object.bool(field.name)
            case (.flag, .allowedBeyondKey): self[flag: field] = object.nullableBool(field.name)
            case (.flag, _): self[flag: field] = object.optionalBool(field.name)
            case _ where isNeeded: self[text: field] = object.string(field.name)
            case (_, .allowedBeyondKey): self[text: field] = object.nullableString(field.name)
            default: self[text: field] = object.optionalString(field.name)
            }
        }
    }

    public func write(to json: inout JSONWriter) {
        json.object { writeMembers(to: &$0) }
    }

    /// Writes the values that there are into an object that has been begun.
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

    /// These values, and those of `others` where there is none.
    public func filled(from others: AuthorValues) -> AuthorValues {
        var filled = self
        for (index, value) in others.values.enumerated() where filled.values[index] == nil {
            filled.values[index] = value
        }
        return filled
    }

    /// Whether all values have the same bytes; `==` takes canonically equivalent texts too.
    public func isSame(as other: AuthorValues) -> Bool {
        zip(values, other.values).allSatisfy { own, other in
            if case (.text(let own)?, .text(let other)?) = (own, other) {
                own.utf8.elementsEqual(other.utf8)
            } else {
                own == other
            }
        }
    }

    /// The texts as they will be stored.
    func normalized() -> AuthorValues {
        var normalized = self
        for field in AuthorField.texts { normalized[text: field] = self[text: field].map(StoredText.normalized) }
        return normalized
    }

    /// What is wrong with values that are ``normalized()`` already.
    /// - Parameter isNeeded: whether a required field must be there.
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
    /// What one line of a file says, as it will be stored. A field of which it says nothing stays as it is where the
    /// author is there already.
    /// - Parameter restIsNeeded: whether required fields besides the key must be there. Otherwise an empty text says
    ///   nothing.
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

    /// The author that a line makes where there is none.
    /// - Parameter country: where the line has none.
    /// - Throws: ``InvalidFields`` if something is missing.
    public func draft(country: String?) throws(InvalidFields) -> AuthorDraft {
        var values = self
        if !values.has(.country) { values[text: .country] = country }
        return try values.complete()
    }

    /// The author that has these values, which are ``normalized()`` already.
    /// - Throws: ``InvalidFields`` with every fault.
    func complete() throws(InvalidFields) -> AuthorDraft {
        let faults = faults { _ in true }
        guard faults.isEmpty else { throw InvalidFields(faults) }
        return AuthorDraft(self)
    }
}
