/// A new author: the body of `POST /authors`.
public struct AuthorDraft: Sendable, Equatable, JSONReadable, JSONWritable {
    /// The values of all writable fields; none is absent.
    public let values: AuthorValues

    /// - Parameter values: an absent text becomes empty, an absent flag `false`.
    public init(_ values: AuthorValues) {
        var all = values
        for field in AuthorField.writable where !values.has(field) {
            if field.kind == .flag { all[flag: field] = false } else { all[text: field] = "" }
        }
        self.values = all
    }

    /// Makes a draft from the fields that the origin tutorial has.
    public init(name: String, book: String, country: String, bookerPrize: Bool = false) {
        var values = AuthorValues()
        values[text: .name] = name
        values[text: .book] = book
        values[text: .country] = country
        values[flag: .bookerPrize] = bookerPrize
        self.init(values)
    }

    public init(from object: inout ObjectReader) {
        self.init(AuthorValues(from: &object, absent: .required))
    }

    public func write(to json: inout JSONWriter) { values.write(to: &json) }

    /// The value of a text field; empty for a field of another kind.
    public subscript(text field: AuthorField) -> String { values[text: field] ?? "" }
    /// The value of a flag; `false` for a field of another kind.
    public subscript(flag field: AuthorField) -> Bool { values[flag: field] ?? false }

    public var name: String { self[text: .name] }
    public var book: String { self[text: .book] }
    public var country: String { self[text: .country] }
    public var bookerPrize: Bool { self[flag: .bookerPrize] }

    /// The draft in the form in which it is stored.
    /// - Throws: ``InvalidFields`` with every fault.
    public func validated() throws(InvalidFields) -> AuthorDraft { try values.normalized().complete() }
}

/// A change to an author: the body of `PATCH /authors/{id}`. Fields without a value stay unchanged.
public struct AuthorPatch: Sendable, Equatable, JSONReadable, JSONWritable {
    public var values: AuthorValues

    public init(_ values: AuthorValues = AuthorValues()) {
        self.values = values
    }

    public init(from object: inout ObjectReader) {
        values = AuthorValues(from: &object, absent: .allowed)
    }

    public func write(to json: inout JSONWriter) { values.write(to: &json) }

    /// The change in the form in which it is stored.
    /// - Throws: ``InvalidFields`` with every fault, also if the change has no values at all.
    public func validated() throws(InvalidFields) -> AuthorPatch {
        let normalized = values.normalized()
        var faults = normalized.faults { _ in false }
        if normalized.isEmpty { faults.append(FieldError("body", .empty, "must name at least one field to change")) }
        guard faults.isEmpty else { throw InvalidFields(faults) }
        return AuthorPatch(normalized)
    }
}
