import HTTPTypes
import Shared

/// Names of header fields that HTTPTypes does not define. All are valid tokens (RFC 9110, section 5.6.2), so no
/// initializer returns `nil`.
extension HTTPField.Name {
    // swift-format-ignore: NeverForceUnwrap
    private init(_ field: HeaderField) { self.init(field.rawValue)! }

    /// The id of a request, in the reply and in the log.
    static let xRequestID = Self(.requestID)
    /// The header in which the origin tutorial sends the access token, instead of `Authorization`.
    // swift-format-ignore: NeverForceUnwrap
    static let accessTokens = Self("x-access-tokens")!
    /// https://www.w3.org/TR/server-timing/
    static let serverTiming = Self(.serverTiming)
    /// draft-ietf-httpapi-idempotency-key-header.
    static let idempotencyKey = Self(.idempotencyKey)
    /// WHATWG HTML, section 9.2.
    static let lastEventID = Self(.lastEventID)
    /// Tells nginx to pass a reply on as it comes
    /// (https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering).
    static let accelBuffering = Self(.buffering)
    /// RFC 8288.
    static let link = Self(.link)
    /// The addresses of client and proxies, added by a reverse proxy.
    // swift-format-ignore: NeverForceUnwrap
    static let forwardedFor = Self("X-Forwarded-For")!
    /// draft-ietf-httpapi-ratelimit-headers-10.
    static let rateLimit = Self(.rateLimit)
    static let referrerPolicy = Self(.referrerPolicy)
    static let rateLimitPolicy = Self(.rateLimitPolicy)
}
