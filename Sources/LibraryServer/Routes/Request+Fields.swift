import HTTPTypes
import Hummingbird
import LibraryStore
import Shared

extension Request {
    /// Whether a version of the author with that id may be changed: it must be named by `If-Match`, where there is one,
    /// and must not be named by `If-None-Match` (RFC 9110, section 13.2.2).
    ///
    /// `If-Match` compares strongly, so that weak tags match nothing, and `If-None-Match` weakly (section 8.8.3.2).
    func versionCondition(id: Int64) -> @Sendable (_ version: Int64) -> Bool {
        let ifMatch = headers[values: .ifMatch]
        let (wanted, unwanted) = (ifMatch.isEmpty ? nil : EntityTags(ifMatch), EntityTags(ifNoneMatch))
        return { version in
            let tag = Author.entityTag(id: id, version: version)
            return (wanted?.namesStrongly(tag) ?? true) && !unwanted.namesWeakly(tag)
        }
    }

    var ifNoneMatch: [String] { headers[values: .ifNoneMatch] }

    /// - Throws: ``Failure`` `bad_request`.
    var idempotencyKey: String? {
        get throws(Failure) { try IdempotencyKey.read(headers[values: .idempotencyKey]) }
    }
}

/// The header field `Idempotency-Key`: 1 to 255 visible ASCII characters, with or without quotes
/// (draft-ietf-httpapi-idempotency-key-header; RFC 9651, section 3.3.3).
enum IdempotencyKey {
    /// - Parameter values: of all fields of that name.
    /// - Throws: ``Failure`` `bad_request`.
    static func read(_ values: [String]) throws(Failure) -> String? {
        guard let value = values.first else { return nil }
        guard values.count == 1, let key = unquoted(Array(value.utf8)), (1...255).contains(key.count),
            key.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw Failure(.badRequest, "Idempotency-Key must be 1 to 255 visible ASCII characters, given once")
        }
        return String(decoding: key, as: UTF8.self)
    }

    /// The content of a Structured Field string, or the text itself if it does not begin with a quote; `nil` for a
    /// malformed string.
    private static func unquoted(_ text: [UInt8]) -> [UInt8]? {
        let (quote, backslash) = (UInt8(ascii: "\""), UInt8(ascii: "\\"))
        guard text.first == quote else { return text }
        guard text.count > 1, text.last == quote else { return nil }
        var inside: [UInt8] = []
        var isEscaped = false
        for byte in text[1..<(text.count - 1)] {
            if isEscaped {
                guard byte == quote || byte == backslash else { return nil }
                inside.append(byte)
                isEscaped = false
            } else if byte == backslash {
                isEscaped = true
            } else {
                guard byte != quote else { return nil }
                inside.append(byte)
            }
        }
        return isEscaped ? nil : inside
    }
}
