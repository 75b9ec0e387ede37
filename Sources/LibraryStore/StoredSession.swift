package import Shared

/// A live session together with its user: what ``LiveSessions`` is made of.
package struct StoredSession: Sendable {
    package let id: String
    package let expiresAt: Timestamp
    /// The same as ``Principal/origin``.
    package let origin: Int64?
    package let user: StoredSession.User

    /// Seconds for which the rows of sessions that are over are kept, 30 days: a clock that is wrong for a while must
    /// end none.
    package static let keepingTime: Int64 = 30 * 86400

    package struct User: Sendable {
        package let id: Int64
        package let publicID: String
        package let name: String
        package var admin: Bool

        package init(id: Int64, publicID: String, name: String, admin: Bool) {
            self.id = id
            self.publicID = publicID
            self.name = name
            self.admin = admin
        }
    }

    package init(id: String, expiresAt: Timestamp, origin: Int64?, user: StoredSession.User) {
        self.id = id
        self.expiresAt = expiresAt
        self.origin = origin
        self.user = user
    }
}

/// What became of a refresh token.
package enum RefreshRotation: Sendable {
    case rotated(StoredSession)
    /// It was used before, longer ago than a lost answer explains: somebody has a copy. The session has been ended.
    case replayed(sessionID: String)
    case unknown
}
