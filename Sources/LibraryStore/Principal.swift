/// Who asks: the user behind a token, as of this request.
package struct Principal: Sendable, Equatable {
    package let userID: Int64
    package let publicID: String
    package let name: String
    package let admin: Bool
    package let sessionID: String
}
