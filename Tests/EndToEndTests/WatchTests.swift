import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

/// `libctl authors watch` on a real daemon.
@Suite(.serialized) struct WatchTests {
    private let home = TemporaryFolder()

    /// Writes messages to a terminal and changes to a file.
    private func watch(_ daemon: Daemon, _ arguments: String...) throws -> PseudoTerminal {
        try PseudoTerminal(
            Program.path("libctl"), ["authors", "watch"] + arguments,
            environment: ["HOME": home.path, "LIBCTL_SERVER": daemon.address], output: home.path + "/changes")
    }

    private func changes() throws -> [AuthorEvent] {
        try String(contentsOfFile: home.path + "/changes", encoding: .utf8).split(separator: "\n").map {
            try AuthorEvent(json: Array($0.utf8), unknownMembers: .ignored)
        }
    }

    private func add(_ name: String, _ daemon: Daemon, home other: TemporaryFolder? = nil) async throws {
        let added = try await daemon.libctl(
            "authors", "add", "--name", name, "--book", "B", "--country", "C", home: other ?? home)
        #expect(added.code == 0, "\(added.error)")
    }

    @Test(arguments: [SIGTERM, SIGKILL])
    func aRestartLosesAndRepeatsNothing(signal: Int32) async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let watching = try watch(daemon, "--count", "6")
        try await watching.wait(for: "watching \(daemon.address)")
        try await add("1", daemon)
        try await add("2", daemon)
        #expect(try await daemon.end(signal) == (signal == SIGKILL ? 128 + SIGKILL : 0))
        try await watching.wait(for: "is lost; waiting for it")
        try await daemon.start(["--listen", "127.0.0.1:\(daemon.port)"])
        // Whether author 3 is added before or after the client connects again, its event is received.
        try await add("3", daemon)
        try await watching.wait(for: "connected again")
        try await add("4", daemon)
        _ = try await daemon.libctl("authors", "edit", "1", "--country", "D", home: home)
        _ = try await daemon.libctl("authors", "rm", "2", "--yes", home: home)
        #expect(try await watching.end().code == 0)
        let changes = try changes()
        #expect(changes.map(\.event) == ["created", "created", "created", "created", "updated", "deleted"])
        #expect(changes.map(\.author.name) == ["1", "2", "3", "4", "1", "2"])
        #expect(changes[4].author.country == "D")
        #expect(Set(changes.map(\.id)).count == 6)
    }

    @Test func aLaterRunGoesOnWhereOneEnded() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let first = try watch(daemon, "--count", "1")
        try await first.wait(for: "watching")
        try await add("1", daemon)
        #expect(try await first.end().code == 0)
        let last = try #require(try changes().last).id
        for name in ["2", "3"] { try await add(name, daemon) }
        let second = try await daemon.libctl(
            "authors", "watch", "--since", last, "--count", "2", "-o", "id", home: home)
        #expect(second.output == "2\n3\n")
        #expect(second.error == "watching \(daemon.address)\n")
        // After an event id of another library, the missed changes are reported and the stream goes on.
        let foreign = try watch(daemon, "--since", "0000000000000000-1", "--count", "1", "-o", "id")
        try await foreign.wait(for: "changes have been missed")
        try await add("4", daemon)
        #expect(try await foreign.end().code == 0)
        #expect(try String(contentsOfFile: home.path + "/changes", encoding: .utf8) == "4\n")
    }

    @Test func peopleSeeLinesThatCannotHurtThem() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let terminal = try PseudoTerminal(
            Program.path("libctl"), ["authors", "watch", "--count", "2"],
            environment: ["HOME": home.path, "LIBCTL_SERVER": daemon.address, "TERM": "xterm"], columns: 120)
        try await terminal.wait(for: "watching")
        try await add("\u{202E}x", daemon)
        try await terminal.wait(for: "  \u{1B}[32mcreated\u{1B}[0m  1  \\u{202E}x, B (C)\r\n")
        _ = try await daemon.libctl("authors", "rm", "1", "--yes", home: home)
        try await terminal.wait(for: "  \u{1B}[31mdeleted\u{1B}[0m  1  \\u{202E}x, B (C)\r\n")
        #expect(try await terminal.end().code == 0)
    }

    @Test func theEndOfTheLoginEndsIt() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let watching = try watch(daemon)
        try await watching.wait(for: "watching")
        let other = TemporaryFolder()
        _ = try await daemon.libctl("login", "ada", "--password-stdin", home: other, input: "correct horse")
        _ = try await daemon.libctl("sessions", "revoke", "--others", home: other)
        try await add("not for them", daemon, home: other)
        let (code, output) = try await watching.end()
        #expect(code == 4, "\(output)")
        #expect(try changes().isEmpty)
    }

    @Test func whoIsNotThereIsNotWaitedFor() async throws {
        let daemon = try await Daemon()
        #expect(try await daemon.libctl("authors", "watch", home: home).code == 4)
        try await daemon.login("ada", home: home)
        _ = try await daemon.end(SIGTERM)
        #expect(try await daemon.libctl("authors", "watch", home: home).code == 69)
        for arguments in [["--count", "0"], ["--since", "a b"], ["--since", "a\nb"]] {
            let result = try await Program.run(Program.path("libctl"), ["authors", "watch"] + arguments)
            #expect(result.code == 64)
        }
    }

    @Test func controlCEndsIt() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let watching = try watch(daemon)
        try await watching.wait(for: "watching")
        watching.send("\u{3}")
        #expect(try await watching.end().code == 128 + SIGINT)
    }
}
