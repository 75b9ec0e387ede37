import HTTPTypes

/// Names of header fields that HTTPTypes does not define. All are valid tokens (RFC 9110, section 5.6.2), so no
/// initializer returns `nil`.
extension HTTPField.Name {
    /// The id of a request, in the reply and in the log.
    // swift-format-ignore: NeverForceUnwrap
    static let xRequestID = HTTPField.Name("X-Request-Id")!
    /// The header in which the origin tutorial sends the access token, instead of `Authorization`.
    // swift-format-ignore: NeverForceUnwrap
    static let accessTokens = HTTPField.Name("x-access-tokens")!
    /// https://www.w3.org/TR/server-timing/
    // swift-format-ignore: NeverForceUnwrap
    static let serverTiming = HTTPField.Name("Server-Timing")!
    /// draft-ietf-httpapi-idempotency-key-header.
    // swift-format-ignore: NeverForceUnwrap
    static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
    /// WHATWG HTML, section 9.2.
    // swift-format-ignore: NeverForceUnwrap
    static let lastEventID = HTTPField.Name("Last-Event-ID")!
    /// Tells nginx to pass a reply on as it comes
    /// (https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering).
    // swift-format-ignore: NeverForceUnwrap
    static let accelBuffering = HTTPField.Name("X-Accel-Buffering")!
    /// RFC 8288.
    // swift-format-ignore: NeverForceUnwrap
    static let link = HTTPField.Name("Link")!
    /// The addresses of client and proxies, added by a reverse proxy.
    // swift-format-ignore: NeverForceUnwrap
    static let forwardedFor = HTTPField.Name("X-Forwarded-For")!
    /// draft-ietf-httpapi-ratelimit-headers-10.
    // swift-format-ignore: NeverForceUnwrap
    static let rateLimit = HTTPField.Name("RateLimit")!
    // swift-format-ignore: NeverForceUnwrap
    static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
    // swift-format-ignore: NeverForceUnwrap
    static let rateLimitPolicy = HTTPField.Name("RateLimit-Policy")!
}
