/// An account as `GET /me` and `GET /users` show it. No field holds a password or its hash.
public struct User: Sendable, Equatable, JSONReadable, JSONWritable {
    /// The user's id, a UUID, which other programs may store.
    public let publicID: String
    public let name: String
    public let admin: Bool
    /// A disabled user can neither log in nor use a token.
    public let disabled: Bool
    public let createdAt: Timestamp
    /// Number of authors that the user owns.
    public let authors: Int64

    public init(
        publicID: String, name: String, admin: Bool, disabled: Bool, createdAt: Timestamp, authors: Int64
    ) {
        self.publicID = publicID
        self.name = name
        self.admin = admin
        self.disabled = disabled
        self.createdAt = createdAt
        self.authors = authors
    }

    public init(from object: inout ObjectReader) {
        publicID = object.string("public_id", .uuid)
        name = object.string("name", .userName)
        admin = object.bool("admin")
        disabled = object.bool("disabled")
        createdAt = object.timestamp("created_at")
        authors = object.integer("authors")
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("public_id", publicID)
            $0.member("name", name)
            $0.member("admin", admin)
            $0.member("disabled", disabled)
            $0.member("created_at", createdAt)
            $0.member("authors", authors)
        }
    }
}

/// A change to an account: the body of `PATCH /users/{public_id}`. A `nil` leaves the value unchanged.
public struct UserPatch: Sendable, Equatable, JSONReadable, JSONWritable {
    public var admin: Bool?
    /// Disabling a user also ends the user's sessions.
    public var disabled: Bool?

    public init(admin: Bool? = nil, disabled: Bool? = nil) {
        self.admin = admin
        self.disabled = disabled
    }

    public init(from object: inout ObjectReader) {
        admin = object.optionalBool("admin")
        disabled = object.optionalBool("disabled")
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            if let admin { $0.member("admin", admin) }
            if let disabled { $0.member("disabled", disabled) }
        }
    }

    /// - Throws: ``InvalidFields`` if the patch changes nothing.
    public func validated() throws(InvalidFields) -> UserPatch {
        if self == UserPatch() {
            throw InvalidFields([FieldError("body", .empty, "must name at least one field to change")])
        }
        return self
    }
}

/// The reply to `GET /users`.
public struct UserList: Sendable, Equatable, JSONReadable, JSONWritable {
    public let users: [User]

    public init(_ users: [User]) {
        self.users = users
    }

    public init(from object: inout ObjectReader) {
        users = object.array("users")
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("users", users)
        }
    }
}
