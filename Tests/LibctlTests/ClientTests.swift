import Foundation
import Shared
import Synchronization
import TestSupport
import Testing

@testable import libctl

@Suite(.serialized) struct ClientTests {
    private func client(status: Int, type: String?, body: String) throws -> Client {
        Client(
            server: try Server(Server.standard),
            transport: { _ in
                TransportReply(
                    status: status, headers: type.map { ["content-type": $0] } ?? [:], body: Array(body.utf8))
            }, trace: { _ in }, wait: { _, _ in })
    }

    @Test func aFileOfCertificatesThatIsMissingIsNamed() throws {
        let fake = try FakeServer(answer: "")
        var server = try Server("https://127.0.0.1:\(fake.port)")
        server.certificates = "/nonexistent/ca.pem"
        let request = TransportRequest(method: "GET", path: "/readyz", headers: [], body: nil)
        let failure = #expect(throws: CommandError.self) { try Curl(server: server).send(request) }
        #expect(failure?.exit == .configuration)
        #expect(failure?.reason == "/nonexistent/ca.pem: No such file or directory")
    }

    /// A daemon that is waited for may listen on a socket only, which is not there yet.
    @Test func aSocketThatComesLaterIsFound() async throws {
        final class Listening: Sendable {
            let relay = Mutex<Relay?>(nil)
        }
        let (runtime, daemon) = (TemporaryFolder(), Listening())
        let socket = runtime.path + "/libraryd.sock"
        var ctl = Ctl(try await TestLibrary())
        ctl.environment = ["XDG_RUNTIME_DIR": runtime.path]
        ctl.answer = { _ in
            guard daemon.relay.withLock({ $0 == nil }) else { return nil }
            let relay = try Relay(to: .tcp(port: 1), at: socket)
            daemon.relay.withLock { $0 = relay }
            throw CommandError(.unavailable, "nobody answers")
        }
        let result = try await ctl("status", "--wait", "30s")
        #expect(result.output == "unix:\(socket) is ready\n", "\(result.error)")
    }

    /// Only a complete reply of libraryd counts as a success.
    @Test(
        arguments: [
            (200, "application/json", "{"), (200, "application/json", ""), (200, "application/json", "[]"),
            (200, "application/json", "{}"),
            (200, "text/html", #"{"status":"ok"}"#), (200, nil, #"{"status":"ok"}"#),
            (301, "application/json", #"{"status":"ok"}"#),
            (302, "text/html", "moved"), (404, "text/html", "not found"), (404, "application/json", "{}"),
            (500, "application/problem+json", "{"),
            (
                404, "application/problem+json",
                #"{"type":"about:blank","title":"t","status":500,"detail":"d","code":"c","message":"m","request_id":"r"}"#
            ),
        ] as [(Int, String?, String)])
    func aReplyThatIsNotOursIsRefused(status: Int, type: String?, body: String) throws {
        let client = try client(status: status, type: type, body: body)
        let failure = #expect(throws: CommandError.self) { try client.send(Endpoints.ready.call()) as Health }
        #expect(failure?.exit == .protocolError)
    }

    @Test func whatNobodyHasThoughtOfHasACodeToo() async throws {
        struct Surprise: Error {}
        var ctl = Ctl(try await TestLibrary())
        ctl.answer = { _ in throw Surprise() }
        let result = try await ctl.line("status")
        #expect(result.code == 1)
        #expect(result.error == "libctl: status: Surprise()\n")
    }

    @Test func aReplyMaySayMore() throws {
        let client = try client(
            status: 200, type: "application/json; charset=utf-8", body: #"{"status":"ok","more":1}"#)
        #expect(try client.send(Endpoints.ready.call()) == Health())
    }

    @Test(arguments: [
        (400, "x", Shared.ExitStatus.invalid), (401, "x", .notLoggedIn), (403, "x", .forbidden), (404, "x", .notFound),
        (405, "x", .invalid),
        (408, "x", .temporaryFailure), (409, "x", .conflict), (412, "x", .conflict), (413, "x", .invalid),
        (422, "x", .invalid),
        (429, "x", .temporaryFailure),
        (500, "x", .internalError), (503, "x", .temporaryFailure), (507, "x", .temporaryFailure),
        (503, "busy", .temporaryFailure),
        (502, "x", .internalError),
    ])
    func eachStatusHasItsExitCode(status: Int, code: String, expected: Shared.ExitStatus) {
        let problem = Problem(
            status: status, title: "t", code: code, message: "m", detail: "d", requestID: "r")
        #expect(Shared.ExitStatus(problem) == expected)
    }

    @Test(arguments: [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"), ("HTTP://LOCALHOST", "http://localhost:80"),
        ("http://[::1]:9/", "http://[::1]:9"),
        ("https://Example.org", "https://example.org:443"), ("https://example.org:8443", "https://example.org:8443"),
        ("unix:/run/x.sock", "unix:/run/x.sock"),
        // Other spellings of this machine are the same server, so they share its login.
        ("http://127.1:8080", "http://127.0.0.1:8080"), ("http://2130706433", "http://127.0.0.1:80"),
        ("http://127.0.0.01", "http://127.0.0.1:80"), ("http://localhost.:8080", "http://localhost:8080"),
        ("http://[0:0:0:0:0:0:0:1]:8080", "http://[::1]:8080"), ("https://example.org.", "https://example.org:443"),
    ])
    func originsAreNormalized(text: String, origin: String) throws {
        #expect(try Server(text).origin == origin)
    }

    @Test(arguments: [
        "", "x", "127.0.0.1:8080", "ftp://x", "file:///etc/passwd", "http://", "http://:80", "http://a@127.0.0.1",
        "http://127.0.0.1/x",
        "http://127.0.0.1?x", "http://127.0.0.1#x", "http://127.0.0.1:0", "http://127.0.0.1:65536",
        "http://127.0.0.1:+80", "http://a b",
        "unix:x", "http://example.org", "http://127.0.0.1.example.org", "http://128.1", "http://2147483649",
        "http://0.0.0.0:80", "http://[::2]",
        "http://localhost.example.org", "http://localhost..", "http://[::ffff:128.0.0.1]",
    ])
    func otherTextIsNoServer(text: String) {
        let failure = #expect(throws: CommandError.self) { try Server(text) }
        #expect(failure?.exit == .configuration)
    }

    @Test func theServerIsChosenInOrder() throws {
        let folder = TemporaryFolder()
        var io = IO(environment: ["HOME": folder.path])
        func server(_ flag: String? = nil, configured: String? = nil) throws -> String {
            try Server.choose(flag: flag, io: io, configured: configured).origin
        }
        #expect(try server() == "http://127.0.0.1:8080")
        io.environment["XDG_RUNTIME_DIR"] = folder.path
        #expect(try server() == "http://127.0.0.1:8080")
        let listener = try Relay(to: .tcp(port: 1), at: folder.path + "/libraryd.sock")
        #expect(try server() == listener.address)
        #expect(try server(configured: "http://127.0.0.1:1") == "http://127.0.0.1:1")
        io.environment["LIBCTL_SERVER"] = "http://127.0.0.1:2"
        #expect(try server(configured: "http://127.0.0.1:1") == "http://127.0.0.1:2")
        #expect(try server("http://127.0.0.1:3", configured: "http://127.0.0.1:1") == "http://127.0.0.1:3")
    }
}

@Suite struct OutputTests {
    @Test(arguments: [
        ("plain é 📚", "plain é 📚"), ("a\u{1B}[31mb", "a\\u{1B}[31mb"), ("\u{202E}x", "\\u{202E}x"),
        ("a\u{200B}b", "a\\u{200B}b"),
        ("\u{9B}", "\\u{9B}"), ("\u{7F}", "\\u{7F}"), ("a\tb\n", "a\\u{9}b\\u{A}"), ("\u{2028}", "\\u{2028}"),
        ("\u{E0001}", "\\u{E0001}"),
        // Swift takes no such character in a literal.
        (String(decoding: [0xF4, 0x8F, 0xBF, 0xBE], as: UTF8.self), "\\u{10FFFE}"),
    ])
    func nothingDrivesTheTerminal(text: String, shown: String) {
        #expect(Escaping.terminal(text) == shown)
    }

    @Test(arguments: [("a\tb\nc\rd\\e", #"a\tb\nc\rd\\e"#), ("plain", "plain"), (#"\t"#, #"\\t"#)])
    func tsv(text: String, shown: String) {
        #expect(Escaping.tsv(text) == shown)
    }

    @Test(arguments: [
        ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("a\nb", "\"a\nb\""), (" a", "\" a\""), ("plain", "plain"),
        ("", ""),
    ])
    func csv(text: String, shown: String) {
        #expect(Escaping.csv(text) == shown)
    }

    @Test(arguments: ["é📚", "\u{202E}\u{7F}\u{9B}", "👩‍🚀", "\u{E0001}", "plain"])
    func jsonStaysTheSameValue(text: String) throws {
        let json = JSONWriter.text(text)
        let escaped = Escaping.json(json)
        #expect(try JSONValue(parsing: escaped) == .string(text))
        #expect(!String(decoding: escaped, as: UTF8.self).unicodeScalars.contains(where: Escaping.isDangerous))
    }
}

extension JSONWriter {
    fileprivate static func text(_ value: String) -> [UInt8] {
        var json = JSONWriter()
        json.string(value)
        return json.bytes
    }
}
