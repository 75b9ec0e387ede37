/// What one line of a file says of an author. What is `nil` it does not say: that stays as it is where the author is there already.
public struct AuthorEntry: Sendable, Equatable, JSONWritable {
    public var name: String
    public var book: String
    public var country: String?
    public var bookerPrize: Bool?

    public init(name: String, book: String, country: String? = nil, bookerPrize: Bool? = nil) {
        self.name = name
        self.book = book
        self.country = country
        self.bookerPrize = bookerPrize
    }

    /// Reads a line of NDJSON, in which `null` says nothing.
    init(from object: inout ObjectReader) {
        name = object.string("name")
        book = object.string("book")
        country = object.nullableString("country")
        bookerPrize = object.nullableBool("booker_prize")
    }

    public func write(to json: inout JSONWriter) {
        json.object { writeMembers(to: &$0) }
    }

    /// Writes the fields that there are into an object that has been begun.
    public func writeMembers(to json: inout JSONWriter) {
        json.member("name", name)
        json.member("book", book)
        if let country { json.member("country", country) }
        if let bookerPrize { json.member("booker_prize", bookerPrize) }
    }

    /// The entry as it will be stored.
    /// - Parameter countryIsNeeded: whether a country is missing where there is none. Otherwise an empty one says nothing.
    /// - Throws: ``InvalidFields`` with every fault, if there is any.
    func validated(countryIsNeeded: Bool) throws(InvalidFields) -> AuthorEntry {
        var entry = self
        entry.name = StoredText.normalized(name)
        entry.book = StoredText.normalized(book)
        entry.country = country.map(StoredText.normalized)
        if !countryIsNeeded, entry.country?.isEmpty == true { entry.country = nil }
        let faults = [
            StoredText.fault(in: entry.name, field: "name"),
            StoredText.fault(in: entry.book, field: "book"),
            entry.country.map { StoredText.fault(in: $0, field: "country") }
                ?? (countryIsNeeded ? Self.noCountry : nil),
        ].compactMap { $0 }
        guard faults.isEmpty else { throw InvalidFields(faults) }
        return entry
    }

    private static let noCountry = FieldError("country", .required, "is required")

    /// The author that the entry makes where there is none.
    /// - Parameter country: where the entry has none.
    /// - Throws: ``InvalidFields`` if there is no country at all.
    public func draft(country other: String?) throws(InvalidFields) -> AuthorDraft {
        guard let country = country ?? other else { throw InvalidFields([Self.noCountry]) }
        return AuthorDraft(name: name, book: book, country: country, bookerPrize: bookerPrize ?? false)
    }
}
