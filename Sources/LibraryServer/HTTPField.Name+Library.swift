import HTTPTypes

/// The header fields of the API that HTTPTypes has no names for. All are tokens (RFC 9110, section 5.6.2), so none is
/// `nil`.
extension HTTPField.Name {
    /// The id of a request, in its reply and in the log.
    // swift-format-ignore: NeverForceUnwrap
    static let xRequestID = HTTPField.Name("X-Request-Id")!
    /// The origin tutorial's `Authorization`.
    // swift-format-ignore: NeverForceUnwrap
    static let accessTokens = HTTPField.Name("x-access-tokens")!
    /// draft-ietf-httpapi-idempotency-key-header.
    // swift-format-ignore: NeverForceUnwrap
    static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
    /// WHATWG HTML, section 9.2.
    // swift-format-ignore: NeverForceUnwrap
    static let lastEventID = HTTPField.Name("Last-Event-ID")!
    /// RFC 8288.
    // swift-format-ignore: NeverForceUnwrap
    static let link = HTTPField.Name("Link")!
    /// Set by a reverse proxy.
    // swift-format-ignore: NeverForceUnwrap
    static let forwardedFor = HTTPField.Name("X-Forwarded-For")!
    /// draft-ietf-httpapi-ratelimit-headers-10.
    // swift-format-ignore: NeverForceUnwrap
    static let rateLimit = HTTPField.Name("RateLimit")!
    // swift-format-ignore: NeverForceUnwrap
    static let rateLimitPolicy = HTTPField.Name("RateLimit-Policy")!
}
