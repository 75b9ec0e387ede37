package import Hummingbird
import LibraryStore
import Shared

/// The router, behind a step that decodes what need not be percent-encoded in a path: `/authors/%31` is `/authors/1`
/// (RFC 3986, section 6.2.2.2).
package struct PathResponder: HTTPResponder {
    let router: RouterResponder<GuestContext>

    package func respond(to request: Request, context: GuestContext) async throws -> Response {
        guard let target = request.head.path, target.utf8.contains(UInt8(ascii: "%")) else {
            return try await router.respond(to: request, context: context)
        }
        var head = request.head
        head.path = Self.normalized(target)
        return try await router.respond(to: Request(head: head, body: request.body), context: context)
    }

    /// The target with the unreserved characters of its path decoded; its query stays as it is.
    static func normalized(_ target: String) -> String {
        let bytes = Array(target.utf8)
        let end = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
        var result: [UInt8] = []
        var index = 0
        while index < end {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < end, let high = bytes[index + 1].hexDigitValue,
                let low = bytes[index + 2].hexDigitValue, PercentEncoding.isUnreserved(high << 4 | low)
            {
                result.append(high << 4 | low)
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result + bytes[end...], as: UTF8.self)
    }
}
