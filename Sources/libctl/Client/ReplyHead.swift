import Shared

/// The head of a reply, and the length of the body that it announces (RFC 9112, section 6). A head that two parsers
/// could read differently is a fault, because the end of the body is then uncertain.
struct ReplyHead {
    private(set) var status = 0
    /// By names in lower case.
    private(set) var headers: [String: String] = [:]
    /// Why the head is rejected; `nil` if it is accepted.
    private(set) var fault: String?

    private let isHeadOnly: Bool
    /// Whether the request has `Accept-Encoding`. The user who set that header decodes the body.
    private let takesEncoding: Bool
    private var version = ""
    /// Whether a head has begun, with its status line, and not ended yet.
    private var isInHead = false
    private var lengths: [String] = []
    /// The values of `Transfer-Encoding` and of `Content-Encoding`, in their order.
    private var (codings, encodings): ([String], [String]) = ([], [])
    private var isBroken = false
    /// Whether the head has ended, so that further lines are trailer fields (RFC 9112, section 7.1.2).
    private var isComplete = false

    /// - Parameters:
    ///   - method: of the request.
    ///   - fields: the names of the request's header fields.
    init(method: String, fields: [String] = []) {
        isHeadOnly = method == "HEAD"
        takesEncoding = fields.contains { $0.lowercased() == "accept-encoding" }
    }

    /// Parses the next line.
    mutating func append(_ line: String) {
        guard !isComplete else { return }
        let line = Self.withoutEnd(line)
        if !isInHead, line.hasPrefix("HTTP/") {
            isInHead = true
            // The head of an interim reply, such as `100 Continue`, precedes that of the final reply.
            (headers, lengths, codings, encodings, isBroken) = ([:], [], [], [], false)
            let words = line.split(separator: " ")
            version = words.first.map(String.init) ?? ""
            status = words.dropFirst().first.flatMap { Int($0.prefix(3)) } ?? 0
        } else if line.isEmpty {
            isInHead = false
            isComplete = status >= 200
            if isComplete { fault = faultOfHead }
        } else if let colon = line.firstIndex(of: ":"), Self.isName(line[..<colon]), !line.unicodeScalars.contains("\r")
        {
            let name = line[..<colon].lowercased()
            let value = Self.trimmed(line[line.index(after: colon)...])
            headers[name] = value
            if name == "content-length" { lengths.append(value) }
            if name == "content-encoding", !["", "identity"].contains(value.lowercased()) { encodings.append(value) }
            if name == "transfer-encoding" { codings.append(value.lowercased()) }
        } else {
            isBroken = true
        }
    }

    /// Why a body of so many bytes may be incomplete; `nil` if it is complete.
    func fault(after received: Int) -> String? {
        if let fault { return fault }
        guard isComplete else { return "its head has no end" }
        guard hasBody, codings.isEmpty, let length = lengths.first.flatMap({ Int64(decimal: $0) }), length != received
        else {
            return nil
        }
        return "it announced \(length) bytes and brought \(received)"
    }

    private var hasBody: Bool { !isHeadOnly && ![204, 304].contains(status) }

    private var faultOfHead: String? {
        if isBroken { return "a line of its head is no field" }
        if !encodings.isEmpty, hasBody, !takesEncoding { return "it is encoded, and nobody asked for that" }
        if lengths.count > 1 { return "it announces its length twice" }
        if let length = lengths.first {
            if !codings.isEmpty { return "it announces its length, and that it has none" }
            guard let length = Int64(decimal: length) else { return "the length that it announces is no number" }
            if status == 204, length > 0 { return "it announces \(length) bytes where there can be none" }
            return nil
        }
        if !codings.isEmpty {
            guard version == "HTTP/1.1", codings == ["chunked"], status != 204 else {
                return "it tells its end in a way that HTTP does not know"
            }
            return nil
        }
        return version.hasPrefix("HTTP/1.") && hasBody ? "it does not tell where it ends" : nil
    }

    /// Whether the text can be a field name: no white space, not even before the colon (RFC 9112, section 5.1).
    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    private static func withoutEnd(_ line: String) -> Substring {
        var scalars = line.unicodeScalars[...]
        if scalars.last == "\n" { scalars.removeLast() }
        if scalars.last == "\r" { scalars.removeLast() }
        return Substring(scalars)
    }

    private static func trimmed(_ text: Substring) -> String {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        return String(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
