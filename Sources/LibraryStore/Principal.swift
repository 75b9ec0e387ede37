package import Shared

/// Who asks: the user behind a token or an API key, as of this request.
package struct Principal: Sendable, Equatable {
    package let userID: Int64
    package let publicID: String
    package let name: String
    package let admin: Bool
    /// The id of the session, or of the API key.
    package let sessionID: String
    /// The number of the session or the key among the origins of the user's changes.
    package let origin: Int64?
    /// `nil` for a login, which may do all that the user may.
    package let scope: KeyScope?

    package init(
        userID: Int64, publicID: String, name: String, admin: Bool, sessionID: String, origin: Int64?, scope: KeyScope?
    ) {
        self.userID = userID
        self.publicID = publicID
        self.name = name
        self.admin = admin
        self.sessionID = sessionID
        self.origin = origin
        self.scope = scope
    }

    /// Whether no API key is in use, or one that may write.
    package var mayWrite: Bool { scope != .read }
}
