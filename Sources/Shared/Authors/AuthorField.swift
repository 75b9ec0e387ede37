/// The only list of an author's fields: database columns, JSON members, CSV columns, query parameters, sort orders
/// and displayed tables are made from it.
///
/// Columns and members have the order of the cases. The raw value is the index of the column in a row.
public enum AuthorField: Int, Sendable, CaseIterable {
    case id, name, book, country, bookerPrize, createdAt, updatedAt, version

    /// The type of a field's values.
    public enum Kind: Sendable {
        case integer
        /// A text by the rules of ``StoredText``: 1–200 characters, or none if the field is not
        /// ``AuthorField/isRequired``.
        case text
        case flag
        /// In a row, milliseconds since 1970; elsewhere, text as in RFC 3339.
        case time
    }

    /// All fields, stored because `allCases` makes a new array at each use.
    public static let all = allCases
    /// The fields that a client can set.
    public static let writable = all.filter(\.isWritable)
    /// The writable fields that are texts.
    public static let texts = all.filter { $0.kind == .text }
    /// The fields by which a list can be filtered, each to one value.
    public static let filterable = all.filter(\.isFilterable)
    /// The fields by which a list can be sorted.
    public static let sortable = all.filter(\.isSortable)

    /// The name in JSON, CSV, queries and the database.
    public var name: String { Self.names[rawValue] }

    private static let names = all.map { "\($0.word)" }

    /// As ``name``, as a constant that ``JSONWriter`` writes without looking for characters to escape.
    public var word: StaticString {
        switch self {
        case .id: "id"
        case .name: "name"
        case .book: "book"
        case .country: "country"
        case .bookerPrize: "booker_prize"
        case .createdAt: "created_at"
        case .updatedAt: "updated_at"
        case .version: "version"
        }
    }

    public var kind: Kind {
        switch self {
        case .id, .version: .integer
        case .name, .book, .country: .text
        case .bookerPrize: .flag
        case .createdAt, .updatedAt: .time
        }
    }

    /// Whether the field is part of the key: no two authors of one owner have equal values in all fields of the key.
    public var isKey: Bool { self == .name || self == .book }
    /// Whether every author has a value that is not empty.
    public var isRequired: Bool { isKey || self == .country }
    /// The rule for the field's text.
    public var text: TextShape { isRequired ? .stored : .atMost(StoredText.maximumLength) }
    public var isWritable: Bool { kind == .text || kind == .flag }
    public var isFilterable: Bool { isWritable }
    public var isSortable: Bool { kind != .flag && self != .version }

    /// - Parameter name: the ``name`` of a field.
    public init?(name: some StringProtocol) {
        guard let field = Self.all.first(where: { $0.name == name }) else { return nil }
        self = field
    }
}
