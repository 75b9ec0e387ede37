import Shared

/// A value that can be shown as a row of a table or as a line of a file.
protocol Displayable: JSONWritable {
    /// All fields, in the order of the members of the JSON.
    static var fields: [DisplayField<Self>] { get }
    /// Names of the fields that TSV and CSV show without `--fields`.
    static var columns: [String] { get }
    /// Names of the fields that a table shows without `--fields`: not all of ``columns`` if those are too wide for a
    /// screen.
    static var tableColumns: [String] { get }
    /// The text that `-o id` shows.
    var identifier: String { get }
}

/// A value that the command line can name.
protocol Named: Displayable {
    var name: String { get }
}

/// How a table shows the values of a field.
enum FieldKind {
    /// Cut if the terminal is too narrow.
    case text
    /// Never cut, as ``word`` and ``time``.
    case number
    /// A flag, an id or a word of a fixed list.
    case word
    /// A text as in RFC 3339; tables show ``LocalTime``.
    case time
}

/// A field that `--fields` can name.
struct DisplayField<Item>: Sendable {
    let name: String
    let kind: FieldKind
    /// `nil` if the item has no value.
    let value: @Sendable (Item) -> JSONValue?
    /// What a table shows in place of the value, unless `--fields` names the field.
    let short: (@Sendable (Item) -> String)?

    init(
        _ name: String, _ kind: FieldKind = .text, short: (@Sendable (Item) -> String)? = nil,
        _ value: @escaping @Sendable (Item) -> JSONValue?
    ) {
        (self.name, self.kind, self.short, self.value) = (name, kind, short, value)
    }

    /// The value in TSV and CSV, before escaping.
    func text(_ item: Item) -> String {
        switch value(item) {
        case .string(let text)?: text
        case .integer(let number)?: String(number)
        case .bool(let flag)?: flag ? "true" : "false"
        case let nested?: Self.json(nested)
        case nil: ""
        }
    }

    private static func json(_ value: JSONValue) -> String {
        var json = JSONWriter()
        json.value(value)
        return String(decoding: json.bytes, as: UTF8.self)
    }

    /// The value in a table, before escaping.
    /// - Parameter isChosen: whether `--fields` names the field.
    func textForPeople(_ item: Item, isChosen: Bool) -> String {
        if !isChosen, let short { return short(item) }
        let text = text(item)
        return kind == .time ? Timestamp(text).map(LocalTime.text) ?? text : text
    }
}

extension Displayable {
    static var fieldNames: [String] { fields.map(\.name) }
    static var columns: [String] { fieldNames }
    static var tableColumns: [String] { columns }

    /// The JSON of a type that is only shown and never sent.
    func write(to json: inout JSONWriter) { write(Self.fields, to: &json) }

    func write(_ fields: [DisplayField<Self>], to json: inout JSONWriter) {
        json.object { json in
            for field in fields {
                if let value = field.value(self) { json.member(text: field.name) { $0.value(value) } }
            }
        }
    }
}

extension FieldKind {
    init(_ kind: AuthorField.Kind) {
        self =
            switch kind {
            case .integer: .number
            case .text: .text
            case .flag: .word
            case .time: .time
            }
    }
}

extension Author: Displayable {
    static let fields = AuthorField.all.map { field in
        DisplayField<Author>(field.name, FieldKind(field.kind)) { $0.value(field) }
    }
    static let columns = ["id"] + AuthorField.writable.map(\.name)
    var identifier: String { String(id) }
}

extension User: Named {
    static let fields: [DisplayField<User>] = [
        .init("public_id", .word) { .string($0.publicID) }, .init("name") { .string($0.name) },
        .init("admin", .word) { .bool($0.admin) }, .init("disabled", .word) { .bool($0.disabled) },
        .init("created_at", .time) { .string($0.createdAt.description) },
        .init("authors", .number) { .integer($0.authors) },
    ]
    static let columns = tableColumns + ["public_id"]
    static let tableColumns = ["name", "admin", "disabled", "created_at", "authors"]
    var identifier: String { publicID }
}

extension LoginSession: Displayable {
    static let fields: [DisplayField<LoginSession>] = [
        .init("id", .word, short: \.shortID) { .string($0.id) },
        .init("created_at", .time) { .string($0.createdAt.description) },
        .init("last_used_at", .time) { .string($0.usedAt.description) },
        .init("expires_at", .time) { .string($0.expiresAt.description) },
        .init("client", short: \.shortClient) { .string($0.client) },
        .init("current", .word) { .bool($0.current) },
    ]
    static let tableColumns = ["id", "created_at", "last_used_at", "client", "current"]
    var identifier: String { id }

    /// The first 8 characters of the id, which `sessions revoke` takes as well.
    private var shortID: String { String(id.prefix(8)) }

    private var shortClient: String { ClientName.short(client) }
}

extension APIKey: Named {
    static let fields: [DisplayField<APIKey>] = [
        .init("id", .word) { .string($0.id) }, .init("name") { .string($0.name) },
        .init("scope", .word) { .string($0.scope) },
        .init("created_at", .time) { .string($0.createdAt.description) },
        .init("expires_at", .time) { $0.expiresAt.map { .string($0.description) } },
        .init("last_used_at", .time) { $0.usedAt.map { .string($0.description) } },
    ]
    static let columns = tableColumns + ["id"]
    static let tableColumns = ["name", "scope", "created_at", "expires_at", "last_used_at"]
    var identifier: String { id }
}

extension BulkResult: Displayable {
    static let fields: [DisplayField<BulkResult>] = [
        .init("line", .number) { .integer($0.line) }, .init("outcome", .word) { .string($0.outcome) },
        .init("id", .number) { $0.id.map { .integer($0) } }, .init("code") { $0.code.map { .string($0) } },
        .init("message") { $0.message.map { .string($0) } },
        .init("existing_id", .number) { $0.existingID.map { .integer($0) } },
    ]
    var identifier: String { id.map(String.init) ?? "" }
}
