import Foundation
import TestSupport
import Testing

/// What users see and type.
@Suite(.serialized) struct TerminalTests {
    private let home = TemporaryFolder()

    private func libctl(_ daemon: Daemon, _ arguments: String..., output: String? = nil) throws -> PseudoTerminal {
        try PseudoTerminal(
            Program.path("libctl"), arguments, environment: ["HOME": home.path, "LIBCTL_SERVER": daemon.address],
            output: output)
    }

    @Test func theTerminalIsOne() async throws {
        let cat = try PseudoTerminal("/bin/cat")
        cat.send("one\r")
        #expect(try await cat.wait(for: "one\r\none\r\n") == "one\r\none\r\n")
        cat.send("two\r\u{4}")
        let (code, output) = try await cat.end()
        #expect(code == 0)
        #expect(output == "one\r\none\r\ntwo\r\ntwo\r\n")

        let size = try await PseudoTerminal("/usr/bin/stty", ["size"], rows: 12, columns: 99).end()
        #expect(size.output == "12 99\r\n")

        let interrupted = try PseudoTerminal("/bin/sh", ["-c", "echo ready; exec cat"])
        try await interrupted.wait(for: "ready")
        interrupted.send("\u{3}")
        #expect(try await interrupted.end().code == 128 + SIGINT)

        // With input and output redirected, only /dev/tty is the terminal.
        try Data("in".utf8).write(to: URL(fileURLWithPath: home.path + "/in"))
        let redirected = try PseudoTerminal(
            "/bin/sh", ["-c", "cat; echo asked > /dev/tty"], input: home.path + "/in", output: home.path + "/out")
        #expect(try await redirected.end().output == "asked\r\n")
        #expect(try String(contentsOfFile: home.path + "/out", encoding: .utf8) == "in")
    }

    @Test func whatDoesNotComeIsMissed() async throws {
        let sh = try PseudoTerminal("/bin/sh", ["-c", "echo this"])
        let missing = await #expect(throws: Missing.self) { try await sh.wait(for: "that") }
        #expect(missing.map { "\($0)".contains("this") } == true)
    }

    @Test func aPasswordIsAskedForTwiceAndNotShown() async throws {
        let daemon = try await Daemon()
        let differing = try libctl(daemon, "register", "ada")
        try await differing.wait(for: "Password for ada: ")
        #expect(!differing.echoes)
        differing.send("correct horse\r")
        try await differing.wait(for: "Again: ")
        // Control-Z does not end the prompt, and what is typed stays hidden.
        differing.send("\u{1A}")
        #expect(!differing.echoes)
        differing.send("correct hearse\r")
        let (code, output) = try await differing.end()
        #expect(code == 7)
        #expect(
            output == "Password for ada: \r\nAgain: \r\nlibctl: register: the two passwords differ\r\n", "\(output)")

        // The prompts go to the terminal, even if the output is redirected.
        for (command, prompts) in [("register", ["Password for ada: ", "Again: "]), ("login", ["Password for ada: "])] {
            let asking = try libctl(daemon, command, "ada", output: home.path + "/out")
            for prompt in prompts {
                try await asking.wait(for: prompt)
                asking.send("correct horse\r")
            }
            let (code, output) = try await asking.end()
            #expect(code == 0)
            #expect(!output.contains("horse"))
            #expect(asking.echoes)
            #expect(try String(contentsOfFile: home.path + "/out", encoding: .utf8) == "")
        }
        #expect(try await daemon.libctl("whoami", home: home).output == "ada\n")
    }

    @Test func aDeletionIsAskedFor() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        _ = try await daemon.libctl("authors", "add", "--name", "A", "--book", "B", "--country", "C", home: home)
        for (answer, expected) in [("n\r", 2), ("\r", 2), ("\u{4}", 2), ("yes\r", 0)] as [(String, Int32)] {
            #expect(try await daemon.libctl("authors", "list", "-o", "id", home: home).output == "1\n")
            let remove = try libctl(daemon, "authors", "rm", "1")
            try await remove.wait(for: "  1  A, B (C)\r\nDelete this author? [y/N] ")
            remove.send(answer)
            #expect(try await remove.end().code == expected)
        }
        #expect(try await daemon.libctl("authors", "list", "-o", "id", home: home).output == "")
    }
}
