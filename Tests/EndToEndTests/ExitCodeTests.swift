import Foundation
import TestSupport
import Testing

/// Each exit code of the table in docs/scripting.md, from the real program. Code 2 needs a person at a terminal
/// (`TerminalTests`). Code 1 is for unexpected errors (`ClientTests`).
@Suite(.serialized) struct ExitCodeTests {
    private let home = TemporaryFolder()

    private func run(
        _ line: String, _ address: String, environment: [String: String] = [:], input: String = ""
    ) async throws -> Program.Result {
        try await Program.run(
            "/bin/bash", ["-c", line],
            environment: ["HOME": home.path, "LIBCTL_SERVER": address].merging(environment) { _, new in new },
            input: input, folder: home.path)
    }

    @Test func codesOfALibrary() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let long = String(repeating: "x", count: (1 << 20) + 1)
        let add = "libctl authors add --country C"
        let cases: [(line: String, code: Int32, input: String)] = [
            ("libctl authors list", 0, ""), ("libctl authors show 99", 3, ""),
            ("libctl --user bob whoami", 4, ""), ("LIBCTL_TOKEN=x libctl whoami", 4, ""),
            ("libctl login ada --password-stdin", 4, "wrong horse"),
            ("libctl users list", 5, ""), (add + " --name A --book B", 0, ""), (add + " --name A --book B", 6, ""),
            (add + " --name '' --book B", 7, ""), ("libctl whoami >&-", 74, ""),
            (
                "mkfifo p; ln -sf $PWD/p .config/libctl/config.json; libctl status; code=$?; rm .config/libctl/config.json; exit $code",
                78, ""
            ), ("libctl register x --password-stdin", 7, "short"),
            ("libctl authors rm 1 99 --yes", 8, ""), ("libctl authors show 98 99", 3, ""),
            ("libctl nothing", 64, ""), ("libctl authors rm 1", 64, ""), ("libctl passwd", 64, ""),
            ("libctl authors list --fields nothing", 64, ""), ("libctl --server nothing whoami", 64, ""),
            ("libctl authors add -f -", 65, long), ("libctl authors add -f nothing", 66, ""),
            ("libctl login ada --password-file nothing", 66, ""),
            ("libctl --server http://127.0.0.1:1 status", 69, ""), ("libctl whoami > /dev/full", 74, ""),
            (
                "said=$( (ulimit -f 0; libctl whoami > out) 2>&1); code=$?; echo \"$said\" >&2; exit $code", 74, ""
            ),
            ("LIBCTL_SERVER=nothing libctl status", 78, ""),
            ("LIBCTL_SERVER=http://example.org libctl status", 78, ""),
            (
                "echo { > .config/libctl/config.json; libctl status; code=$?; rm .config/libctl/config.json; exit $code",
                78, ""
            ),
            ("chmod 644 .config/libctl/credentials.json; libctl whoami", 77, ""),
        ]
        for (line, code, input) in cases {
            let result = try await run(line, daemon.address, input: input)
            #expect(result.code == code, "\(line): \(result.error)")
            #expect(result.error.hasPrefix("libctl: ") == (code != 0), "\(line): \(result.error)")
            #expect(code == 8 || code == 0 || result.output == "", "\(line)")
        }
    }

    @Test(
        arguments: [
            (FakeServer.problem(500, "internal"), 70), (FakeServer.problem(502, "x"), 70),
            (FakeServer.problem(503, "busy", headers: "Retry-After: 3600\r\n"), 75),
            (FakeServer.problem(507, "storage_full"), 75),
            (FakeServer.problem(429, "too_many", headers: "Retry-After: 3600\r\n"), 75),
            (FakeServer.problem(418, "new"), 7),
            (FakeServer.http("200 OK", type: "text/html", "hello"), 76), (FakeServer.http("200 OK", "{"), 76),
            (FakeServer.http("500 Oops", "{}"), 76), ("nonsense\r\n", 76), ("", 76),
        ] as [(String, Int32)])
    func codesOfOtherServers(answer: String, code: Int32) async throws {
        let server = try FakeServer(answer: answer)
        let result = try await run("libctl whoami", server.address, environment: ["LIBCTL_TOKEN": "secret"])
        #expect(result.code == code, "\(result.error)")
        #expect(result.error.hasPrefix("libctl: whoami: "))
        #expect(!result.error.contains("secret"))
        #expect(result.output == "")
        // After a lost answer a request that changes nothing is sent twice more.
        #expect(server.requests.count == (["", "nonsense\r\n"].contains(answer) ? 3 : 1))
        #expect(server.requests.first?.contains("Authorization: Bearer secret\r\n") == true)
    }

    /// A reader that closes the pipe early is no error: nothing is reported, whether SIGPIPE ends the program or is
    /// ignored.
    @Test(arguments: ["", "trap '' PIPE; "])
    func aReaderMayLeaveEarly(preparation: String) async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        // More than a pipe holds, so that some lines are written after the reader has left.
        let lines = (1...5000).map { #"{"name":"A\#($0)","book":"B","country":"Somewhere over the sea"}"# }
        let file = try await run("libctl authors import -", daemon.address, input: lines.joined(separator: "\n"))
        #expect(file.code == 0, "\(file.error)")
        for format in ["tsv", "json", "table"] {
            let result = try await run(
                preparation + "libctl authors list -o \(format) | head -c 1; exit ${PIPESTATUS[0]}", daemon.address)
            #expect(result.code == 128 + SIGPIPE, "\(format)")
            #expect(result.output.utf8.count == 1)
            #expect(result.error == "")
        }
    }

    @Test(arguments: [("\u{3}", SIGINT), ("\u{1C}", SIGQUIT)])
    func anInterruptedPromptLetsTheTerminalEchoAgain(key: String, signal: Int32) async throws {
        let server = try FakeServer(answer: FakeServer.problem(500, "internal"))
        let login = try PseudoTerminal(
            Program.path("libctl"), ["login", "ada"], environment: ["HOME": home.path, "LIBCTL_SERVER": server.address])
        try await login.wait(for: "Password for ada: ")
        #expect(!login.echoes)
        login.send("correct" + key)
        let (code, output) = try await login.end()
        #expect(code == 128 + signal)
        #expect(login.echoes)
        #expect(!output.contains("correct"))
        #expect(server.requests.allSatisfy { $0.hasPrefix("GET /livez HTTP/1.1\r\n") })
    }
}
