import Foundation
import TestSupport
import Testing

/// The commands of `libraryd`, while the daemon runs and while it does not.
@Suite(.serialized) struct OperatorCommandTests {
    private let home = TemporaryFolder()

    private func libraryd(_ daemon: Daemon, _ line: String, input: String = "") async throws -> Program.Result {
        try await Program.libraryd("\(line) --data \(daemon.data)", home: home, input: input)
    }

    private func stop(_ daemon: Daemon) async throws {
        let code = try await daemon.end(SIGTERM)
        #expect(code == 0)
    }

    @Test(arguments: [true, false])
    func usersAreChanged(isUp: Bool) async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let port = daemon.port
        /// Runs the body while the daemon runs.
        func online(_ body: () async throws -> Void) async throws {
            if !isUp { try await daemon.start(["--listen", "127.0.0.1:\(port)"]) }
            try await body()
            if !isUp { try await stop(daemon) }
        }
        if !isUp { try await stop(daemon) }
        #expect(try await libraryd(daemon, "user disable ada").output == "ada is disabled\n")
        #expect(try await libraryd(daemon, "user list").output.hasSuffix("\tdisabled\n"))
        try await online {
            let code = try await daemon.libctl("whoami", home: home).code
            #expect(code == 4)
        }
        #expect(try await libraryd(daemon, "user enable ada").output == "ada is enabled\n")
        let passwd = try await libraryd(daemon, "user passwd ada", input: "battery staple\n")
        #expect(passwd.output == "ada has a new password\n", "\(passwd.error)")
        try await online {
            let login = try await daemon.libctl("login", "ada", "--password-stdin", home: home, input: "battery staple")
            #expect(login.code == 0)
            #expect(try await daemon.libctl("whoami", home: home).output == "ada\n")
        }
        #expect(try await libraryd(daemon, "user passwd ada", input: "short\n").code == 64)
        let file = daemon.folder.path + "/password"
        try Data("battery staple\r\nsecond line".utf8).write(to: URL(fileURLWithPath: file))
        #expect(try await libraryd(daemon, "user passwd ada --password-file \(file)").code == 0)
        #expect(try await libraryd(daemon, "user passwd ada --password-stdin", input: "battery staple\n").code == 0)
        #expect(try await libraryd(daemon, "user passwd ada --password-stdin --password-file \(file)").code == 64)
        #expect(try await libraryd(daemon, "user passwd ada --password-file /none").code == 66)
        try Data([0xFF, 0x0A]).write(to: URL(fileURLWithPath: file))
        #expect(try await libraryd(daemon, "user passwd ada --password-file \(file)").code == 65)
        #expect(try await libraryd(daemon, "user passwd ada").code == 64)
        #expect(try await libraryd(daemon, "user passwd bob", input: "battery staple\n").code == 3)

        #expect(try await libraryd(daemon, "user delete ada").code == 64)
        #expect(try await libraryd(daemon, "user delete ada --yes").output == "ada is deleted\n")
        #expect(try await libraryd(daemon, "user delete ada --yes").code == 3)
        #expect(try await libraryd(daemon, "user list").output == "")
        try await online {
            let code = try await daemon.libctl("whoami", home: home).code
            #expect(code == 4)
        }
    }

    /// A reader that closes the pipe early is no error. Output that a full disk loses is an error.
    @Test(
        arguments: [
            ("> /dev/full", 74, "libraryd: the output could not be written: No space left on device\n"),
            ("| true; exit ${PIPESTATUS[0]}", 0, ""),
        ] as [(String, Int32, String)])
    func theOutputArrivesOrItIsSaid(end: String, code: Int32, error: String) async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let result = try await Program.run(
            "/bin/bash", ["-c", "libraryd user list --data \(daemon.data) \(end)"],
            environment: ["HOME": home.path])
        #expect(result.code == code)
        #expect(result.error == error)
    }

    @Test(arguments: [true, false])
    func theKeyIsRotated(isUp: Bool) async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let old = try await daemon.libctl("token", home: home).output
        if !isUp { try await stop(daemon) }
        let rotated = try await libraryd(daemon, "key rotate")
        #expect(rotated.output.hasPrefix("new key "), "\(rotated.error)")
        if !isUp { try await daemon.start(["--listen", "127.0.0.1:\(daemon.port)"]) }
        // The old token is still valid, and the new token is signed with another key.
        #expect(try await daemon.libctl("whoami", home: home).output == "ada\n")
        _ = try await daemon.libctl("login", "ada", "--password-stdin", home: home, input: "correct horse")
        let new = try await daemon.libctl("token", home: home).output
        #expect(new.prefix(while: { $0 != "." }) != old.prefix(while: { $0 != "." }))
        #expect(try await daemon.libctl("whoami", home: home).output == "ada\n")
    }

    @Test(arguments: [true, false])
    func theTutorialsDatabaseIsImported(isUp: Bool) async throws {
        let daemon = try await Daemon()
        try FlaskDatabase.make(home.path + "/old.db", fixture: "werkzeug2")
        let port = daemon.port
        if !isUp { try await stop(daemon) }
        let trial = try await libraryd(daemon, "import-flask old.db --dry-run")
        #expect(trial.code == 0, "\(trial.error)")
        #expect(trial.error.hasSuffix("authors: imported: 9, present: 0, skipped: 0 (nothing was changed)\n"))
        #expect(try await libraryd(daemon, "user list").output == "")
        let done = try await libraryd(daemon, "import-flask old.db")
        #expect(done.code == 0, "\(done.error)")
        #expect(done.output == trial.output)
        #expect(done.output.hasPrefix("user 1 pbkdf2: imported (an admin)\nuser 2 pbkdf2-sha256-1000: imported\n"))
        #expect(try await libraryd(daemon, "import-flask old.db").error.contains("users: imported: 0, present: 9"))
        if !isUp { try await daemon.start(["--listen", "127.0.0.1:\(port)"]) }
        let login = try await daemon.libctl(
            "login", "pbkdf2", "--password-stdin", home: home, input: "pässword of pbkdf2")
        #expect(login.code == 0, "\(login.error)")
        #expect(
            try await daemon.libctl("authors", "list", "--fields", "name,book", home: home).output
                == "Author 1\tBook 1\n")
        #expect(try await libraryd(daemon, "import-flask nothing.db").code == 66)
        #expect(try await libraryd(daemon, "check").code == 0)
    }
}
