import HTTPTypes
import LibraryStore
import Shared

/// The access token of a request, in `Authorization` or in the header field of the origin tutorial.
enum BearerToken {
    /// - Throws: ``Failure`` `token_missing`, `token_malformed` or `tokens_conflict`.
    static func read(_ headers: HTTPFields) throws(Failure) -> String {
        var token: String?
        for field in headers {
            let candidate: String
            switch field.name {
            case .authorization:
                guard let bearer = try bearer(field.value) else { continue }
                candidate = bearer
            case .accessTokens: candidate = field.value
            default: continue
            }
            guard token == nil || token?.utf8.elementsEqual(candidate.utf8) == true else {
                throw Failure(.tokensConflict)
            }
            token = candidate
        }
        guard let token, !token.isEmpty else { throw Failure(.tokenMissing) }
        return token
    }

    /// The token of `Bearer TOKEN` (RFC 6750, section 2.1); `nil` for another scheme. Works on bytes, because
    /// searching for characters took longer than the query of the request.
    private static func bearer(_ value: String) throws(Failure) -> String? {
        let prefix = "Bearer ".utf8
        let rest = value.utf8.dropFirst(prefix.count)
        if value.utf8.starts(with: prefix), !rest.isEmpty, !rest.contains(UInt8(ascii: " ")) {
            return String(Substring(rest))
        }
        let parts = value.utf8.split(separator: UInt8(ascii: " "))
        guard let scheme = parts.first, Substring(scheme).lowercased() == "bearer" else { return nil }
        guard parts.count == 2 else { throw Failure(.tokenMalformed) }
        return String(Substring(parts[1]))
    }
}
