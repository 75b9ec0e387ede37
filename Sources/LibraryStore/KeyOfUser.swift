/// Which key of a user.
package enum KeyOfUser: Sendable {
    case id(String)
    /// In any case.
    case name(String)

    package var column: String { if case .id = self { "id" } else { "name" } }
    package var text: String {
        switch self {
        case .id(let text), .name(let text): text
        }
    }
    package var missing: StoreError { .keyNotFound(name: column == "name" ? text : nil) }
}
