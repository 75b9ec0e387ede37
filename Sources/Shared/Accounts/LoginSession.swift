/// One session of an account, as `GET /sessions` shows it. No field holds a token.
public struct LoginSession: Sendable, Equatable, JSONReadable, JSONWritable {
    /// A UUID.
    public let id: String
    public let createdAt: Timestamp
    /// When the session's tokens were last issued.
    public let usedAt: Timestamp
    /// When the session ends at the latest, however often it is refreshed.
    public let expiresAt: Timestamp
    /// The ASCII characters among the first 100 of the login's `User-Agent` header; may be empty.
    public let client: String
    /// Whether this request was made with a token of the session.
    public let current: Bool

    public init(
        id: String, createdAt: Timestamp, usedAt: Timestamp, expiresAt: Timestamp, client: String, current: Bool
    ) {
        self.id = id
        self.createdAt = createdAt
        self.usedAt = usedAt
        self.expiresAt = expiresAt
        self.client = client
        self.current = current
    }

    public init(from object: inout ObjectReader) {
        id = object.string("id", .uuid)
        createdAt = object.timestamp("created_at")
        usedAt = object.timestamp("last_used_at")
        expiresAt = object.timestamp("expires_at")
        client = object.string("client")
        current = object.bool("current")
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("id", id)
            $0.member("created_at", createdAt)
            $0.member("last_used_at", usedAt)
            $0.member("expires_at", expiresAt)
            $0.member("client", client)
            $0.member("current", current)
        }
    }
}

/// The reply to `GET /sessions`, with the latest login first.
public struct LoginSessionList: Sendable, Equatable, JSONReadable, JSONWritable {
    public let sessions: [LoginSession]

    public init(_ sessions: [LoginSession]) {
        self.sessions = sessions
    }

    public init(from object: inout ObjectReader) {
        sessions = object.array("sessions")
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("sessions", sessions)
        }
    }
}

/// The query of `DELETE /sessions`: which of the caller's sessions end.
public enum SessionScope: String, RequestQuery, CaseIterable {
    /// All sessions but the caller's current one, or all sessions.
    case others, all

    public static let shapes = [
        ParameterShape(
            "scope", .text(.oneOf(allCases.map(\.rawValue))), required: true, example: .string(others.rawValue),
            "Whether the session of this request goes on.")
    ]
    public static let parameters = shapes.map(\.name)

    /// Reads the parameters of a request whose names ``QueryItem/check(_:among:)`` has checked.
    /// - Throws: ``InvalidFields``.
    public init(items: [QueryItem]) throws(InvalidFields) {
        guard let scope = items.first.flatMap({ Self(rawValue: $0.value) }) else {
            throw InvalidFields([FieldError("scope", items.isEmpty ? .required : .invalid, "must be others or all")])
        }
        self = scope
    }

    public var items: [QueryItem] { [QueryItem("scope", rawValue)] }
}
