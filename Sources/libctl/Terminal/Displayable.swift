import Shared

/// A value that can be shown as a row of a table or as a line of a file.
protocol Displayable: JSONWritable {
    /// All fields, in the order of the members of the JSON.
    static var fields: [DisplayField<Self>] { get }
    /// Names of the fields that a table, TSV and CSV show without `--fields`.
    static var columns: [String] { get }
    /// The text that `-o id` shows.
    var identifier: String { get }
}

/// A field that `--fields` can name.
struct DisplayField<Item>: Sendable {
    let name: String
    /// A string, an integer or a boolean; `nil` if the item has no value.
    let value: @Sendable (Item) -> JSONValue?

    init(_ name: String, _ value: @escaping @Sendable (Item) -> JSONValue?) {
        self.name = name
        self.value = value
    }
}

extension Displayable {
    static var fieldNames: [String] { fields.map(\.name) }
    static var columns: [String] { fieldNames }

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

extension Author: Displayable {
    static let fields = AuthorField.all.map { field in DisplayField<Author>(field.name) { $0.value(field) } }
    static let columns = ["id"] + AuthorField.writable.map(\.name)
    var identifier: String { String(id) }
}

extension User: Displayable {
    static let fields: [DisplayField<User>] = [
        .init("public_id") { .string($0.publicID) }, .init("name") { .string($0.name) },
        .init("admin") { .bool($0.admin) },
        .init("disabled") { .bool($0.disabled) }, .init("created_at") { .string($0.createdAt.description) },
        .init("authors") { .integer($0.authors) },
    ]
    static let columns = ["name", "admin", "disabled", "created_at", "authors", "public_id"]
    var identifier: String { publicID }
}

extension LoginSession: Displayable {
    static let fields: [DisplayField<LoginSession>] = [
        .init("id") { .string($0.id) }, .init("created_at") { .string($0.createdAt.description) },
        .init("last_used_at") { .string($0.usedAt.description) },
        .init("expires_at") { .string($0.expiresAt.description) },
        .init("client") { .string($0.client) }, .init("current") { .bool($0.current) },
    ]
    var identifier: String { id }
}

extension BulkResult: Displayable {
    static let fields: [DisplayField<BulkResult>] = [
        .init("line") { .integer($0.line) }, .init("outcome") { .string($0.outcome) },
        .init("id") { $0.id.map { .integer($0) } }, .init("code") { $0.code.map { .string($0) } },
        .init("message") { $0.message.map { .string($0) } },
        .init("existing_id") { $0.existingID.map { .integer($0) } },
    ]
    var identifier: String { id.map(String.init) ?? "" }
}
