import Foundation
import TestSupport
import Testing

/// Malformed and unfinished requests. The daemon still answers after each of them.
@Suite(.serialized) struct SocketTests {
    private static let head = "POST /register HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

    private static let requests: [(name: String, bytes: String, statuses: Set<String>)] = [
        (
            "CL and TE",
            head
                + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n",
            ["400"]
        ),
        ("two lengths", head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", ["400"]),
        ("negative length", head + "Content-Length: -1\r\n\r\n", ["400"]),
        ("length with a sign", head + "Content-Length: +2\r\n\r\n{}", ["400"]),
        ("length beyond 64 bits", head + "Content-Length: 99999999999999999999\r\n\r\n", ["400"]),
        ("bad chunk size", head + "Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n", ["400"]),
        (
            "chunk size beyond 64 bits",
            head + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n", ["400"]
        ),
        ("other transfer coding", head + "Transfer-Encoding: gzip\r\n\r\n{}", ["400", "501"]),
        ("space before colon", "GET /livez HTTP/1.1\r\nHost : x\r\n\r\n", ["400"]),
        ("no version", "GET /livez\r\n\r\n", ["400"]), ("nonsense", "\u{1}\u{2}\u{3}\r\n\r\n", ["400"]),
        ("NUL in a header", "GET /livez HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n", ["400"]),
        ("bare CR in a header", "GET /livez HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n", ["400"]),
        (
            "a header of 64 KiB",
            "GET /livez HTTP/1.1\r\nHost: x\r\nX: \(String(repeating: "a", count: 65536))\r\n\r\n", ["400", "431"]
        ),
        (
            "200 headers", "GET /livez HTTP/1.1\r\nHost: x\r\n\((0..<200).map { "X\($0): y\r\n" }.joined())\r\n",
            ["400", "431"]
        ),
        (
            "a long path", "GET /\(String(repeating: "a", count: 65536)) HTTP/1.1\r\nHost: x\r\n\r\n",
            ["400", "404", "414", "431"]
        ),
        ("1 MiB of body", head + "Content-Length: 1048576\r\n\r\n" + String(repeating: "a", count: 1_048_576), ["413"]),
        (
            "1 MiB in chunks",
            head + "Transfer-Encoding: chunked\r\n\r\n100000\r\n" + String(repeating: "a", count: 1_048_576)
                + "\r\n0\r\n\r\n", ["413"]
        ),
        ("100,000 levels", head + "Content-Length: 60000\r\n\r\n" + String(repeating: "[", count: 60000), ["400"]),
        ("broken escape", "GET /authors/%zz HTTP/1.1\r\nHost: x\r\n\r\n", ["400", "401", "404"]),
        ("escaped dots", "GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", ["404"]),
        ("absolute path", "GET http://x/livez HTTP/1.1\r\nHost: x\r\n\r\n", ["200", "400", "404"]),
        ("asterisk", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", ["400", "404", "405"]),
        ("connect", "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", ["400", "404", "405"]),
        ("upgrade", "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", ["200"]),
        ("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ["400", "404", "405", "505"]),
    ]

    @Test func nothingKillsTheDaemon() async throws {
        let daemon = try await Daemon(arguments: ["--log-level", "critical"])
        for (name, bytes, statuses) in Self.requests {
            let answer = try daemon.send(raw: Array(bytes.utf8))
            let status = answer.split(separator: " ").dropFirst().first.map(String.init) ?? "none"
            #expect(statuses.contains(status), "\(name): \(answer.prefix(300))")
            if status.hasPrefix("4") {
                #expect(answer.contains("\r\nContent-Type: application/problem+json\r\n"), "\(name)")
                #expect(answer.contains(#""code":""#), "\(name)")
            }
            // One request, one answer.
            #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2, "\(name): \(answer.prefix(600))")
            let live = try daemon.send(raw: Array("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8))
            #expect(live.hasPrefix("HTTP/1.1 200 OK\r\n"), "after \(name)")
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

    @Test(arguments: [[], ["serve"], ["user"], ["user", "list"], ["user", "promote"], ["user", "demote"]])
    func theDaemonExplainsItself(command: [String]) async throws {
        let help = try await Program.run(Program.path("libraryd"), command + ["--help"])
        #expect(help.code == 0)
        #expect(help.output.hasPrefix("OVERVIEW: "))
        #expect(HelpText.silentArguments(help.output).isEmpty)
    }

    @Test func everyProgramsCompletionsAreThoseOfTheRepository() async throws {
        for program in ["libctl", "libraryd"] {
            for (shell, file) in [("bash", "\(program).bash"), ("zsh", "_\(program)"), ("fish", "\(program).fish")] {
                let script = try await Program.run(Program.path(program), ["--generate-completion-script", shell])
                let committed = try await Program.run("/bin/cat", [Program.repository + "/completions/" + file])
                #expect(script.code == 0)
                #expect(script.output == committed.output, "run: make completions")
            }
            let check = try await Program.run("/bin/bash", ["-n", Program.repository + "/completions/\(program).bash"])
            #expect(check.code == 0)
        }
    }
}
