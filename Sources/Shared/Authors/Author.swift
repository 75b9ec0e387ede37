/// An author with one book, as the API answers it.
public struct Author: Sendable, Equatable, JSONReadable, JSONWritable {
    /// From 1; never used again, even after a deletion.
    public let id: Int64
    public let name: String
    public let book: String
    public let country: String
    public let bookerPrize: Bool
    public let createdAt: Timestamp
    public let updatedAt: Timestamp
    /// 1 when created, one more after each change.
    public let version: Int64

    public init(
        id: Int64, name: String, book: String, country: String, bookerPrize: Bool, createdAt: Timestamp,
        updatedAt: Timestamp, version: Int64
    ) {
        self.id = id
        self.name = name
        self.book = book
        self.country = country
        self.bookerPrize = bookerPrize
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.version = version
    }

    public init(from object: inout ObjectReader) {
        id = object.integer("id")
        name = object.string("name")
        book = object.string("book")
        country = object.string("country")
        bookerPrize = object.bool("booker_prize")
        createdAt = object.timestamp("created_at")
        updatedAt = object.timestamp("updated_at")
        version = object.integer("version")
    }

    public func write(to json: inout JSONWriter) {
        json.object { writeMembers(to: &$0) }
    }

    /// Writes the fields into an object that has been begun.
    func writeMembers(to json: inout JSONWriter) {
        json.member("id", id)
        json.member("name", name)
        json.member("book", book)
        json.member("country", country)
        json.member("booker_prize", bookerPrize)
        json.member("created_at", createdAt)
        json.member("updated_at", updatedAt)
        json.member("version", version)
    }

    /// The names of all fields, in the order in which they are written.
    public static let fieldNames = AuthorField.all.map(\.name)

    /// The strong validator (RFC 9110, section 8.8.3) of one version of one author: `"12-3"`.
    public static func entityTag(id: Int64, version: Int64) -> String {
        "\"\(id)-\(version)\""
    }

    public var entityTag: String {
        Self.entityTag(id: id, version: version)
    }

    /// Reads an id as it stands in a path or on a command line: `0|[1-9][0-9]{0,18}` within 64 bits.
    ///
    /// `Int64("+5")` would be 5, so the digits are looked at first.
    public static func id(_ text: some StringProtocol) -> Int64? {
        let digits = text.utf8
        guard (1...19).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.count == 1 || digits.first != 0x30
        else { return nil }
        return Int64(text)
    }
}

/// What `POST`, `PATCH` and `DELETE` of an author answer.
public struct AuthorReply: Sendable, Equatable, JSONReadable, JSONWritable {
    /// One of ``Message``.
    public let message: String
    public let author: Author

    public init(_ message: String, _ author: Author) {
        self.message = message
        self.author = author
    }

    public init(from object: inout ObjectReader) {
        message = object.string("message")
        author = object.object("author")
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("message", message)
            $0.member("author", author)
        }
    }
}

/// One page of a list of authors.
public struct AuthorPage: Sendable, Equatable, JSONReadable, JSONWritable {
    public let authors: [Author]
    /// The `after` of the next page; `nil` on the last one.
    public let next: String?

    public init(authors: [Author], next: String?) {
        self.authors = authors
        self.next = next
    }

    public init(from object: inout ObjectReader) {
        authors = object.array("list_of_authors")
        next = object.nullableString("next")
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("list_of_authors") { $0.array { for author in authors { author.write(to: &$0) } } }
            $0.member("next") { if let next { $0.string(next) } else { $0.null() } }
        }
    }
}
