import HTTPTypes
import LibraryStore
import Shared

/// Why a request is refused. Everything in it may be told to the client; causes go to the log.
struct Failure: Error, Equatable {
    let code: ErrorCode
    let detail: String?
    var errors: [FieldError] = []
    var existingID: Int64?
    var headers: HTTPFields = [:]

    init(
        _ code: ErrorCode, _ detail: String? = nil, errors: [FieldError] = [], existingID: Int64? = nil,
        headers: HTTPFields = [:]
    ) {
        self.code = code
        self.detail = detail
        self.errors = errors
        self.existingID = existingID
        self.headers = headers
    }

    init(query invalid: InvalidFields) {
        self.init(.invalidQuery, "The query is not valid: \(invalid).", errors: invalid.errors)
    }

    /// What the store refused, or could not do. Who is told to come back is told when.
    init(_ error: StoreError) {
        let isPassing = [.busy, .notReady, .storageUnavailable].contains(error.code)
        self.init(
            error.code, error.detail, existingID: error.existingID, headers: isPassing ? [.retryAfter: "1"] : [:])
    }

    /// Whatever it was, it was the client's doing, and nothing that follows on this connection can be understood.
    static let brokenBody = Failure(
        .badRequest, "The body breaks off or is framed wrongly.", headers: [.connection: "close"])

    /// A queue is full.
    static let busy = Failure(.busy, headers: [.retryAfter: "1"])

    var status: HTTPResponse.Status { code.status }

    func problem(requestID: String) -> Problem {
        Problem(
            status: status.code, title: status.reasonPhrase, code: code, message: code.message ?? detail ?? code.text,
            detail: detail ?? code.text, requestID: requestID, errors: errors, existingID: existingID)
    }
}

/// What each code means over HTTP: status, the tutorial's words where it had some, and ours where a failure brings none.
extension ErrorCode {
    var status: HTTPResponse.Status { answer.status }
    /// The origin tutorial's own words.
    var message: String? { answer.message }
    var text: String { answer.text }

    private var answer: (status: HTTPResponse.Status, message: String?, text: String) {
        switch self {
        case .badRequest: (.badRequest, nil, "The request is malformed.")
        case .invalidJSON: (.badRequest, nil, "The body is not valid JSON.")
        case .invalidQuery: (.badRequest, nil, "The query is not valid.")
        case .invalidFields: (.unprocessableContent, nil, "The body is not valid.")
        case .unsupportedMediaType: (.unsupportedMediaType, nil, "Send JSON, with Content-Type: application/json.")
        case .bodyTooLarge: (.contentTooLarge, nil, "The body is too large.")
        case .requestTimeout: (.requestTimeout, nil, "The request took too long to arrive.")
        case .notFound: (.notFound, nil, "There is nothing at this path.")
        case .methodNotAllowed: (.methodNotAllowed, nil, "This path does not answer that method; see Allow.")
        case .credentialsMissing: (.unauthorized, "could not verify", "Send a name and a password with HTTP Basic.")
        case .credentialsMalformed: (.unauthorized, "could not verify", "The Authorization header is not HTTP Basic.")
        case .credentialsWrong: (.unauthorized, "could not verify", "The name or the password is wrong.")
        case .tokenMissing: (.unauthorized, "a valid token is missing", "Send a token: Authorization: Bearer TOKEN.")
        case .tokenMalformed: (.unauthorized, "token is invalid", "The token is not one of this daemon's.")
        case .tokenExpired: (.unauthorized, "token is invalid", "The token has expired; refresh it or log in again.")
        case .tokenRevoked: (.unauthorized, "token is invalid", "The token's session has ended; log in again.")
        case .tokensConflict: (.badRequest, nil, "Authorization and x-access-tokens carry different tokens.")
        case .refreshTokenInvalid: (.unauthorized, "token is invalid", "The refresh token is not valid; log in again.")
        case .passwordWrong: (.forbidden, nil, "The current password is wrong.")
        case .rateLimited: (.tooManyRequests, nil, "Too many attempts; try again later.")
        case .adminRequired: (.forbidden, nil, "Only an admin may do this.")
        case .nameTaken: (.conflict, nil, "The name is taken.")
        case .userNotFound: (.notFound, nil, "There is no such user.")
        case .sessionNotFound: (.notFound, nil, "There is no such login of yours.")
        case .lastAdmin: (.conflict, nil, "The last admin can be neither removed, disabled nor demoted.")
        case .authorNotFound: (.notFound, "author does not exist", "There is no such author in your library.")
        case .authorExists: (.conflict, nil, "The author exists already.")
        case .preconditionFailed: (.preconditionFailed, nil, "The precondition does not hold.")
        case .idempotencyKeyReused:
            (.unprocessableContent, nil, "The Idempotency-Key belongs to another request; make a new one.")
        case .busy: (.serviceUnavailable, nil, "The daemon has too much to do at once; try again.")
        case .notReady: (.serviceUnavailable, nil, "The daemon is not ready.")
        case .storageFull: (.init(code: 507, reasonPhrase: "Insufficient Storage"), nil, "The disk is full.")
        case .storageUnavailable: (.serviceUnavailable, nil, "The database cannot be used now; try again.")
        default: (.internalServerError, nil, "Something went wrong in the daemon; its log knows more.")
        }
    }
}
