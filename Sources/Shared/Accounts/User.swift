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
    /// In `GET /me` only.
    public var history: HistoryRange?

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
        history = object.optionalObject("history", as: HistoryRange.self)
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("public_id", publicID)
            $0.member("name", name)
            $0.member("admin", admin)
            $0.member("disabled", disabled)
            $0.member("created_at", createdAt)
            $0.member("authors", authors)
            if let history { $0.member("history", history) }
        }
    }
}

/// How far back the history of a library goes.
public struct HistoryRange: Sendable, Equatable, JSONReadable, JSONWritable {
    /// How many changes are kept at most.
    public let events: Int64
    /// For how many seconds changes are kept at most; `nil` if none is too old.
    public let age: Int64?
    /// When the oldest change that is kept happened; `nil` if there is none.
    public let since: Timestamp?

    public init(events: Int64, age: Int64?, since: Timestamp?) {
        (self.events, self.age, self.since) = (events, age, since)
    }

    public init(from object: inout ObjectReader) {
        events = object.integer("events")
        age = object.optionalInteger("age")
        since = object.nullableTimestamp("since")
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("events", events)
            if let age { $0.member("age", age) }
            $0.member("since", since)
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
