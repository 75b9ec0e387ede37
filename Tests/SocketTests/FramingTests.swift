import Foundation
import TestSupport
import Testing

/// Requests that another program could understand in another way, and requests that are not HTTP (RFC 9112, sections 2,
/// 3, 6, 7 and 11).
@Suite(.serialized) struct FramingTests {
    private static let head = "POST /register HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

    /// The reply that a request gets, by its status. Each refusal ends the connection.
    private static let refused: [(name: String, bytes: String, status: String)] = [
        // Framing.
        ("CL and TE", head + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + live, "400"),
        ("TE and CL", head + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + live, "400"),
        ("two lengths", head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", "400"),
        ("the same length twice", head + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", "400"),
        ("a list of lengths", head + "Content-Length: 2, 2\r\n\r\n{}", "400"),
        ("negative length", head + "Content-Length: -1\r\n\r\n", "400"),
        ("length with a sign", head + "Content-Length: +2\r\n\r\n{}", "400"),
        ("length in hexadecimal", head + "Content-Length: 0x2\r\n\r\n{}", "400"),
        ("empty length", head + "Content-Length:\r\n\r\n{}", "400"),
        ("length beyond an Int", head + "Content-Length: 9223372036854775808\r\n\r\n", "413"),
        ("length beyond 64 bits", head + "Content-Length: 99999999999999999999\r\n\r\n", "400"),
        ("other transfer coding", head + "Transfer-Encoding: gzip\r\n\r\n{}", "400"),
        ("two transfer codings", head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "400"),
        ("chunked twice", head + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", "400"),
        ("two fields", head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"),
        ("chunked with a parameter", head + "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n", "400"),
        ("xchunked", head + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "400"),
        ("a vertical tab before chunked", head + "Transfer-Encoding: \u{B}chunked\r\n\r\n0\r\n\r\n", "400"),
        (
            "chunked in HTTP/1.0", "POST /register HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"
        ),
        ("bad chunk size", chunked + "ZZ\r\n{}\r\n0\r\n\r\n", "400"),
        ("chunk size in 0x", chunked + "0x2\r\n{}\r\n0\r\n\r\n", "400"),
        ("chunk size with a space", chunked + "2 \r\n{}\r\n0\r\n\r\n", "400"),
        ("negative chunk size", chunked + "-2\r\n{}\r\n0\r\n\r\n", "400"),
        ("chunk size beyond 64 bits", chunked + "FFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n", "400"),
        ("no chunk size", chunked + "\r\n{}\r\n0\r\n\r\n", "400"),
        ("chunk that is too long", chunked + "1\r\n{}\r\n0\r\n\r\n", "400"),
        ("chunk with a bare LF", chunked + "2\n{}\r\n0\r\n\r\n", "400"),
        ("chunk that ends with a bare LF", chunked + "2\r\n{}\n0\r\n\r\n", "400"),
        ("long extension", chunked + "2;" + String(repeating: "a", count: 600) + "\r\n{}\r\n0\r\n\r\n", "400"),
        ("long trailer", chunked + "2\r\n{}\r\n0\r\nx: " + String(repeating: "a", count: 9000) + "\r\n\r\n", "400"),
        // Lines.
        ("bare LF after the request line", "GET /livez HTTP/1.1\nHost: x\r\n\r\n", "400"),
        ("bare LF after a field", "GET /livez HTTP/1.1\r\nHost: x\nX: y\r\n\r\n", "400"),
        ("bare LF at the end", "GET /livez HTTP/1.1\r\nHost: x\r\n\n", "400"),
        ("bare CR in a header", "GET /livez HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n", "400"),
        ("space before colon", "GET /livez HTTP/1.1\r\nHost : x\r\n\r\n", "400"),
        ("space before a field", "GET /livez HTTP/1.1\r\n X: y\r\nHost: x\r\n\r\n", "400"),
        ("obsolete folding", "GET /livez HTTP/1.1\r\nHost: x\r\nX: y\r\n z\r\n\r\n", "400"),
        ("folded with a tab", "GET /livez HTTP/1.1\r\nHost: x\r\nX: y\r\n\tz\r\n\r\n", "400"),
        ("no name", "GET /livez HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n", "400"),
        ("no colon", "GET /livez HTTP/1.1\r\nHost: x\r\nX\r\n\r\n", "400"),
        ("NUL in a header", "GET /livez HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n", "400"),
        ("escape in a header", "GET /livez HTTP/1.1\r\nHost: x\r\nX: a\u{1B}b\r\n\r\n", "400"),
        ("DEL in a header", "GET /livez HTTP/1.1\r\nHost: x\r\nX: a\u{7F}b\r\n\r\n", "400"),
        ("NUL in a name", "GET /livez HTTP/1.1\r\nHost: x\r\nX\0: a\r\n\r\n", "400"),
        ("two spaces", "GET  /livez HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        ("a tab for a space", "GET\t/livez HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        ("no version", "GET /livez\r\n\r\n", "400"), ("nonsense", "\u{1}\u{2}\u{3}\r\n\r\n", "400"),
        ("TLS on a plain port", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\r\n\r\n", "400"),
        // Host.
        ("no Host", "GET /livez HTTP/1.1\r\n\r\n", "400"),
        ("two Hosts", "GET /livez HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", "400"),
        ("two Hosts in HTTP/1.0", "GET /livez HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n", "400"),
        ("Host with a space", "GET /livez HTTP/1.1\r\nHost: a b\r\n\r\n", "400"),
        ("Host with a path", "GET /livez HTTP/1.1\r\nHost: x/y\r\n\r\n", "400"),
        ("Host with a user", "GET /livez HTTP/1.1\r\nHost: a@x\r\n\r\n", "400"),
        ("Host with a bad port", "GET /livez HTTP/1.1\r\nHost: x:8o\r\n\r\n", "400"),
        ("Host with an open bracket", "GET /livez HTTP/1.1\r\nHost: [::1\r\n\r\n", "400"),
        ("a list of Hosts", "GET /livez HTTP/1.1\r\nHost: x, y:1:2\r\n\r\n", "400"),
        // Targets.
        ("absolute form", "GET http://x/livez HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        ("no slash", "GET livez HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        ("asterisk for GET", "GET * HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        ("a fragment", "GET /livez#x HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        ("NUL in the target", "GET /livez\0 HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        ("not ASCII", "GET /livéz HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        ("connect", "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", "501"),
        ("a method of others", "PROPFIND /authors HTTP/1.1\r\nHost: x\r\n\r\n", "501"),
        ("trace", "TRACE /livez HTTP/1.1\r\nHost: x\r\n\r\n", "501"),
        ("a method that nobody knows", "BREW /livez HTTP/1.1\r\nHost: x\r\n\r\n", "501"),
        ("a method in lower case", "get /livez HTTP/1.1\r\nHost: x\r\n\r\n", "501"),
        ("HTTP/2.0", "GET /livez HTTP/2.0\r\nHost: x\r\n\r\n", "505"),
        ("HTTP/1.2", "GET /livez HTTP/1.2\r\nHost: x\r\n\r\n", "505"),
        ("HTTP/0.9", "GET /livez HTTP/0.9\r\nHost: x\r\n\r\n", "505"),
        ("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"),
        // Sizes.
        ("a long path", "GET /\(String(repeating: "a", count: 65536)) HTTP/1.1\r\nHost: x\r\n\r\n", "414"),
        ("a path without an end", "GET /\(String(repeating: "a", count: 65536))", "414"),
        (
            "a field of 64 KiB", "GET /livez HTTP/1.1\r\nHost: x\r\nX: \(String(repeating: "a", count: 65536))\r\n\r\n",
            "431"
        ),
        ("200 fields", "GET /livez HTTP/1.1\r\nHost: x\r\n\((0..<200).map { "X\($0): y\r\n" }.joined())\r\n", "431"),
        (
            "fields of 40 KiB",
            "GET /livez HTTP/1.1\r\nHost: x\r\n"
                + (0..<40).map { "X\($0): \(String(repeating: "a", count: 1024))\r\n" }.joined() + "\r\n", "431"
        ),
        ("1 MiB of body", head + "Content-Length: 1048576\r\n\r\n" + String(repeating: "a", count: 1_048_576), "413"),
        (
            "1 MiB in chunks",
            chunked + "100000\r\n" + String(repeating: "a", count: 1_048_576) + "\r\n0\r\n\r\n", "413"
        ),
        ("a body that ends early", head + "Content-Length: 100\r\n\r\n{", "400"),
        ("a chunked body that ends early", chunked + "2\r\n{", "400"),
        ("a head that ends early", "GET /livez HTTP/1.1\r\nHo", "400"),
    ]

    /// Requests that are in order, after which the connection goes on.
    private static let answered: [(name: String, bytes: String, status: String)] = [
        ("100,000 levels", head + "Content-Length: 60000\r\n\r\n" + String(repeating: "[", count: 60000), "400"),
        ("white space around the length", head + "Content-Length:  2  \r\n\r\n{}", "422"),
        ("empty lines before the request", "\r\n\r\n\r\n" + live, "200"),
        ("short extension", chunked + "2;a=b\r\n{}\r\n0\r\n\r\n", "422"),
        ("trailer", chunked + "2\r\n{}\r\n0\r\nx: y\r\n\r\n", "422"),
        ("empty line before the request", "\r\n" + live, "200"),
        ("an empty Host", "GET /livez HTTP/1.1\r\nHost:\r\n\r\n", "200"),
        ("IPv6", "GET /livez HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", "200"),
        ("obsolete text", "GET /livez HTTP/1.1\r\nHost: x\r\nX: \u{E9}\r\n\r\n", "200"),
        ("a tab in a field", "GET /livez HTTP/1.1\r\nHost: x\r\nX: a\tb\r\n\r\n", "200"),
        ("a GET with a body", "GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", "200"),
        ("a POST without a body", "POST /register HTTP/1.1\r\nHost: x\r\n\r\n", "415"),
        ("asterisk", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "204"),
        ("broken escape", "GET /authors/%zz HTTP/1.1\r\nHost: x\r\n\r\n", "401"),
        ("escaped dots", "GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("two slashes", "GET //livez HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("a slash at the end", "GET /livez/ HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("a dot", "GET /./livez HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("two dots", "GET /x/../livez HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("an escaped letter", "GET /%6Civez HTTP/1.1\r\nHost: x\r\n\r\n", "200"),
        ("an escaped slash", "GET /authors%2F1 HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("a parameter of a segment", "GET /livez;x HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("an escaped NUL", "GET /livez%00 HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("an escaped digit", "GET /authors/%31 HTTP/1.1\r\nHost: x\r\n\r\n", "401"),
    ]

    private static let live = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    private static let chunked = head + "Transfer-Encoding: chunked\r\n\r\n"

    /// One request, one answer, and then none.
    @Test func whatIsNotHTTPIsRefused() async throws {
        let daemon = try await Daemon(arguments: ["--log-level", "critical"])
        for (name, bytes, status) in Self.refused {
            let answer = try daemon.send(raw: Array(bytes.utf8) + Array(Self.live.utf8))
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(name): \(answer.prefix(300))")
            #expect(answer.contains("\r\nContent-Type: application/problem+json\r\n"), "\(name)")
            #expect(answer.contains(#""code":""#), "\(name)")
            #expect(answer.contains("\r\nConnection: close\r\n"), "\(name): \(answer.prefix(300))")
            #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2, "\(name): \(answer.prefix(600))")
        }
        let live = try daemon.send(raw: Array(Self.live.utf8))
        #expect(live.hasPrefix("HTTP/1.1 200 OK\r\n"))
    }

    /// The next request on the connection is understood.
    @Test func whatIsUnusualIsAnswered() async throws {
        let daemon = try await Daemon(arguments: ["--log-level", "critical"])
        for (name, bytes, status) in Self.answered {
            let answer = try daemon.send(raw: Array(bytes.utf8) + Array(Self.live.utf8))
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(name): \(answer.prefix(300))")
            let replies = answer.components(separatedBy: "HTTP/1.1 ")
            #expect(
                replies.count == 3 && replies.last?.hasPrefix("200 OK\r\n") == true, "\(name): \(answer.prefix(900))")
        }
    }

    @Test func anUnfinishedRequestIsForgotten() async throws {
        let daemon = try await Daemon()
        for bytes in ["", "G", "GET /livez HTTP/1.1\r\nHo", Self.head + "Content-Length: 100\r\n\r\n{"] {
            _ = try daemon.send(raw: Array(bytes.utf8))
        }
        let live = try daemon.send(raw: Array("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8))
        #expect(live.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(try await daemon.end(15) == 0)
    }

    @Test func aResetIsNothingToTellAnOperator() async throws {
        let daemon = try await Daemon(arguments: ["--log-level", "warning"])
        for _ in 0..<50 {
            _ = try daemon.send(raw: Array((Self.head + "Content-Length: 100\r\n\r\n{").utf8), reset: true)
        }
        #expect(try await daemon.end(15) == 0)
        #expect(daemon.log == "")
    }

    @Test func fiftyInARowGetFiftyAnswersInOrder() async throws {
        let daemon = try await Daemon()
        let paths = (0..<50).map { $0.isMultiple(of: 2) ? "/livez" : "/nowhere" }
        let requests = paths.map { "GET \($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined()
        let answer = try daemon.send(raw: Array(requests.utf8))
        let statuses = answer.split(separator: "\r\n").filter { $0.contains("HTTP/1.1 ") }.map { $0.contains(" 200 ") }
        #expect(statuses == paths.map { $0 == "/livez" })
    }
}
