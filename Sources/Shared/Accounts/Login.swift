/// The tokens of a session: the reply to `POST /login` and `POST /token/refresh`.
public struct Login: Sendable, Equatable, JSONReadable, JSONWritable {
    /// The access token, a JSON Web Token (RFC 7519).
    public let token: String
    /// Always `Bearer` (RFC 6750).
    public let tokenType: String
    /// Seconds from the reply until ``token`` expires.
    public let expiresIn: Int64
    public let expiresAt: Timestamp
    /// Valid for one `POST /token/refresh`, whose reply has the next refresh token.
    public let refreshToken: String
    /// When the session ends at the latest, however often it is refreshed.
    public let refreshExpiresAt: Timestamp
    /// `nil` from a daemon that has none.
    public let daemon: DaemonKey?

    public init(
        token: String, expiresIn: Int64, expiresAt: Timestamp, refreshToken: String, refreshExpiresAt: Timestamp,
        daemon: DaemonKey? = nil
    ) {
        self.token = token
        tokenType = "Bearer"
        self.expiresIn = expiresIn
        self.expiresAt = expiresAt
        self.refreshToken = refreshToken
        self.refreshExpiresAt = refreshExpiresAt
        self.daemon = daemon
    }

    public init(from object: inout ObjectReader) {
        token = object.string("token")
        tokenType = object.string("token_type", .oneOf(["Bearer"]))
        expiresIn = object.integer("expires_in")
        expiresAt = object.timestamp("expires_at")
        refreshToken = object.string("refresh_token")
        refreshExpiresAt = object.timestamp("refresh_expires_at")
        daemon = DaemonKey(from: &object)
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("token", token)
            $0.member("token_type", tokenType)
            $0.member("expires_in", expiresIn)
            $0.member("expires_at", expiresAt.description)
            $0.member("refresh_token", refreshToken)
            $0.member("refresh_expires_at", refreshExpiresAt.description)
            daemon?.write(into: &$0)
        }
    }
}

/// The body of `POST /token/refresh`.
public struct RefreshRequest: Sendable, Equatable, JSONReadable, JSONWritable {
    public let refreshToken: String

    public init(refreshToken: String) {
        self.refreshToken = refreshToken
    }

    public init(from object: inout ObjectReader) {
        refreshToken = object.string("refresh_token")
    }

    public func write(to json: inout JSONWriter) {
        json.object { $0.member("refresh_token", refreshToken) }
    }
}
