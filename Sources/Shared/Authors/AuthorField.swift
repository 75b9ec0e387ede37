/// The fields of an author, said once: columns, JSON members, CSV columns, query parameters, orders and tables come
/// from here.
///
/// The order is that of columns and of members. A raw value is the index of the column in a row.
public enum AuthorField: Int, Sendable, CaseIterable {
    case id, name, book, country, bookerPrize, createdAt, updatedAt, version

    public enum Kind: Sendable {
        case integer
        /// 1–200 characters (``StoredText``). One that is not ``AuthorField/isRequired`` may be empty.
        case text
        case flag
        /// Milliseconds since 1970 in a row, RFC 3339 elsewhere.
        case time
    }

    /// All of them: `allCases` would make an array at each use.
    public static let all = allCases
    /// Those that a client sets.
    public static let writable = all.filter(\.isWritable)
    /// Those of ``writable`` that are texts.
    public static let texts = all.filter { $0.kind == .text }
    /// Those that a list can be narrowed by, to one value.
    public static let filterable = all.filter(\.isFilterable)
    /// Those that a list can be ordered by.
    public static let sortable = all.filter(\.isSortable)

    /// The name in JSON, CSV, queries and the database.
    public var name: String { Self.names[rawValue] }

    private static let names = all.map { "\($0.word)" }

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

    /// Whether there are never two authors of one owner that have the same in all of these fields.
    public var isKey: Bool { self == .name || self == .book }
    /// Whether no author is without it.
    public var isRequired: Bool { isKey || self == .country }
    public var isWritable: Bool { kind == .text || kind == .flag }
    public var isFilterable: Bool { isWritable }
    public var isSortable: Bool { kind != .flag && self != .version }

    /// - Parameter name: as ``name`` has it.
    public init?(name: some StringProtocol) {
        guard let field = Self.all.first(where: { $0.name == name }) else { return nil }
        self = field
    }
}
