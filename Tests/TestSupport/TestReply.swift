import Foundation
import Hummingbird

/// A reply of the router or of a connection.
public struct TestReply: Sendable {
    public let status: Int
    /// Names are in lower case.
    public let headers: [(name: String, value: String)]
    public let body: [UInt8]

    init(_ response: Response, body: [UInt8]) {
        status = response.status.code
        headers = response.headers.map { ($0.name.canonicalName, $0.value) }
        self.body = body
    }

    init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        (self.status, self.headers, self.body) = (status, headers, body)
    }

    /// All of it but what differs from one reply to the next.
    public var comparable: String {
        let id = header("x-request-id") ?? "none"
        let fields = headers.filter { !["date", "connection", "content-length"].contains($0.name) }
            .map { $0.name == "server-timing" ? ($0.name, "TIME") : $0 }
        return "\(status)" + fields.map { " \($0.0)=\($0.1)" }.joined().replacing(id, with: "ID")
            + " " + text.replacing(id, with: "ID")
    }

    public func header(_ name: String) -> String? {
        headers.first { $0.name == name.lowercased() }?.value
    }

    public var text: String { String(decoding: body, as: UTF8.self) }
}

extension TestReply {
    /// The first reply of a text, if it is whole.
    init?(taking text: inout String, isHead: Bool) {
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        let headers = lines.dropFirst().map { line in
            let parts = line.components(separatedBy: ": ")
            return (name: parts[0].lowercased(), value: parts.dropFirst().joined(separator: ": "))
        }
        let status = Int(lines[0].split(separator: " ")[1]) ?? 0
        let length = headers.first { $0.name == "content-length" }.flatMap { Int($0.value) } ?? 0
        let body = text[end.upperBound...].utf8
        var count = isHead || status == 304 || status == 204 || status == 100 ? 0 : length
        if headers.contains(where: { $0.name == "transfer-encoding" }) {
            guard let last = text[end.upperBound...].firstRange(of: "0\r\n\r\n") else { return nil }
            count = text[end.upperBound..<last.upperBound].utf8.count
        }
        guard body.count >= count else { return nil }
        self.init(status: status, headers: headers, body: Array(body.prefix(count)))
        text = String(Substring(body.dropFirst(count)))
    }
}
