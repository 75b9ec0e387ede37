import Foundation
import Shared

/// Where a page ended: the order, and the last author's place in it.
///
/// Opaque to clients and worth nothing to forgers: it only says where in one's own list to go on.
struct Cursor: Sendable, Equatable {
    let sort: AuthorSort
    let id: Int64
    /// The last author's value of the field that the list is sorted by; `nil` when that is the id.
    let value: JSONValue?

    /// `base64url` of a JSON array: the order, the id and the value.
    var text: String {
        var json = JSONWriter()
        json.array {
            $0.string(sort.description)
            $0.integer(id)
            if let value { $0.value(value) }
        }
        return Base64URL.encode(json.bytes)
    }

    init(sort: AuthorSort, id: Int64, value: JSONValue?) {
        self.sort = sort
        self.id = id
        self.value = value
    }

    /// Reads a cursor for a list in the order `sort`; `nil` if it is not one.
    init?(_ text: String, sort: AuthorSort) {
        guard let bytes = Base64URL.decode(text), case .array(let parts)? = try? JSONValue(parsing: bytes),
            parts.count == (sort.field == .id ? 2 : 3), parts[0] == .string(sort.description),
            case .integer(let id) = parts[1]
        else { return nil }
        let value = parts.count == 3 ? parts[2] : nil
        switch (sort.field.kind, value) {
        case (_, nil), (.text, .string), (.integer, .integer), (.time, .integer):
            self.init(sort: sort, id: id, value: value)
        default: return nil
        }
    }
}
