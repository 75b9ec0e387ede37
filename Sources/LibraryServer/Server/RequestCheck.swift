import NIOHTTP1
import Shared

/// Refuses heads that NIO's decoder takes, and that another program on the way may understand in another way (RFC
/// 9112, sections 2.2, 3.2, 6.1 and 11.2).
enum RequestCheck {
    /// In bytes. Every query of the API is shorter, with all values as long as they may be.
    static let longestTarget = 16 * 1024

    private static let methods: [HTTPMethod] = [.GET, .HEAD, .POST, .PUT, .PATCH, .DELETE, .OPTIONS]

    /// - Parameter lineLength: of the request line with its end, in bytes.
    /// - Throws: ``Failure`` `not_implemented`, `uri_too_long`, `bad_request` or `version_not_supported`.
    static func check(_ head: HTTPRequestHead, lineLength: Int) throws(Failure) {
        guard head.version.minor <= 1 else { throw Failure(.versionNotSupported) }
        guard methods.contains(head.method) else { throw Failure(.notImplemented) }
        try checkTarget(head)
        // One space each, and nothing else, between method, target and version.
        guard lineLength == head.method.rawValue.utf8.count + head.uri.utf8.count + " HTTP/1.1 \r\n".utf8.count else {
            throw Failure(.badRequest, "the request line is not valid HTTP")
        }
        var (hosts, codings) = (0, 0)
        for (name, value) in head.headers {
            guard !hasControl(value) else { throw Failure(.badRequest, "a header field has a control character") }
            guard !CombiningMarks.areTooMany(value, limit: CombiningMarks.mostInField) else {
                throw Failure(.badRequest, "a header field has too many combining marks in a row")
            }
            switch name.utf8.count {
            case 4 where name.lowercased() == "host":
                hosts += 1
                guard isHost(value.utf8) else { throw Failure(.badRequest, "Host must be a host and a port") }
            case 14 where name.lowercased() == "content-length":
                // NIO's decoder refuses what is no number.
                guard contentLength(value) != nil else { throw Failure(.bodyTooLarge) }
            case 17 where name.lowercased() == "transfer-encoding":
                codings += 1
                guard codings == 1, value.lowercased() == "chunked", head.version == .http1_1 else {
                    throw Failure(.badRequest, "Transfer-Encoding must be chunked, once, in HTTP/1.1")
                }
            default: break
            }
        }
        guard hosts == 1 || hosts == 0 && head.version == .http1_0 else {
            throw Failure(.badRequest, "a request must have one Host")
        }
    }

    /// Whether a value has a control character other than a tab.
    private static func hasControl(_ value: String) -> Bool {
        var value = value
        return value.withUTF8 { bytes in bytes.contains { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F } }
    }

    /// The value of `Content-Length`, which may have white space around it (RFC 9110, section 5.5) and zeros before it
    /// (section 8.6); `nil` if it is no number, or too large for one.
    static func contentLength(_ value: String) -> Int? {
        let digits = value.utf8.drop { $0 == 0x20 || $0 == 0x09 }.prefix { $0 != 0x20 && $0 != 0x09 }
        let number = digits.drop { $0 == UInt8(ascii: "0") }
        if number.isEmpty, !digits.isEmpty { return 0 }
        return Int64(decimal: Substring(number)).map { Int($0) }
    }

    private static func checkTarget(_ head: HTTPRequestHead) throws(Failure) {
        let target = head.uri.utf8
        guard target.count <= longestTarget else { throw Failure(.uriTooLong) }
        if head.method == .OPTIONS, head.uri == "*" { return }
        guard target.first == UInt8(ascii: "/") else {
            throw Failure(.badRequest, "the target of a request must begin with a slash")
        }
        var text = head.uri
        guard text.withUTF8({ $0.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") } }) else {
            throw Failure(.badRequest, "the target of the request has a character that must be percent-encoded")
        }
    }

    /// Whether a value is `uri-host [ ":" port ]` (RFC 9110, section 7.2; RFC 3986, section 3.2.2). The host may be
    /// empty.
    static func isHost(_ value: some Collection<UInt8>) -> Bool {
        var rest = value[...]
        if rest.first == UInt8(ascii: "[") {
            guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { return false }
            let address = rest[rest.index(after: rest.startIndex)..<end]
            guard !address.isEmpty,
                address.allSatisfy({ $0.hexDigitValue != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
            else { return false }
            rest = rest[rest.index(after: end)...]
        } else {
            rest = rest.drop { isHostCharacter($0) }
        }
        guard let colon = rest.first else { return true }
        let port = rest.dropFirst()
        return colon == UInt8(ascii: ":") && port.count <= 5 && port.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// Unreserved characters, `sub-delims` and `%` (RFC 3986, appendix A).
    private static func isHostCharacter(_ byte: UInt8) -> Bool {
        byte.isASCIILetterOrDigit || "-._~!$&'()*+,;=%".utf8.contains(byte)
    }
}
