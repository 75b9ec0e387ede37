import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

/// No output contains a secret, however the secret was given.
@Suite(.serialized) struct SecretTests {
    private static let canary = "hunter2canary"
    /// In the form of an access token: three parts, the first of which begins like every header of a JWT.
    private static let token = "eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOjF9.c2lnbmF0dXJl"

    @Test(
        arguments: [
            (["--server", "http://ada:hunter2canary@host", "status"], 64),
            (["--server", "ada:hunter2canary@host", "status"], 64),
            (["status", "--server=https://ada:hunter2canary@host:1/"], 64),
            (["status", "--server", "http://ada:hunter2 canary'@host"], 64),
            (["status", "--server", "ftp://hunter2canary@host"], 64),
            (["status", "--server", "https://host/?token=hunter2canary"], 64),
            (["http://ada:hunter2canary@host", "status"], 64),
            (["--server", "http://ada:hunter2canary", "status"], 64),
            (["--server", "ada:hunter2canary", "status"], 64),
            (["--server", "http://ada:hunter2canary%40host/", "status"], 64),
            (["--server", "http://hunter2canary%40host", "status"], 64),
            (["--server", "http://host?sig=hunter2canary", "status"], 64),
            (["--server", "http://host/#hunter2canary", "status"], 64),
            (["--user", "ada:hunter2canary", "whoami"], 64), (["whoami", "--user=ada:hunter2canary"], 64),
            (["login", "ada:hunter2canary"], 7), (["register", "ada:hunter2canary"], 7),
            (["users", "promote", "ada:hunter2canary"], 5), (["config", "set", "user", "ada:hunter2canary"], 7),
            (["hunter2canary"], 64), (["help", "hunter2canary"], 64), (["authors", "hunter2canary"], 64),
            (["api", "hunter2canary", "/x"], 64), (["config", "get", "hunter2canary"], 64),
            (["authors", "list", "--limit", "hunter2canary"], 64), (["-o", "hunter2canary", "whoami"], 64),
            (["token", "--min-ttl", "hunter2canary"], 64),
            (["config", "set", "server", "http://ada:hunter2canary@host"], 78),
            (["config", "set", "color", "a:hunter2canary@b"], 7),
            (["config", "set", "password", "hunter2canary"], 64), (["config", "get", "user", "hunter2canary"], 64),
            (["login", "ada", "hunter2canary"], 64), (["login", "ada", "x", "hunter2canary"], 64),
            (["login", "ada", "--password", "hunter2canary"], 64), (["login", "ada", "--password=hunter2canary"], 64),
            (["login", "ada", "-pcanary"], 64), (["login", "ada", "--password-stdin=hunter2canary"], 64),
            (["whoami", "--json=hunter2canary"], 64), (["--token", "hunter2canary", "whoami"], 64),
            (["api", "GET", "/x", "-H", "hunter2canary"], 64), (["api", "GET", "/x", "-H", ": hunter2canary"], 64),
            (["api", "GET", "/x", "-H", "Authorization: Bearer hunter2canary\n"], 64),
            (["api", "POST", "/x", "-f", "hunter2canary"], 64), (["api", "POST", "/x", "-F", "=hunter2canary"], 64),
            (["api", "/x?token=hunter2canary", "GET"], 64), (["api", "GET", "x?token=hunter2canary"], 64),
            (["api", "GET", "/x?token=hunter2canary", "-v"], 3),
            (["api", "GET", "/x?a=1&x-access-tokens=hunter2canary", "-v"], 3),
            (["api", "GET", "/authors", "-H", "Authorization: Bearer hunter2canary", "-v"], 4),
            (["authors", "import", "-", "--default", "password=hunter2canary"], 64),
            (["authors", "show", "token=hunter2canary"], 64),
            (["authors", "list", "--fields", "secret=hunter2canary"], 64),
        ] as [([String], Int32)])
    func noMessageRepeatsASecret(arguments: [String], code: Int32) async throws {
        let ctl = try await Ctl.loggedIn()
        for more in [[], ["--json"]] where !(arguments.first == "api" && !more.isEmpty) {
            let result = try await ctl.run(arguments + more, input: [])
            #expect(result.code == code, "\(result.error)")
            #expect(result.error != "")
            #expect(!(result.error + result.output).contains("canary"), "\(result.error)")
        }
    }

    @Test(arguments: [
        ["LIBCTL_USER": "ada:hunter2canary"], ["LIBCTL_SERVER": "http://ada:hunter2canary"],
        ["LIBCTL_SERVER": "http://ada:hunter2canary@host"], ["LIBCTL_SERVER": "hunter2canary@host"],
        ["LIBCTL_TOKEN": "hunter2 canary"], ["LIBCTL_TOKEN": "hunter2canary"],
        ["LIBCTL_SERVER": "https://127.0.0.1:1", "https_proxy": "http://ada:hunter2canary@127.0.0.1:1"],
    ])
    func noMessageRepeatsAVariable(variables: [String: String]) async throws {
        let home = TemporaryFolder()
        let environment = variables.merging(["HOME": home.path]) { given, _ in given }
        for arguments in [["whoami", "-v"], ["whoami", "--json"], ["status"], ["sessions", "list"]] {
            let result = try await Program.run(Program.path("libctl"), arguments, environment: environment)
            #expect(result.code != 0)
            #expect(!(result.error + result.output).contains("canary"), "\(result.error)")
        }
    }

    @Test(arguments: [
        #"{"server":"http://ada:hunter2canary@host"}"#, #"{"color":"http://ada:hunter2canary@host"}"#,
        #"{"server":"http://ada:hunter2canary@host""#,
    ])
    func noMessageRepeatsTheConfiguration(text: String) async throws {
        let ctl = try await Ctl.loggedIn()
        let path = ctl.home.path + "/.config/libctl/config.json"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        for line in ["whoami", "config list", "config get server"] {
            let result = try await ctl.line(line)
            #expect(result.code == 78)
            #expect(!(result.error + result.output).contains("canary"), "\(result.error)")
        }
    }

    /// A server may repeat in its error what it was sent.
    @Test func noMessageRepeatsWhatAServerEchoes() async throws {
        let body = """
            {"type":"about:blank","title":"T","status":422,"detail":"Bearer hunter2canary at http://a:hunter2canary@b, \
            \(Self.token)","code":"c","message":"M","request_id":"R",\
            "errors":[{"field":"token=hunter2canary","code":"invalid","message":"is \(Self.token)"}]}
            """
        let server = try FakeServer(answer: FakeServer.http("422 T", type: "application/problem+json", body))
        let home = TemporaryFolder()
        for arguments in [["whoami", "-v"], ["whoami", "--json"]] {
            let result = try await Program.run(
                Program.path("libctl"), arguments,
                environment: ["HOME": home.path, "LIBCTL_SERVER": server.address, "LIBCTL_TOKEN": Self.token])
            #expect(result.code == 7)
            #expect(!(result.error + result.output).contains("canary"), "\(result.error)")
            #expect(!(result.error + result.output).contains("eyJ"), "\(result.error)")
            #expect(result.error.contains("***"))
        }
    }

    @Test(arguments: [
        ("http://ada:x@host", "'http://***@host'"), ("ada:x@y@host", "'***@host'"), ("plain", "'plain'"),
        ("a\u{FF}", "'a\u{FF}'"), (String(repeating: "é", count: 60), "'\(String(repeating: "é", count: 50))…'"),
        ("https://[::1]:8080/", "'https://[::1]:8080/'"), ("", "''"), ("http://ada:x", "'http://ada:***'"),
        ("localhost:8080", "'localhost:8080'"), ("http://localhost:80x/", "'http://localhost:***'"),
        ("http://h:80/?a=b", "'http://h:80/?***'"), ("http://h#x", "'http://h#***'"), ("unix:x", "'unix:***'"),
        ("http://a%40b", "'http://***%40b'"),
    ])
    func quoted(value: String, shown: String) {
        #expect(Secrets.quoted(value) == shown)
    }

    /// Text that is not secret stays, or the user could not find the fault.
    @Test(arguments: [
        "/home/ada/password: No such file or directory", "not logged in at http://127.0.0.1:8080 as ada@example.org",
        "the token has expired", "LIBCTL_TOKEN is no token: it has white space or other characters in it",
        "line 3: book must not be empty", "GET http://127.0.0.1:8080/authors?limit=5&q=a 200 17 bytes",
        "libctl login ada", "Send a token: Authorization: Bearer TOKEN.", "unix:/run/user/1000/libraryd.sock",
        "'x' is not 'Name: value'", "at 12:30 by ada@host",
    ])
    func whatIsNoSecretStays(text: String) {
        #expect(Secrets.removed(from: text) == text)
    }
}
