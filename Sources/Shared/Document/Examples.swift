/// One example of each value that crosses the wire, for `/openapi.json`.

private let moment = Timestamp(milliseconds: 1_795_455_842_123)
private let later = Timestamp(milliseconds: 1_795_457_642_123)
private let userID = "0b9c2c52-6c3a-4b7e-9f0e-3f4f6a1d2c3b"
private let sessionID = "5d1e6f7a-8b9c-4d0e-a1f2-b3c4d5e6f708"
private let exampleSecret = "gU0a0q9Zr3c5m1v8pX7tYw2kLdNsHfJbEiQoRuTxCzM"

extension Registration: DocumentedObject {
    public static let example = Registration(name: "ada", password: "correct horse battery staple")
}

extension Registered: DocumentedObject {
    public static let example = Registered(publicID: userID, name: "ada", admin: false)
}

extension Login: DocumentedObject {
    public static let example = Login(
        token: "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl", expiresIn: 1800, expiresAt: later,
        refreshToken: exampleSecret, refreshExpiresAt: moment.adding(seconds: 30 * 86400))
}

extension ProofRequest: DocumentedObject {
    public static let example = ProofRequest(user: userID, nonce: exampleSecret)
}

extension Proof: DocumentedObject {
    public static let example = Proof(daemon: sessionID, proof: exampleSecret)
}

extension RefreshRequest: DocumentedObject {
    public static let example = RefreshRequest(refreshToken: exampleSecret)
}

extension PasswordChange: DocumentedObject {
    public static let example = PasswordChange(
        currentPassword: "correct horse battery staple", newPassword: "staple battery horse correct")
}

extension LoginSession {
    static let example = LoginSession(
        id: sessionID, createdAt: moment, usedAt: later, expiresAt: moment.adding(seconds: 30 * 86400),
        client: "libctl/0.1.0", current: true)
}

extension LoginSessionList: DocumentedObject {
    public static let example = LoginSessionList([.example])
}

extension APIKey {
    static let example = APIKey(
        id: sessionID, name: "nightly-export", scope: .read, createdAt: moment,
        expiresAt: moment.adding(seconds: 90 * 86400), usedAt: nil)
}

extension APIKeyList: DocumentedObject {
    public static let example = APIKeyList([.example])
}

extension APIKeyRequest: DocumentedObject {
    public static let example = APIKeyRequest(name: APIKey.example.name, scope: .read, expiresIn: 90 * 86400)
}

extension CreatedAPIKey: DocumentedObject {
    public static let example = CreatedAPIKey(secret: APIKey.prefix + exampleSecret, .example)
}

extension User: DocumentedObject {
    public static let example = User(
        publicID: userID, name: "ada", admin: false, disabled: false, createdAt: moment, authors: 60)
}

extension UserPatch: DocumentedObject {
    public static let example = UserPatch(admin: true)
}

extension UserList: DocumentedObject {
    public static let example = UserList([.example])
}

extension AuthorDraft: DocumentedObject {
    public static let example = AuthorDraft(
        name: "Hilary Mantel", book: "Wolf Hall", country: "United Kingdom", bookerPrize: true)
}

extension AuthorPatch: DocumentedObject {
    public static var example: AuthorPatch {
        var values = AuthorValues()
        values[text: .country] = "Ireland"
        return AuthorPatch(values)
    }
}

extension Author: DocumentedObject {
    public static let example = Author(id: 12, .example, createdAt: moment, updatedAt: later, version: 3)
}

extension AuthorReply: DocumentedObject {
    public static let example = AuthorReply(Message.created, .example)
}

extension AuthorPage: DocumentedObject {
    public static let example = AuthorPage(authors: [.example], next: nil)
}

extension AuthorEvent: DocumentedObject {
    public static let example = AuthorEvent(id: "9f86d081884c7d65-17", event: created, at: moment, author: .example)
}

extension ChangePage: DocumentedObject {
    public static let example = ChangePage(
        changes: [
            AuthorEvent(
                id: "9f86d081884c7d65-18", event: AuthorEvent.updated, at: later, author: .example,
                old: AuthorPatch.example.values,
                origin: ChangeOrigin(session: sessionID, client: LoginSession.example.client))
        ], next: nil)
}

extension UndoRequest: DocumentedObject {
    public static let example = UndoRequest(event: "9f86d081884c7d65-18")
}

extension UndoReport: DocumentedObject {
    public static let example = UndoReport(
        Message.undone, eventID: "9f86d081884c7d65-19", undone: 1, created: 0, updated: 1, deleted: 0, skipped: 0,
        changes: [
            UndoneChange(event: AuthorEvent.updated, author: .example, old: AuthorPatch.example.values)
        ], obstacles: [])
}

extension BulkResult: DocumentedObject {
    public static let example = BulkResult(line: 2, .created, id: Author.example.id)
}

extension Health: DocumentedObject {
    public static let example = Health()
}

extension Welcome: DocumentedObject {
    public static let example = Welcome()
}

extension Problem {
    public static let exampleRequestID = "3f1b0c2d4e5a6978"
}
