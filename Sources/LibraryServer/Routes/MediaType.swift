import HTTPTypes
import Hummingbird
import LibraryStore
import Shared

/// A media type in a `Content-Type` header (RFC 9110, section 8.3.1).
struct MediaType {
    static let json = "application/json"

    /// Type and subtype in lower case, as ``known(_:)`` names them.
    let name: String
    /// Whether there is no `charset` parameter but UTF-8.
    let isUTF8: Bool

    init(_ field: String) {
        let parts = Self.parts(field)
        name = Self.known(Self.trimmed(parts[0]))
        isUTF8 = parts.dropFirst().allSatisfy { part in
            let pair = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard Self.trimmed(pair[0]) == "charset" else { return true }
            return ["utf-8", "utf8", "\"utf-8\"", "\"utf8\""].contains(Self.trimmed(pair.last ?? []))
        }
    }

    /// The type of ``AuthorLines/Format`` for its other names; any other type as it is.
    static func known(_ name: String) -> String { AuthorLines.Format(mediaType: name)?.mediaType ?? name }

    /// Splits at semicolons, but not within a quoted string.
    private static func parts(_ field: String) -> [ArraySlice<UInt8>] {
        var (isQuoted, isEscaped) = (false, false)
        return Array(field.utf8).split(omittingEmptySubsequences: false) { byte in
            defer { isEscaped = isQuoted && !isEscaped && byte == UInt8(ascii: "\\") }
            if byte == UInt8(ascii: "\""), !isEscaped { isQuoted.toggle() }
            return byte == UInt8(ascii: ";") && !isQuoted
        }
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
        let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        let text = bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        return String(decoding: text, as: UTF8.self).lowercased()
    }
}

extension Request {
    /// The type of the body, which must be one of `types` in UTF-8.
    /// - Throws: ``Failure`` `unsupported_media_type`.
    func mediaType(among types: [String]) throws(Failure) -> String {
        let encodings = headers[values: .contentEncoding].filter { $0.lowercased() != "identity" }
        if let encoding = encodings.first {
            throw Failure(
                .unsupportedMediaType,
                "the body has the Content-Encoding \(Secrets.quoted(encoding)); send it without one",
                headers: [.acceptEncoding: "identity"])
        }
        if let field = headers[.contentType] {
            // Several Content-Type fields are joined with a comma, so they equal none of the types.
            if field == MediaType.json, types.contains(field) { return field }
            let type = MediaType(field)
            if types.contains(type.name), type.isUTF8 { return type.name }
        }
        let names = types.dropLast().joined(separator: ", ") + (types.count > 1 ? " or " : "") + (types.last ?? "")
        throw Failure(
            .unsupportedMediaType, "send \(names) in UTF-8, and name the type in one Content-Type")
    }
}
