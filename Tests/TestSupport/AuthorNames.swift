public import Shared

/// The fields of the origin tutorial's author as properties, because many tests name a single field.
extension AuthorValues {
    public var name: String { self[text: .name] ?? "" }
    public var book: String { self[text: .book] ?? "" }
    public var country: String? { self[text: .country] }
    public var bookerPrize: Bool? { self[flag: .bookerPrize] }

    public init(name: String? = nil, book: String? = nil, country: String? = nil, bookerPrize: Bool? = nil) {
        self.init()
        self[text: .name] = name
        self[text: .book] = book
        self[text: .country] = country
        self[flag: .bookerPrize] = bookerPrize
    }
}

extension AuthorQuery {
    public var name: String? {
        get { values[text: .name] }
        set { values[text: .name] = newValue }
    }
    public var book: String? {
        get { values[text: .book] }
        set { values[text: .book] = newValue }
    }
    public var country: String? {
        get { values.country }
        set { values[text: .country] = newValue }
    }
    public var bookerPrize: Bool? {
        get { values.bookerPrize }
        set { values[flag: .bookerPrize] = newValue }
    }
}

extension AuthorPatch {
    public init(name: String? = nil, book: String? = nil, country: String? = nil, bookerPrize: Bool? = nil) {
        self.init(AuthorValues(name: name, book: book, country: country, bookerPrize: bookerPrize))
    }
}

extension Author {
    public init(
        id: Int64, name: String, book: String, country: String, bookerPrize: Bool, createdAt: Timestamp,
        updatedAt: Timestamp, version: Int64
    ) {
        self.init(
            id: id, AuthorDraft(name: name, book: book, country: country, bookerPrize: bookerPrize),
            createdAt: createdAt,
            updatedAt: updatedAt, version: version)
    }
}
