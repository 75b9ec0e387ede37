import Shared

/// Who asks: the user behind a token, as of this request.
struct Principal: Sendable, Equatable {
    let userID: Int64
    let publicID: String
    let name: String
    let admin: Bool
    let sessionID: String
}
