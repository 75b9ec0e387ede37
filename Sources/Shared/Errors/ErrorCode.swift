/// The stable name of each failure, with its HTTP status, its exit status of `libctl` and its texts.
///
/// The list is closed in this program but open in the protocol (``Problem/code`` is a string), because an older
/// client can receive a code that it does not know. Codes are added, never changed. `docs/errors.md` is made from
/// this list.
public enum ErrorCode: String, Sendable, CaseIterable {
    // Malformed requests.
    case badRequest = "bad_request"
    case invalidJSON = "invalid_json"
    case invalidQuery = "invalid_query"
    case invalidFields = "invalid_fields"
    case unsupportedMediaType = "unsupported_media_type"
    case bodyTooLarge = "body_too_large"
    case requestTimeout = "request_timeout"
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case uriTooLong = "uri_too_long"
    case headersTooLarge = "headers_too_large"
    case notImplemented = "not_implemented"
    case versionNotSupported = "version_not_supported"

    // Credentials and permissions.
    case credentialsMissing = "credentials_missing"
    case credentialsMalformed = "credentials_malformed"
    case credentialsWrong = "credentials_wrong"
    case tokenMissing = "token_missing"
    case tokenMalformed = "token_malformed"
    case tokenExpired = "token_expired"
    case tokenRevoked = "token_revoked"
    case tokensConflict = "tokens_conflict"
    case refreshTokenInvalid = "refresh_token_invalid"
    /// A caller with a valid token sent a wrong current password.
    case passwordWrong = "password_wrong"
    case rateLimited = "rate_limited"
    case adminRequired = "admin_required"

    // Conflicts with stored data.
    case nameTaken = "name_taken"
    case userNotFound = "user_not_found"
    case sessionNotFound = "session_not_found"
    case lastAdmin = "last_admin"
    case authorNotFound = "author_not_found"
    case authorExists = "author_exists"
    case preconditionFailed = "precondition_failed"
    /// The `Idempotency-Key` was used for another request before.
    case idempotencyKeyReused = "idempotency_key_reused"

    // The state of the daemon.
    case busy
    case notReady = "not_ready"
    case storageFull = "storage_full"
    case storageUnavailable = "storage_unavailable"
    case internalError = "internal_error"

    /// The HTTP status code.
    public var status: Int { entry.status }
    /// The reason phrase of the status, which is the `title` of a ``Problem`` (RFC 9110, section 15; 429 and 431 are
    /// from RFC 6585, and 507 from RFC 4918, section 11.5).
    public var title: String {
        switch status {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 505: "HTTP Version Not Supported"
        case 507: "Insufficient Storage"
        default: "Internal Server Error"
        }
    }
    /// The exit status of `libctl` when this failure ends a command.
    public var exit: ExitStatus { entry.exit }
    /// One sentence for people, for a ``Problem`` that has no `detail` of its own.
    public var text: String { entry.text }
    /// The origin tutorial's text for this failure, which is the `message` of a ``Problem``; `nil` if the tutorial
    /// has none.
    public var tutorialMessage: String? { entry.tutorialMessage }

    private var entry: (status: Int, exit: ExitStatus, tutorialMessage: String?, text: String) {
        switch self {
        case .badRequest: (400, .invalid, nil, "The request is malformed.")
        case .invalidJSON: (400, .invalid, nil, "The body is not valid JSON.")
        case .invalidQuery: (400, .invalid, nil, "The query is not valid.")
        case .invalidFields: (422, .invalid, nil, "The body is not valid.")
        case .unsupportedMediaType: (415, .invalid, nil, "Send JSON, with Content-Type: application/json.")
        case .bodyTooLarge: (413, .invalid, nil, "The body is too large.")
        case .requestTimeout: (408, .temporaryFailure, nil, "The request took too long to arrive.")
        case .notFound: (404, .notFound, nil, "There is nothing at this path.")
        case .methodNotAllowed: (405, .invalid, nil, "This path does not answer that method; see Allow.")
        case .uriTooLong: (414, .invalid, nil, "The path and the query are too long.")
        case .headersTooLarge: (431, .invalid, nil, "The header fields are too long, or too many.")
        case .notImplemented: (501, .invalid, nil, "The daemon does not know this method.")
        case .versionNotSupported: (505, .invalid, nil, "The daemon takes HTTP/1.0 and HTTP/1.1.")
        case .credentialsMissing: (401, .notLoggedIn, "could not verify", "Send a name and a password with HTTP Basic.")
        case .credentialsMalformed:
            (401, .notLoggedIn, "could not verify", "The Authorization header is not HTTP Basic.")
        case .credentialsWrong: (401, .notLoggedIn, "could not verify", "The name or the password is wrong.")
        case .tokenMissing:
            (401, .notLoggedIn, "a valid token is missing", "Send a token: Authorization: Bearer TOKEN.")
        case .tokenMalformed: (401, .notLoggedIn, "token is invalid", "The token is not one of this daemon's.")
        case .tokenExpired:
            (401, .notLoggedIn, "token is invalid", "The token has expired; refresh it or log in again.")
        case .tokenRevoked: (401, .notLoggedIn, "token is invalid", "The token's session has ended; log in again.")
        case .tokensConflict: (400, .invalid, nil, "Authorization and x-access-tokens carry different tokens.")
        case .refreshTokenInvalid:
            (401, .notLoggedIn, "token is invalid", "The refresh token is not valid; log in again.")
        case .passwordWrong: (403, .notLoggedIn, nil, "The current password is wrong.")
        case .rateLimited: (429, .temporaryFailure, nil, "Too many attempts; try again later.")
        case .adminRequired: (403, .forbidden, nil, "Only an admin may do this.")
        case .nameTaken: (409, .conflict, nil, "The name is taken.")
        case .userNotFound: (404, .notFound, nil, "There is no such user.")
        case .sessionNotFound: (404, .notFound, nil, "You have no login with this id.")
        case .lastAdmin: (409, .conflict, nil, "The last admin can be neither removed, disabled nor demoted.")
        case .authorNotFound: (404, .notFound, "author does not exist", "There is no such author in your library.")
        case .authorExists: (409, .conflict, nil, "The author exists already.")
        case .preconditionFailed: (412, .conflict, nil, "The precondition does not hold.")
        case .idempotencyKeyReused:
            (422, .invalid, nil, "The Idempotency-Key belongs to another request; make a new one.")
        case .busy: (503, .temporaryFailure, nil, "The daemon has too much to do at once; try again.")
        case .notReady: (503, .temporaryFailure, nil, "The daemon is not ready.")
        case .storageFull: (507, .temporaryFailure, nil, "The disk is full.")
        case .storageUnavailable: (503, .temporaryFailure, nil, "The database cannot be used now; try again.")
        case .internalError: (500, .internalError, nil, "Something went wrong in the daemon; its log knows more.")
        }
    }
}
