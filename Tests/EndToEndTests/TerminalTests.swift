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
        let new = "Password for ada (at least 8 characters): "
        let differing = try libctl(daemon, "register", "ada")
        try await differing.wait(for: "Password for ada (at least 8 characters): ")
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
            output
                == "\(new)\r\nAgain: \r\nlibctl: register: the two passwords differ\r\n  hint: run the command again, and enter the same password twice\r\n",
            "\(output)")

        // The prompts go to the terminal, even if the output is redirected.
        let prompts = [
            ("register", "ada", [new, "Again: "]), ("login", "ada", ["Password for ada: "]),
            ("passwd", "--quiet", ["Current password for ada: ", "New password (at least 8 characters): ", "Again: "]),
        ]
        for (command, argument, prompts) in prompts {
            let asking = try libctl(daemon, command, argument, output: home.path + "/out")
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

    /// Whoever has registered is logged in, so that the password is typed twice and not three times.
    @Test func aNewUserTypesThePasswordTwice() async throws {
        let daemon = try await Daemon()
        let asking = try libctl(daemon, "register")
        try await asking.wait(for: "User: ")
        asking.send("ada\r")
        for prompt in ["Password for ada (at least 8 characters): ", "Again: "] {
            try await asking.wait(for: prompt)
            asking.send("correct horse\r")
        }
        let (code, output) = try await asking.end()
        #expect(code == 0)
        #expect(output.hasSuffix("Again: \r\nregistered ada and logged in at \(daemon.address)\r\n"), "\(output)")
        #expect(try await daemon.libctl("whoami", home: home).output == "ada\n")
    }

    /// A password that the daemon would refuse is not asked for again.
    @Test(arguments: [
        ("short", "must be at least 8 characters"), ("password1", "is one of the most common passwords"),
        ("Somebody", "must not be the name"),
    ])
    func aBadPasswordIsRefusedAtOnce(password: String, fault: String) async throws {
        let daemon = try await Daemon()
        let registering = try libctl(daemon, "register", "somebody")
        try await registering.wait(for: "characters): ")
        registering.send(password + "\r")
        let refused = try await registering.end()
        #expect(refused.code == 7)
        #expect(refused.output.hasSuffix("characters): \r\nlibctl: register: the password \(fault)\r\n"))

        try await daemon.login("somebody", home: home)
        let changing = try libctl(daemon, "passwd")
        try await changing.wait(for: "Current password for somebody: ")
        changing.send("correct horse\r")
        try await changing.wait(for: "New password (at least 8 characters): ")
        changing.send(password + "\r")
        let kept = try await changing.end()
        #expect(kept.code == 7)
        #expect(kept.output.contains(fault))
        #expect(!kept.output.contains("Again"))
    }

    /// What is typed is not shown, although the option names standard input or a file.
    @Test(arguments: ["--password-stdin", "--password-file=/dev/tty", "--password-file=/dev/stdin"])
    func whatIsTypedIsNeverShown(option: String) async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let login = try libctl(daemon, "login", "ada", option)
        try await login.wait(for: "Password for ada: ")
        #expect(!login.echoes)
        login.send("correct horse\r")
        let (code, output) = try await login.end()
        #expect(code == 0)
        #expect(output == "Password for ada: \r\nlogged in as ada at \(daemon.address)\r\n")
        let silent = try libctl(daemon, "login", "ada", option, "--no-input")
        let refused = try await silent.end()
        #expect(refused.code == 64)
        #expect(refused.output.contains("hint: use --password-file FILE, or --password-stdin < FILE"))
    }

    /// Nothing is typed in vain.
    @Test func theDaemonIsLookedForBeforeAnythingIsAsked() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        #expect(try await daemon.end(SIGTERM) == 0)
        for arguments in [
            ["register", "bob"], ["register"], ["login", "ada"], ["login"], ["passwd"], ["unregister"],
        ] {
            let asking = try PseudoTerminal(
                Program.path("libctl"), arguments,
                environment: ["HOME": home.path, "LIBCTL_SERVER": daemon.address])
            let (code, output) = try await asking.end()
            #expect(code == 69)
            #expect(
                output.hasPrefix("libctl: \(arguments[0]): no libraryd answers at \(daemon.address)\r\n"), "\(output)")
        }
        // A password is not typed for another server either.
        let other = try FakeServer(answer: FakeServer.http("200 OK", type: "text/html", "hello"))
        let asking = try PseudoTerminal(
            Program.path("libctl"), ["login", "ada", "--server", other.address], environment: ["HOME": home.path])
        let (code, output) = try await asking.end()
        #expect(code == 76)
        #expect(output.hasPrefix("libctl: login: what answers at \(other.address) is not libraryd"), "\(output)")
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

    /// The account is shown first, then the password is asked for. The file of the password is not read before the
    /// answer.
    @Test func theDeletionOfAnAccountIsAskedFor() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let question = "  ada with 0 authors at \(daemon.address)\r\nDelete this account? [y/N] "
        for answer in ["n\r", "\r", "\u{4}"] {
            let declined = try libctl(daemon, "unregister", "--password-file", home.path + "/nothing")
            try await declined.wait(for: question)
            declined.send(answer)
            #expect(try await declined.end().code == 2)
        }
        for (password, expected) in [("wrong horse", 4), ("correct horse", 0)] as [(String, Int32)] {
            let asking = try libctl(daemon, "unregister", output: home.path + "/out")
            try await asking.wait(for: question)
            asking.send("y\r")
            try await asking.wait(for: "Password for ada: ")
            #expect(!asking.echoes)
            asking.send(password + "\r")
            let (code, output) = try await asking.end()
            #expect(code == expected, "\(output)")
            #expect(!output.contains(password))
        }
        #expect(try await daemon.libctl("whoami", home: home).code == 4)
        #expect(try await daemon.libctl("sessions", "kept", home: home).output == "")
    }
}
