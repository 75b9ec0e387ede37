/// A new author: the body of `POST /authors`.
public struct AuthorDraft: Sendable, Equatable, JSONReadable, JSONWritable {
    public var name: String
    public var book: String
    public var country: String
    /// `false` where the body does not say.
    public var bookerPrize: Bool

    public init(name: String, book: String, country: String, bookerPrize: Bool = false) {
        self.name = name
        self.book = book
        self.country = country
        self.bookerPrize = bookerPrize
    }

    public init(from object: inout ObjectReader) {
        name = object.string("name")
        book = object.string("book")
        country = object.string("country")
        bookerPrize = object.optionalBool("booker_prize") ?? false
    }

    public func write(to json: inout JSONWriter) {
        json.object { writeMembers(to: &$0) }
    }

    /// Writes the fields into an object that has been begun.
    public func writeMembers(to json: inout JSONWriter) {
        json.member("name", name)
        json.member("book", book)
        json.member("country", country)
        json.member("booker_prize", bookerPrize)
    }

    /// The draft as it will be stored.
    /// - Throws: ``InvalidFields`` with every fault, if there is any.
    public func validated() throws(InvalidFields) -> AuthorDraft {
        let draft = AuthorDraft(
            name: StoredText.normalized(name), book: StoredText.normalized(book),
            country: StoredText.normalized(country), bookerPrize: bookerPrize)
        let faults = [
            StoredText.fault(in: draft.name, field: "name"),
            StoredText.fault(in: draft.book, field: "book"),
            StoredText.fault(in: draft.country, field: "country"),
        ].compactMap { $0 }
        guard faults.isEmpty else { throw InvalidFields(faults) }
        return draft
    }
}

/// A change to an author: the body of `PATCH /authors/{id}`. What is `nil` stays as it is.
public struct AuthorPatch: Sendable, Equatable, JSONReadable, JSONWritable {
    public var name: String?
    public var book: String?
    public var country: String?
    public var bookerPrize: Bool?

    public init(name: String? = nil, book: String? = nil, country: String? = nil, bookerPrize: Bool? = nil) {
        self.name = name
        self.book = book
        self.country = country
        self.bookerPrize = bookerPrize
    }

    public init(from object: inout ObjectReader) {
        name = object.optionalString("name")
        book = object.optionalString("book")
        country = object.optionalString("country")
        bookerPrize = object.optionalBool("booker_prize")
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            if let name { $0.member("name", name) }
            if let book { $0.member("book", book) }
            if let country { $0.member("country", country) }
            if let bookerPrize { $0.member("booker_prize", bookerPrize) }
        }
    }

    /// The change as it will be stored.
    /// - Throws: ``InvalidFields`` with every fault; changing nothing at all is one.
    public func validated() throws(InvalidFields) -> AuthorPatch {
        let patch = AuthorPatch(
            name: name.map(StoredText.normalized), book: book.map(StoredText.normalized),
            country: country.map(StoredText.normalized), bookerPrize: bookerPrize)
        var faults = [("name", patch.name), ("book", patch.book), ("country", patch.country)].compactMap {
            field, text in text.flatMap { StoredText.fault(in: $0, field: field) }
        }
        if patch == AuthorPatch() {
            faults.append(FieldError("body", .empty, "must name at least one field to change"))
        }
        guard faults.isEmpty else { throw InvalidFields(faults) }
        return patch
    }
}
