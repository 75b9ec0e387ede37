/// Which authors to list, and in which order: the query of `GET /authors`.
public struct AuthorQuery: RequestQuery, Equatable {
    /// Number of authors on one page, 1–1000.
    public var limit = defaultLimit
    /// Where the page starts: the `next` of the previous page; `nil` for the first page.
    public var after: String?
    public var sort = AuthorSort()
    /// Words that `name` or `book` must contain; each word matches as a prefix, without regard to case and accents.
    public var search: String?
    /// Shows the library as it was then; `nil` for now.
    public var at: HistoryPoint?
    /// Values that the fields must have exactly, in the form in which they are stored.
    public var values = AuthorValues()

    public static let defaultLimit = 100
    public static let maximumLimit = 1000
    public static let shapes =
        [
            ParameterShape(
                "limit", .integer(minimum: 1, maximum: Int64(maximumLimit)), default: .integer(Int64(defaultLimit)),
                example: .integer(2), "Authors on a page. A file has all authors and does not take it."),
            ParameterShape(
                "after", .text(.any), example: .string("WyJpZCIsMTAwXQ"), "The `next` of the page before."),
            ParameterShape(
                "sort", .text(.order), default: .string(AuthorSort().description),
                example: .string(AuthorSort().description),
                "The order. Texts are compared without regard to case and accents; `name:bytes` compares their bytes. "
                    + "`name:desc` reverses. `after` belongs to one order."),
            ParameterShape(
                "q", .text(.atMost(StoredText.maximumLength)), example: .string("wolf hil"),
                "Beginnings of words in name or book, without regard to case and accents (`orsted` finds Ørsted), and "
                    + "any part of Chinese, Japanese, Korean and Thai words."),
            ParameterShape(
                "at", .text(.historyPoint), example: .string(AuthorEvent.example.id),
                "The library as it was just after the change with this `event_id`, or at this time in UTC. A page "
                    + "of the past costs a look at each change since then."),
        ]
        + AuthorField.filterable.map { field in
            ParameterShape(
                field.name, field.kind == .flag ? .bool : .text(.any), example: Author.example.value(field),
                "Exactly this value.")
        }
    public static let parameters = shapes.map(\.name)

    public init() {}

    /// Reads the parameters of a request whose names ``QueryItem/check(_:among:)`` has checked.
    /// - Throws: ``InvalidFields`` with every fault.
    public init(items: [QueryItem]) throws(InvalidFields) {
        var faults: [FieldError] = []
        for item in items {
            if let fault = read(item) { faults.append(fault) }
        }
        guard faults.isEmpty else { throw InvalidFields(faults) }
    }

    private mutating func read(_ item: QueryItem) -> FieldError? {
        switch item.name {
        case "limit":
            guard let limit = Int64(decimal: item.value), (1...Int64(Self.maximumLimit)).contains(limit) else {
                return FieldError("limit", .invalid, "must be a number from 1 to \(Self.maximumLimit)")
            }
            self.limit = Int(limit)
        case "after": after = item.value
        case "sort":
            guard let sort = AuthorSort(item.value) else {
                let fields = AuthorField.sortable.map(\.name).joined(separator: ", ")
                return FieldError(
                    "sort", .invalid,
                    "must be one of \(fields), alone or followed by ':asc' or ':desc', or a text with ':bytes'")
            }
            self.sort = sort
        case "q":
            guard item.value.unicodeScalars.count <= StoredText.maximumLength else {
                return FieldError("q", .tooLong, "must be at most \(StoredText.maximumLength) characters")
            }
            search = item.value
        case "at":
            guard let point = HistoryPoint(item.value) else {
                return FieldError(item.name, .invalid, HistoryPoint.rule)
            }
            at = point
        default:
            guard let field = AuthorField(name: item.name), field.isFilterable else { break }
            guard field.kind == .flag else {
                values[text: field] = StoredText.normalized(item.value)
                break
            }
            guard let flag = ["true": true, "false": false][item.value] else {
                return FieldError(field.name, .invalid, "must be true or false")
            }
            values[flag: field] = flag
        }
        return nil
    }

    /// The parameters of the request, without those that have their default value.
    public var items: [QueryItem] {
        var items: [QueryItem] = []
        if limit != Self.defaultLimit { items.append(QueryItem("limit", String(limit))) }
        if let after { items.append(QueryItem("after", after)) }
        if sort != AuthorSort() { items.append(QueryItem("sort", sort.description)) }
        if let search { items.append(QueryItem("q", search)) }
        if let at { items.append(QueryItem("at", at.description)) }
        for field in AuthorField.filterable {
            if let text = values[text: field] { items.append(QueryItem(field.name, text)) }
            if let flag = values[flag: field] { items.append(QueryItem(field.name, String(flag))) }
        }
        return items
    }
}

/// An order of authors: `FIELD`, `FIELD:asc` or `FIELD:desc`. Texts are compared without regard to case and accents;
/// `FIELD:bytes` and `FIELD:bytes:desc` compare their bytes. Authors with equal values are sorted by id, and in the
/// order by name by the bytes of name and book, in the same direction.
public struct AuthorSort: Sendable, Hashable, CustomStringConvertible {
    /// One of ``AuthorField/sortable``.
    public var field: AuthorField
    public var descending: Bool
    /// Whether the bytes of a text in UTF-8 are compared; `false` for a field that is no text.
    public var isBytewise: Bool

    public init(_ field: AuthorField = .id, bytewise: Bool = false, descending: Bool = false) {
        self.field = field
        self.descending = descending
        isBytewise = bytewise && field.kind == .text
    }

    /// - Parameter text: a field, `:bytes` if it is a text, and `:asc` or `:desc`, both if wanted; the result is `nil`
    ///   for any other text.
    public init?(_ text: String) {
        var parts = text.split(separator: ":", omittingEmptySubsequences: false)[...]
        guard let name = parts.popFirst(), let field = AuthorField(name: name), field.isSortable else { return nil }
        let isBytewise = field.kind == .text && parts.first == "bytes"
        if isBytewise { parts.removeFirst() }
        let direction = parts.popFirst() ?? "asc"
        guard parts.isEmpty, ["asc", "desc"].contains(direction) else { return nil }
        self.init(field, bytewise: isBytewise, descending: direction == "desc")
    }

    /// A regular expression of ECMA 262 that every order matches, and no other text.
    static let pattern: String = {
        let fields = AuthorField.sortable.map { $0.kind == .text ? $0.name + "(:bytes)?" : $0.name }
        return "^(\(fields.joined(separator: "|")))(:(asc|desc))?$"
    }()

    public var description: String { field.name + (isBytewise ? ":bytes" : "") + (descending ? ":desc" : "") }
}
