import Shared

/// A user as the store hands it to the login: the hash leaves the store here and nowhere else.
package struct StoredUser: Sendable {
    package let id: Int64
    package let name: String
    package let passwordHash: String
    package let disabled: Bool

    package init(id: Int64, name: String, passwordHash: String, disabled: Bool) {
        self.id = id
        self.name = name
        self.passwordHash = passwordHash
        self.disabled = disabled
    }
}

/// Which user.
package enum UserKey: Sendable, Equatable {
    case id(Int64)
    /// In any case.
    case name(String)
    case publicID(String)

    package var missing: StoreError {
        if case .name(let name) = self { .userNotFound(name: name) } else { .userNotFound(name: nil) }
    }
}
