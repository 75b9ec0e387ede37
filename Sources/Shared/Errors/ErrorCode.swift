/// The stable name of a failure, the `code` of a ``Problem``.
///
/// An open set, never a closed enum: an older client survives a code that it has never seen. Codes are added, never
/// changed. The daemon maps them to a status and the client to an exit code, each in one table of its own.
public struct ErrorCode: Sendable, Hashable, RawRepresentable {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    // The request as such.
    public static let badRequest = ErrorCode(rawValue: "bad_request")
    public static let invalidJSON = ErrorCode(rawValue: "invalid_json")
    public static let invalidQuery = ErrorCode(rawValue: "invalid_query")
    public static let invalidFields = ErrorCode(rawValue: "invalid_fields")
    public static let unsupportedMediaType = ErrorCode(rawValue: "unsupported_media_type")
    public static let bodyTooLarge = ErrorCode(rawValue: "body_too_large")
    public static let requestTimeout = ErrorCode(rawValue: "request_timeout")
    public static let notFound = ErrorCode(rawValue: "not_found")
    public static let methodNotAllowed = ErrorCode(rawValue: "method_not_allowed")

    // Who asks.
    public static let credentialsMissing = ErrorCode(rawValue: "credentials_missing")
    public static let credentialsMalformed = ErrorCode(rawValue: "credentials_malformed")
    public static let credentialsWrong = ErrorCode(rawValue: "credentials_wrong")
    public static let tokenMissing = ErrorCode(rawValue: "token_missing")
    public static let tokenMalformed = ErrorCode(rawValue: "token_malformed")
    public static let tokenExpired = ErrorCode(rawValue: "token_expired")
    public static let tokenRevoked = ErrorCode(rawValue: "token_revoked")
    public static let tokensConflict = ErrorCode(rawValue: "tokens_conflict")
    public static let refreshTokenInvalid = ErrorCode(rawValue: "refresh_token_invalid")
    /// The current password, of a caller whose token is good.
    public static let passwordWrong = ErrorCode(rawValue: "password_wrong")
    public static let rateLimited = ErrorCode(rawValue: "rate_limited")
    public static let adminRequired = ErrorCode(rawValue: "admin_required")

    // What is stored.
    public static let nameTaken = ErrorCode(rawValue: "name_taken")
    public static let userNotFound = ErrorCode(rawValue: "user_not_found")
    public static let sessionNotFound = ErrorCode(rawValue: "session_not_found")
    public static let lastAdmin = ErrorCode(rawValue: "last_admin")
    public static let authorNotFound = ErrorCode(rawValue: "author_not_found")
    public static let authorExists = ErrorCode(rawValue: "author_exists")
    public static let preconditionFailed = ErrorCode(rawValue: "precondition_failed")
    /// The `Idempotency-Key` of another request.
    public static let idempotencyKeyReused = ErrorCode(rawValue: "idempotency_key_reused")

    // The daemon's own state.
    public static let busy = ErrorCode(rawValue: "busy")
    public static let notReady = ErrorCode(rawValue: "not_ready")
    public static let storageFull = ErrorCode(rawValue: "storage_full")
    public static let storageUnavailable = ErrorCode(rawValue: "storage_unavailable")
    public static let internalError = ErrorCode(rawValue: "internal_error")
}
