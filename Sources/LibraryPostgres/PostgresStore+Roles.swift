import LibraryStore

/// Users as transactions see them, and the locks of users and roles.
extension PostgresStore {
    struct Role {
        let id: Int64
        let publicID: String
        let name: String
        let admin: Bool
        let disabled: Bool
        let passwordHash: String
    }

    /// - Parameter isLocked: whether to keep others from logging the user in and from changing the user's row, until
    ///   the transaction ends.
    static func role(_ connection: Connection, _ key: UserKey, isLocked: Bool = false) throws -> Role? {
        var role: Role?
        try connection.run((isLocked ? lockRole : selectRole)[key], [key.value]) { row in
            role = Role(
                id: try row.integer(0), publicID: try row.text(1), name: try row.text(2), admin: try row.flag(3),
                disabled: try row.flag(4), passwordHash: try row.text(5))
        }
        return role
    }

    /// Passes if the user is no admin, or not the only one who can log in. The transaction must have locked `library`.
    static func requireAnotherAdmin(_ connection: Connection, than user: Role) throws {
        guard user.admin, !user.disabled else { return }
        var exists = false
        try connection.run(
            #"SELECT EXISTS (SELECT FROM "user" WHERE admin AND NOT disabled AND id <> $1)"#, [.integer(user.id)]
        ) { exists = try $0.flag(0) }
        guard exists else { throw StoreError.lastAdmin(name: user.name) }
    }

    /// Who takes an admin away does so alone, on all daemons.
    static let lockLibrary: Statement = "SELECT FROM library FOR UPDATE"

    private static let role = #"SELECT id, public_id, name, admin, disabled, password_hash FROM "user" WHERE"#
    static let selectRole = UserStatement { "\(role) \($0)" }
    private static let lockRole = UserStatement { "\(role) \($0) FOR NO KEY UPDATE" }
}

/// A statement for each kind of key. Its first parameter is ``UserKey/value``.
struct UserStatement {
    private let byID: Statement
    private let byName: Statement
    private let byPublicID: Statement

    /// - Parameter text: makes the statement of a condition.
    init(_ text: (String) -> String) {
        byID = Statement(text(#""user".id = $1"#))
        byName = Statement(text(#"lower("user".name) = lower($1 COLLATE "C")"#))
        byPublicID = Statement(text(#""user".public_id = $1"#))
    }

    subscript(key: UserKey) -> Statement {
        switch key {
        case .id: byID
        case .name: byName
        case .publicID: byPublicID
        }
    }
}

extension UserKey {
    var value: Value {
        switch self {
        case .id(let id): .integer(id)
        case .name(let text), .publicID(let text): Value(sought: text)
        }
    }
}
