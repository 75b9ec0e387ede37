/// An author with one book, as replies show it.
public struct Author: Sendable, Equatable, JSONReadable, JSONWritable {
    /// Counts from 1. The id of a deleted author is never used again.
    public let id: Int64
    /// The fields that a client can set.
    public let draft: AuthorDraft
    public let createdAt: Timestamp
    public let updatedAt: Timestamp
    /// 1 when the author is created; each change adds 1.
    public let version: Int64

    public init(id: Int64, _ draft: AuthorDraft, createdAt: Timestamp, updatedAt: Timestamp, version: Int64) {
        self.id = id
        self.draft = draft
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.version = version
    }

    public init(from object: inout ObjectReader) {
        id = object.integer("id")
        draft = AuthorDraft(AuthorValues(from: &object, absent: .fault))
        createdAt = object.timestamp("created_at")
        updatedAt = object.timestamp("updated_at")
        version = object.integer("version")
    }

    public var name: String { draft.name }
    public var book: String { draft.book }
    public var country: String { draft.country }
    public var bookerPrize: Bool { draft.bookerPrize }

    public func write(to json: inout JSONWriter) {
        json.object { writeMembers(to: &$0) }
    }

    /// Writes the members into an object that is already open.
    func writeMembers(to json: inout JSONWriter) {
        json.member("id", id)
        draft.values.writeMembers(to: &json)
        json.member("created_at", createdAt)
        json.member("updated_at", updatedAt)
        json.member("version", version)
    }

    /// The value of one field, as JSON has it.
    public func value(_ field: AuthorField) -> JSONValue {
        switch field {
        case .id: .integer(id)
        case .createdAt: .string(createdAt.description)
        case .updatedAt: .string(updatedAt.description)
        case .version: .integer(version)
        default: field.kind == .flag ? .bool(draft[flag: field]) : .string(draft[text: field])
        }
    }

    /// The names of all fields, in the order in which they are written.
    public static let fieldNames = AuthorField.all.map(\.name)

    /// The entity tag of one version of one author, `"12-3"` with its quotes: a strong validator (RFC 9110, section
    /// 8.8.3).
    public static func entityTag(id: Int64, version: Int64) -> String {
        "\"\(id)-\(version)\""
    }

    /// The entity tag of this version, with its quotes.
    public var entityTag: String {
        Self.entityTag(id: id, version: version)
    }
}

/// The reply to `POST`, `PATCH` and `DELETE` of an author.
public struct AuthorReply: Sendable, Equatable, JSONReadable, JSONWritable {
    /// One of the texts in ``Message``.
    public let message: String
    /// The author after the change; of `DELETE`, the author that was deleted.
    public let author: Author

    public init(_ message: String, _ author: Author) {
        self.message = message
        self.author = author
    }

    public init(from object: inout ObjectReader) {
        message = object.string("message", .oneOf(Message.ofAuthors))
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
    /// The `after` parameter of the request for the next page; `nil` on the last page.
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
            $0.member("list_of_authors", authors)
            $0.member("next", next)
        }
    }
}
