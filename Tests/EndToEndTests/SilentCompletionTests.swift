import Foundation
import TestSupport
import Testing

/// Completion reports no errors, does not make the shell wait for a daemon, and ends no login.
@Suite(.serialized) struct SilentCompletionTests {
    private let home = TemporaryFolder()
    private var configuration: String { home.path + "/.config/libctl" }

    /// Asks as each shell does for the word after those of the line.
    private func complete(
        _ address: String, _ line: String = "authors show",
        environment: [String: String] = [:]
    ) async throws -> [Program.Result] {
        var results: [Program.Result] = []
        for shell in Shell.Kind.allCases {
            let given = ["HOME": home.path, "LIBCTL_SERVER": address]
            let words = line.split(separator: " ").map(String.init)
            results.append(
                try await Program.run(
                    Program.path("libctl"), ["---complete", shell.rawValue, String(words.count)] + words + [""],
                    environment: given.merging(environment) { _, new in new }))
        }
        return results
    }

    private func expectSilence(_ results: [Program.Result]) {
        for result in results {
            #expect(result.code == 0)
            #expect(result.output == "")
            #expect(result.error == "")
        }
    }

    private func write(_ text: String, to name: String, mode: Int = 0o600) throws {
        try FileManager.default.createDirectory(atPath: configuration, withIntermediateDirectories: true)
        let path = configuration + "/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    private static let ample = ["LIBCTL_COMPLETION_MS": "30000"]

    @Test func aDaemonThatIsDown() async throws {
        expectSilence(
            try await complete("http://127.0.0.1:1", environment: Self.ample.merging(["LIBCTL_TOKEN": "x"]) { $1 }))
    }

    /// The timeout of a request is a minute. No completion waits that long.
    @Test func aDaemonThatHangs() async throws {
        let server = try FakeServer(answer: nil)
        let start = ContinuousClock.now
        expectSilence(try await complete(server.address, environment: ["LIBCTL_TOKEN": "x"]))
        #expect(start.duration(to: .now) < .seconds(20))
    }

    @Test(arguments: [
        FakeServer.http("200 OK", type: "text/html", "hello"), FakeServer.http("200 OK", "{"), "nonsense",
        FakeServer.problem(500, "internal"), FakeServer.problem(401, "token_expired"),
    ])
    func aDaemonThatRefusesOrIsNone(answer: String) async throws {
        let server = try FakeServer(answer: answer)
        expectSilence(
            try await complete(server.address, environment: Self.ample.merging(["LIBCTL_TOKEN": "x"]) { $1 }))
        #expect(server.requests.count == 3)
        #expect(server.requests.allSatisfy { $0.hasPrefix("GET /authors?") })
    }

    @Test func noLogin() async throws {
        let server = try FakeServer(answer: FakeServer.http("200 OK", "{}"))
        expectSilence(try await complete(server.address, environment: Self.ample))
        expectSilence(try await complete(server.address, environment: Self.ample.merging(["HOME": ""]) { $1 }))
        #expect(server.requests == [])
    }

    /// A refresh that is cut off may lose the new tokens, and using the old refresh token again would end the login.
    @Test func anExpiredTokenIsNotRefreshed() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        _ = try await daemon.libctl("authors", "add", "--name", "A", "--book", "B", "--country", "C", home: home)
        #expect(
            try await complete(daemon.address, environment: Self.ample).map(\.output) == [
                "1\n", "1:A, B\n", "1\tA, B\n",
            ])

        let path = configuration + "/credentials.json"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let expired = text.replacing(/"expires_at":"[^"]*"/, with: #""expires_at":"2020-01-01T00:00:00.000Z""#)
        #expect(text != expired)
        try write(expired, to: "credentials.json")
        expectSilence(try await complete(daemon.address, environment: Self.ample))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == expired)
        #expect(!daemon.log.contains("/token/refresh"))
        #expect(try await daemon.libctl("whoami", home: home).output == "ada\n")
    }

    @Test func theEnvironmentSaysWhoAsks() async throws {
        let daemon = try await Daemon()
        for user in ["bob", "ada"] { try await daemon.login(user, home: home) }
        _ = try await daemon.libctl("authors", "add", "--name", "A", "--book", "B", "--country", "C", home: home)
        let token = try await daemon.libctl("token", home: home).output.trimmingCharacters(in: .newlines)
        expectSilence(
            try await complete(daemon.address, environment: Self.ample.merging(["LIBCTL_USER": "bob"]) { $1 }))
        let ada = ["LIBCTL_USER": "bob", "LIBCTL_TOKEN": token]
        let results = try await complete(daemon.address, environment: Self.ample.merging(ada) { $1 })
        #expect(results.map(\.output) == ["1\n", "1:A, B\n", "1\tA, B\n"])
    }

    @Test func filesThatAreNotRight() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        _ = try await daemon.libctl("authors", "add", "--name", "A", "--book", "B", "--country", "C", home: home)
        let path = configuration + "/credentials.json"
        let credentials = try String(contentsOfFile: path, encoding: .utf8)

        try write(credentials, to: "credentials.json", mode: 0o644)
        expectSilence(try await complete(daemon.address, environment: Self.ample))
        expectSilence(try await complete(daemon.address, "--user", environment: Self.ample))
        try write("{", to: "credentials.json")
        expectSilence(try await complete(daemon.address, environment: Self.ample))
        try write(credentials, to: "credentials.json")
        try write(#"{"server":"nowhere"}"#, to: "config.json")
        expectSilence(try await complete("", environment: Self.ample))
        try write("{", to: "config.json")
        expectSilence(try await complete("", environment: Self.ample))
        expectSilence(try await complete("http://example.org", environment: Self.ample))
        // Opening a pipe to read blocks until somebody opens it to write (fifo(7)).
        try FileManager.default.removeItem(atPath: configuration + "/config.json")
        #expect(mkfifo(configuration + "/config.json", 0o600) == 0)
        expectSilence(try await complete(""))
    }

    /// Countries come from the daemon too.
    @Test func countries() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        for (name, country) in [("A", "Ireland"), ("B", "Chile"), ("C", "Ireland"), ("D", "$(touch x)")] {
            _ = try await daemon.libctl(
                "authors", "add", "--name", name, "--book", "B", "--country", country, home: home)
        }
        #expect(
            try await complete(daemon.address, "authors list --country", environment: Self.ample).map(\.output) == [
                "Ireland\nChile\n", "Ireland:2 authors\nChile:1 author\n", "Ireland\t2 authors\nChile\t1 author\n",
            ])
        expectSilence(try await complete("http://127.0.0.1:1", "authors list --country", environment: Self.ample))
    }

    /// The script of another version may ask about commands and options that do not exist here, or in another way.
    @Test(arguments: [
        "", "bash", "bash 0", "bash 9 authors", "bash x authors", "bash -1", "nothing 0 authors", "bash 1 nothing x",
        "bash 2 authors nothing x", "bash 99999999999999999999 x",
    ])
    func questionsThatAreNotKnown(arguments: String) async throws {
        for question in ["---complete", "---completion"] {
            let result = try await Program.run(
                Program.path("libctl"), [question] + arguments.split(separator: " ").map(String.init),
                environment: ["HOME": home.path, "LIBCTL_COMPLETION_MS": "30000"])
            #expect(result.code == 0)
            #expect(result.error == "")
            #expect(arguments.hasPrefix("bash 0") && question == "---complete" || result.output == "")
        }
    }

    /// Help and fixed words need no daemon: neither the network nor the files of the user are used.
    @Test(
        .enabled(if: Program.mayTrace, "strace may not trace here"),
        arguments: [
            ("--help", 0), ("--version", 0), ("authors list --help", 0), ("help authors", 0),
            ("--generate-completion-script zsh", 0),
            ("authors list --nothing", 64), ("authors show", 64), ("nothing", 64),
            ("---complete zsh 3 authors list --sort", 0),
        ] as [(String, Int32)])
    func whatNeedsNoDaemonAsksNone(arguments: String, code: Int32) async throws {
        func calls(_ arguments: [String], code: Int32) async throws -> String {
            let result = try await Program.run(
                "/usr/bin/strace",
                ["-f", "-o", home.path + "/calls", "-e", "trace=%network,%file", Program.path("libctl")] + arguments,
                environment: ["HOME": home.path, "LIBCTL_COMPLETION_MS": "30000"])
            #expect(result.code == code)
            return try String(contentsOfFile: home.path + "/calls", encoding: .utf8)
        }
        let traced = try await calls(arguments.split(separator: " ").map(String.init), code: code)
        for call in ["socket(", "connect(", ".config", "libcurl"] { #expect(!traced.contains(call), "\(call)") }
        // A command that needs a daemon does make these calls.
        let other = try await calls(["status", "--server", "http://127.0.0.1:1"], code: 69)
        for call in ["socket(", "connect(", ".config", "libcurl"] { #expect(other.contains(call), "\(call)") }
    }
}
