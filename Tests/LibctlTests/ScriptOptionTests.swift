import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

/// Options that scripts use: spellings of `--output`, `--timeout`, passwords in the wrong place.
@Suite(.serialized) struct ScriptOptionTests {
    static let spellings = [
        ["-ojson"], ["-o=json"], ["-o", "json"], ["--output=json"], ["--output", "json"], ["--json"], ["-ondjson"],
    ]

    @Test(arguments: spellings)
    func everySpellingIsUnderstood(words: [String]) async throws {
        let ctl = try await Ctl.loggedIn()
        let behind = try await ctl.run(["whoami"] + words, input: [])
        #expect(behind.output.hasPrefix(#"{"public_id":"#), "\(behind.error)")
        let before = try await ctl.run(words + ["whoami"], input: [])
        #expect(before.output == behind.output, "\(before.error)")
    }

    @Test(arguments: spellings)
    func aUsageErrorIsJSONToo(words: [String]) async throws {
        let ctl = try await Ctl.loggedIn()
        for line in [["authors", "list", "--nope"] + words, words + ["nope"], ["authors", "show"] + words] {
            let result = try await ctl.run(line, input: [])
            #expect(result.code == 64)
            #expect(result.error.hasPrefix(#"{"error":{"command":"usage","exit_code":64,"#), "\(result.error)")
        }
    }

    /// A value that looks like an option is a value.
    @Test func aNameMayLookLikeAnOption() async throws {
        let ctl = try await Ctl.loggedIn()
        let added = try await ctl.run(
            ["authors", "add", "--name", "-ojson", "--book", "-o=json", "--country", "C"], input: [])
        #expect(added.output == "1\t-ojson\t-o=json\tC\tfalse\n", "\(added.error)")
    }

    @Test(arguments: ["-oyaml", "-o=yaml", "--output=yaml"])
    func anUnknownFormatIsRefused(word: String) async throws {
        let result = try await Ctl.loggedIn().run(["authors", "list", word], input: [])
        #expect(result.code == 64)
        #expect(result.output == "")
    }

    @Test(arguments: [
        "login ada --password x", "login ada --password=x", "register ada --pass x", "passwd -px",
        "login ada -p x", "--password x login ada", "whoami --password x",
    ])
    func aPasswordOnTheCommandLineIsRefused(command: String) async throws {
        let result = try await Ctl.loggedIn().line(command)
        #expect(result.code == 64)
        #expect(
            result.error == """
                libctl: usage: a password on the command line is seen by others on this machine
                  hint: use --password-stdin or --password-file FILE, or let libctl ask for it

                """)
    }

    @Test func withoutALoginThereIsNothingToEnd() async throws {
        let ctl = try await Ctl.loggedIn()
        #expect(try await ctl.line("logout --user bob").error == "not logged in at http://127.0.0.1:8080 as bob\n")
        #expect(try await ctl.line("logout").code == 0)
        let again = try await ctl.line("logout")
        #expect(again.code == 0)
        #expect(again.error == "not logged in at http://127.0.0.1:8080\n")
        #expect(try await ctl.line("logout --all -q").code == 0)
        #expect(try await ctl.line("logout -q").error == "")
    }

    /// The limit is for the whole of a request: its attempts, and the waits between them.
    @Test func aRequestHasALimit() async throws {
        let silent = try FakeServer(answer: nil)
        var ctl = try await Ctl.loggedIn()
        ctl.environment = ["LIBCTL_TOKEN": "x"]
        let home = TemporaryFolder()
        for command in [["whoami"], ["authors", "export", "-"], ["api", "GET", "/me"]] {
            let result = try await Program.run(
                Program.path("libctl"), command + ["--timeout", "1s", "--server", silent.address],
                environment: ["HOME": home.path, "LIBCTL_TOKEN": "x"])
            #expect(result.code == 75)
            #expect(result.error.contains("\(silent.address) did not answer in time"), "\(result.error)")
        }
        ctl.answer = { _ in
            TransportReply(
                status: 503, headers: ["content-type": Problem.mediaType, "retry-after": "3"],
                body: Problem(
                    status: 503, title: "T", code: "busy", message: "M", detail: "It is so.", requestID: "R"
                ).json)
        }
        ctl.record.clear()
        #expect(try await ctl.line("whoami --timeout 2s").code == 75)
        #expect(ctl.record.lines() == ["GET /me"])
        #expect(try await ctl.line("whoami --timeout 1h").code == 75)
        #expect(ctl.record.lines("wait") == ["wait 3", "wait 3", "wait 3"])
    }

    @Test(arguments: [
        "whoami --timeout 0s", "whoami --timeout 5", "whoami --timeout -1s", "authors watch --timeout 5s",
    ])
    func aLimitThatIsNoneIsRefused(command: String) async throws {
        let result = try await Ctl.loggedIn().line(command)
        #expect(result.code == 64)
        #expect(result.error.contains("--timeout"), "\(result.error)")
    }
}
