/// What happened to an account, or to the whole library, for `libraryd audit`.
public struct AuditEntry: Sendable, Equatable, JSONReadable, JSONWritable {
    /// Counts up; the library gives no number twice.
    public let id: Int64
    public let at: Timestamp
    /// An ``AuditEvent``; another value is one of a newer daemon.
    public let event: String
    /// The account that it happened to; `nil` for the whole library, and for an unknown name.
    public let user: String?
    /// The account that did it; `nil` for an operator, and if nobody was recognized.
    public let actor: String?
    /// The network address of the client, `unix` for the unix socket, `operator` for a command of `libraryd`.
    public let address: String?
    /// What more there is to say; empty for nothing.
    public let detail: String

    public init(
        id: Int64, at: Timestamp, event: String, user: String?, actor: String?, address: String?, detail: String
    ) {
        self.id = id
        self.at = at
        self.event = event
        self.user = user
        self.actor = actor
        self.address = address
        self.detail = detail
    }

    public init(from object: inout ObjectReader) {
        id = object.integer("id")
        at = object.timestamp("time")
        event = object.string("event")
        user = object.nullableString("user")
        actor = object.nullableString("actor")
        address = object.nullableString("address")
        detail = object.string("detail")
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("id", id)
            $0.member("time", at)
            $0.member("event", event)
            $0.member("user", user)
            $0.member("actor", actor)
            $0.member("address", address)
            $0.member("detail", detail)
        }
    }
}

/// The events that the library notes. Names are added, never changed.
public enum AuditEvent: String, Sendable, CaseIterable {
    case login
    case loginFailed = "login_failed"
    case logout
    case sessionRevoked = "session_revoked"
    case sessionsRevoked = "sessions_revoked"
    case refreshTokenReused = "refresh_token_reused"
    case passwordChanged = "password_changed"
    case userCreated = "user_created"
    case userDeleted = "user_deleted"
    case promoted, demoted, disabled, enabled
    case keyCreated = "key_created"
    case keyRevoked = "key_revoked"
    case authorsImported = "authors_imported"
    case flaskImported = "flask_imported"
    case signingKeyRotated = "signing_key_rotated"
    case restored
}

/// Some entries of the audit, oldest first.
public struct AuditPage: Sendable, Equatable, JSONReadable, JSONWritable {
    /// How many there are at most.
    public static let limit = 1000

    public let entries: [AuditEntry]

    public init(_ entries: [AuditEntry]) {
        self.entries = entries
    }

    public init(from object: inout ObjectReader) {
        entries = object.array("entries")
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("entries", entries)
        }
    }
}
