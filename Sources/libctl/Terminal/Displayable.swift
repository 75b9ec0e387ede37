import Shared

/// Something that can be shown as a row of a table or a file.
protocol Displayable: JSONWritable {
    /// In the order of the members of its JSON.
    static var fields: [DisplayField<Self>] { get }
    /// Names of the fields of the table, and of TSV and CSV unless others are asked for.
    static var columns: [String] { get }
    /// What `-o id` shows.
    var identifier: String { get }
}

/// A field that can be asked for by name.
struct DisplayField<Item>: Sendable {
    let name: String
    /// A text, an integer or a flag; `nil` where the item has none.
    let value: @Sendable (Item) -> JSONValue?

    init(_ name: String, _ value: @escaping @Sendable (Item) -> JSONValue?) {
        self.name = name
        self.value = value
    }
}

extension Displayable {
    static var fieldNames: [String] { fields.map(\.name) }
    static var columns: [String] { fieldNames }

    /// For what is only shown, and crosses no wire.
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
