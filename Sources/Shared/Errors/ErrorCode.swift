/// The stable name of each failure, with its HTTP status, its exit status of `libctl` and its texts.
///
/// The list is closed in this program but open in the protocol (``Problem/code`` is a string), because an older
/// client can receive a code that it does not know. Codes are added, never changed. `docs/errors.md` is made from
/// this list.
public enum ErrorCode: String, Sendable, CaseIterable {
    // Malformed requests.
    case badRequest = "bad_request"
    case invalidJSON = "invalid_json"
    case invalidCSV = "invalid_csv"
    case invalidEncoding = "invalid_encoding"
    case invalidQuery = "invalid_query"
    case invalidFields = "invalid_fields"
    case unsupportedMediaType = "unsupported_media_type"
    /// `Accept` refuses every form that the reply has.
    case notAcceptable = "not_acceptable"
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
    /// The operator alone creates accounts.
    case registrationClosed = "registration_closed"
    case adminRequired = "admin_required"
    /// The request writes, and the API key may only read.
    case insufficientScope = "insufficient_scope"
    /// No API key is enough for the request.
    case loginRequired = "login_required"

    // Conflicts with stored data.
    case nameTaken = "name_taken"
    case userNotFound = "user_not_found"
    case sessionNotFound = "session_not_found"
    case lastAdmin = "last_admin"
    case keyNotFound = "key_not_found"
    case keyExists = "key_exists"
    case tooManyKeys = "too_many_keys"
    case authorNotFound = "author_not_found"
    case authorExists = "author_exists"
    case preconditionFailed = "precondition_failed"
    /// No change of that id is known in the library as it is now.
    case eventNotFound = "event_not_found"
    case importNotFound = "import_not_found"
    /// The library of that time is no longer known.
    case historyGone = "history_gone"
    /// Authors have changed since the changes that were to be undone.
    case undoConflict = "undo_conflict"
    /// The library has changed since the client looked.
    case libraryChanged = "library_changed"
    /// The `Idempotency-Key` was used for another request before.
    case idempotencyKeyReused = "idempotency_key_reused"

    // The state of the daemon.
    case busy
    case notReady = "not_ready"
    case storageFull = "storage_full"
    case storageUnavailable = "storage_unavailable"
    case internalError = "internal_error"
    /// The database server took the change and did not answer.
    case outcomeUnknown = "outcome_unknown"

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
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        case 507: "Insufficient Storage"
        default: "Internal Server Error"
        }
    }
    /// The exit status of `libctl` when this failure ends a command.
    public var exit: ExitStatus { entry.exit }
    /// The text for people of a ``Problem`` that has no `detail` of its own: what is wrong, lower case and without a
    /// full stop, and what to do next where that is not plain.
    public var text: String { entry.text }
    /// The origin tutorial's text for this failure, which is the `message` of a ``Problem``; `nil` if the tutorial
    /// has none.
    public var tutorialMessage: String? { entry.tutorialMessage }

    private var entry: (status: Int, exit: ExitStatus, tutorialMessage: String?, text: String) {
        switch self {
        case .badRequest: (400, .invalid, nil, "the request is malformed")
        case .invalidJSON: (400, .invalid, nil, "the body is not valid JSON")
        case .invalidCSV: (400, .invalid, nil, "the file is not valid CSV")
        case .invalidEncoding: (400, .invalid, nil, "the text is not valid UTF-8")
        case .invalidQuery: (400, .invalid, nil, "the query is not valid")
        case .invalidFields: (422, .invalid, nil, "the body is not valid")
        case .unsupportedMediaType: (415, .invalid, nil, "send JSON, with Content-Type: application/json")
        case .notAcceptable:
            (406, .invalid, nil, "Accept must allow application/json, text/csv or application/x-ndjson")
        case .bodyTooLarge:
            (413, .invalid, nil, "the body is too large: the limit is 64 KiB, and 64 MiB for a file of authors")
        case .requestTimeout: (408, .temporaryFailure, nil, "the request took too long to arrive; send it again")
        case .notFound: (404, .notFound, nil, "there is nothing at this path")
        case .methodNotAllowed:
            (405, .invalid, nil, "this path does not take that method; Allow lists the methods that it takes")
        case .uriTooLong: (414, .invalid, nil, "the path and the query are too long: the limit is 16 KiB")
        case .headersTooLarge:
            (431, .invalid, nil, "the header fields are too long or too many: the limits are 32 KiB and 100 fields")
        case .notImplemented: (501, .invalid, nil, "the daemon does not know this method")
        case .versionNotSupported: (505, .invalid, nil, "the daemon takes HTTP/1.0 and HTTP/1.1")
        case .credentialsMissing: (401, .notLoggedIn, "could not verify", "send a name and a password with HTTP Basic")
        case .credentialsMalformed:
            (
                401, .notLoggedIn, "could not verify",
                "the Authorization header is not HTTP Basic with a name and a password"
            )
        case .credentialsWrong: (401, .notLoggedIn, "could not verify", "the name or the password is wrong")
        case .tokenMissing:
            (401, .notLoggedIn, "a valid token is missing", "send a token: Authorization: Bearer TOKEN")
        case .tokenMalformed:
            (401, .notLoggedIn, "token is invalid", "the token is not one of this daemon's; log in again")
        case .tokenExpired:
            (401, .notLoggedIn, "token is invalid", "the token has expired; refresh it or log in again")
        case .tokenRevoked: (401, .notLoggedIn, "token is invalid", "the token's session has ended; log in again")
        case .tokensConflict:
            (400, .invalid, nil, "Authorization and x-access-tokens have different tokens; send one of them")
        case .refreshTokenInvalid:
            (401, .notLoggedIn, "token is invalid", "the refresh token is not valid; log in again")
        case .passwordWrong: (403, .notLoggedIn, nil, "the current password is wrong")
        case .rateLimited: (429, .temporaryFailure, nil, "too many attempts; try again later")
        case .registrationClosed:
            (403, .forbidden, nil, "registration is closed; an operator creates accounts: libraryd user add NAME")
        case .adminRequired: (403, .forbidden, nil, "only an admin may do this")
        case .insufficientScope: (403, .forbidden, nil, "the API key may only read; make one with the scope write")
        case .loginRequired: (403, .forbidden, nil, "an API key may not do this; log in")
        case .nameTaken: (409, .conflict, nil, "the name is taken")
        case .userNotFound: (404, .notFound, nil, "there is no such user")
        case .sessionNotFound: (404, .notFound, nil, "you have no login with this id")
        case .lastAdmin:
            (409, .conflict, nil, "the last admin cannot be removed, disabled or demoted; make another admin first")
        case .keyNotFound: (404, .notFound, nil, "you have no API key with this id")
        case .keyExists: (409, .conflict, nil, "you have an API key with this name already")
        case .tooManyKeys: (409, .conflict, nil, "you have \(APIKey.limit) API keys, and more are not allowed")
        case .authorNotFound: (404, .notFound, "author does not exist", "there is no such author in your library")
        case .authorExists: (409, .conflict, nil, "the author exists already")
        case .preconditionFailed:
            (
                412, .conflict, nil,
                "the author has another version than If-Match or If-None-Match asks for; read it again"
            )
        case .eventNotFound:
            (404, .notFound, nil, "there is no such change, or the library was restored since it was made")
        case .importNotFound: (404, .notFound, nil, "no change of such an import is known")
        case .historyGone: (410, .notFound, nil, "the changes of that time are no longer kept")
        case .undoConflict: (409, .conflict, nil, "authors have changed since; force leaves them as they are")
        case .libraryChanged: (412, .conflict, nil, "the library has changed since; look again")
        case .idempotencyKeyReused:
            (422, .invalid, nil, "the Idempotency-Key belongs to another request; make a new one")
        case .busy: (503, .temporaryFailure, nil, "the daemon has too much to do at once; try again")
        case .notReady: (503, .temporaryFailure, nil, "the daemon is not ready; try again")
        case .storageFull:
            (507, .temporaryFailure, nil, "the disk of the daemon is full; free space on it and try again")
        case .storageUnavailable: (503, .temporaryFailure, nil, "the database cannot be used now; try again")
        case .internalError: (500, .internalError, nil, "the request failed inside the daemon; its log has the reason")
        case .outcomeUnknown:
            (504, .temporaryFailure, nil, "nobody knows yet whether it was done; look before you try again")
        }
    }
}
