import Foundation
import TestSupport
import Testing

/// A refresh token can be used once: `libctl` does not use it where the new token could not be stored.
@Suite(.serialized) struct KeptLoginTests {
    private let home = TemporaryFolder()
    private var folder: String { home.path + "/.config/libctl" }
    private var file: String { folder + "/credentials.json" }

    /// Runs shell commands as root in a mount namespace of their own. `$C` is the folder of the credentials file.
    private func mounting(_ commands: String, _ daemon: Daemon) async throws -> Program.Result {
        try await Program.run(
            "/usr/bin/unshare", ["--map-root-user", "--mount", "sh", "-c", commands],
            environment: [
                "HOME": home.path, "LIBCTL_SERVER": daemon.address, "C": folder, "K": home.path + "/kept",
                "PATH": "\(Program.buildFolder):/usr/bin:/bin",
            ])
    }

    private func refreshes(_ daemon: Daemon) -> Int {
        daemon.log.split(separator: "\n").count { $0.contains("/token/refresh") }
    }

    private static let full = """
        cp "$C/credentials.json" "$K" && mount -t tmpfs -o size=64k,mode=0700 tmpfs "$C" \
        && cp -p "$K" "$C/credentials.json" && : > "$C/credentials.lock" && ! cat /dev/zero > "$C/filler" 2> /dev/null
        """

    /// With a full disk no refresh is sent, and the login works again once there is room.
    @Test(.enabled(if: Program.mayMount, "nothing may be mounted here"))
    func aFullHomeEndsNoLogin() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        // With a valid access token nothing has to be stored.
        let good = try await mounting(Self.full + "; libctl whoami", daemon)
        #expect(good.output == "ada\n", "\(good.error)")
        try home.expireLogins()
        let full = try await mounting(
            Self.full + #"; libctl whoami; echo $?; ls "$C"; rm "$C/filler"; libctl whoami"#, daemon)
        #expect(full.output == "74\ncredentials.json\ncredentials.lock\nfiller\nada\n", "\(full.error)")
        #expect(
            full.error == """
                libctl: whoami: a new token could not be kept, so none was asked for: \(folder)/credentials.json: \
                No space left on device
                  hint: make room there, or set LIBCTL_TOKEN

                """)
        #expect(refreshes(daemon) == 1)
    }

    @Test func aLimitOfFileSizesEndsNoLogin() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        try home.expireLogins()
        func whoami(_ limit: String) async throws -> Program.Result {
            try await Program.run(
                "/bin/sh", ["-c", "{ ulimit -f \(limit); libctl whoami; echo $?; } 2>&1 | cat"],
                environment: ["HOME": home.path, "LIBCTL_SERVER": daemon.address])
        }
        for _ in 0..<2 {
            let refused = try await whoami("0").output
            #expect(refused.contains("so none was asked for: "), "\(refused)")
            #expect(refused.contains("File too large\n"), "\(refused)")
            #expect(refused.hasSuffix("\n74\n"), "\(refused)")
        }
        #expect(refreshes(daemon) == 0)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == [
                "credentials.json", "credentials.lock",
            ])
        #expect(try await whoami("unlimited").output == "ada\n0\n")
    }

    /// Nothing is registered if the login could not be kept.
    @Test func anAccountIsNotMadeInVain() async throws {
        let daemon = try await Daemon()
        func register(_ arguments: String) async throws -> String {
            let command = "echo 'correct horse' | libctl register ada --password-stdin \(arguments); echo $?"
            return try await Program.run(
                "/bin/sh", ["-c", "{ ulimit -f 0; \(command); } 2>&1 | cat"],
                environment: ["HOME": home.path, "LIBCTL_SERVER": daemon.address]
            ).output
        }
        let refused = try await register("")
        #expect(refused.hasSuffix("\n  hint: make room there, or use --no-login\n74\n"), "\(refused)")
        #expect(try await register("--no-login") == "registered ada; now: libctl login ada\n0\n")
    }

    /// A file that is a mount point cannot be replaced, but can be written to.
    @Test(.enabled(if: Program.mayMount, "nothing may be mounted here"), arguments: ["", "other disk"])
    func aMountedFileIsWrittenInPlace(disk: String) async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        try home.expireLogins()
        let elsewhere = #"mkdir "$K" && mount -t tmpfs -o mode=0700 tmpfs "$K" && "#
        let kept = try await mounting(
            (disk.isEmpty ? #"mkdir "$K" && "# : elsewhere)
                + #"""
                cp -p "$C/credentials.json" "$K/c" && mount --bind "$K/c" "$C/credentials.json" \
                && libctl whoami && sleep 11 && libctl whoami && cp "$K/c" "$C/after" && ls "$C"
                """#, daemon)
        #expect(kept.output == "ada\nada\nafter\ncredentials.json\ncredentials.lock\n", "\(kept.error)")
        #expect(kept.error == "")
        #expect(refreshes(daemon) == 1)
        let after = try String(contentsOfFile: folder + "/after", encoding: .utf8)
        #expect(after.hasPrefix(#"{"logins":[{"server":"#))
        #expect(after.hasSuffix("}]}\n"))
    }

    @Test(.enabled(if: Program.mayMount, "nothing may be mounted here"))
    func aMountedFileThatCannotBeWrittenEndsNoLogin() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        try home.expireLogins()
        let refused = try await mounting(
            #"""
            cp -p "$C/credentials.json" "$K" && mount --bind "$K" "$C/credentials.json" \
            && mount -o remount,bind,ro "$C/credentials.json"; libctl whoami; echo $?
            """#, daemon)
        #expect(refused.output == "74\n")
        #expect(
            refused.error.hasSuffix(
                """
                Read-only file system
                  hint: make that folder and its files writable, or set LIBCTL_TOKEN

                """), "\(refused.error)")
        #expect(refreshes(daemon) == 0)
        #expect(try await daemon.libctl("whoami", home: home).output == "ada\n")
    }

    /// If storing the new tokens fails after the answer, `libctl` tries again in place. If that fails too, it reports
    /// the loss, and the command still succeeds.
    @Test(.enabled(if: Program.mayTrace, "strace may not trace here"), arguments: [true, false])
    func aTokenThatCannotBeKeptIsUsedAllTheSame(isWrittenInPlace: Bool) async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        try home.expireLogins()
        // Both ways of writing begin with lseek, and nothing else calls it.
        let fault = isWrittenInPlace ? "rename:error=EBUSY" : "lseek:error=EIO"
        let result = try await Program.run(
            "/usr/bin/strace",
            [
                "-f", "-qq", "-o", "/dev/null", "-e", "trace=rename,lseek", "-e", "inject=" + fault,
                Program.path("libctl"), "whoami",
            ],
            environment: ["HOME": home.path, "LIBCTL_SERVER": daemon.address])
        #expect(result.code == 0)
        #expect(result.output == "ada\n")
        let lost = """
            libctl: the renewed login of ada could not be kept: \(file): Input/output error
            libctl: the login of ada is lost: libctl login ada

            """
        #expect(result.error == (isWrittenInPlace ? "" : lost))
        #expect(refreshes(daemon) == 1)
    }

    /// Without room for its tokens no login is requested, so no session is left whose tokens nobody has.
    @Test(.enabled(if: Program.mayMount, "nothing may be mounted here"))
    func aLoginThatCouldNotBeKeptIsNotAskedFor() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let login = "libctl login ada --password-file \"$K.password\"; echo $?"
        try Data("correct horse\n".utf8).write(to: URL(fileURLWithPath: home.path + "/kept.password"))
        let full = try await mounting(Self.full + "; " + login, daemon)
        #expect(full.output == "74\n", "\(full.error)")
        #expect(full.error.contains("a new token could not be kept, so none was asked for: "))
        #expect(
            try await daemon.libctl("sessions", "list", "-o", "id", home: home).output.split(separator: "\n").count == 1
        )
    }

    /// A login that was refreshed from a copy of the file has ended for the original.
    @Test func theEndOfACopiedLoginIsExplained() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let copy = TemporaryFolder()
        try FileManager.default.copyItem(atPath: home.path + "/.config", toPath: copy.path + "/.config")
        for _ in 0..<2 {
            try copy.expireLogins()
            #expect(try await daemon.libctl("whoami", home: copy).output == "ada\n")
        }
        try home.expireLogins()
        let ended = try await daemon.libctl("whoami", home: home)
        #expect(ended.code == 4)
        #expect(
            ended.error == """
                libctl: whoami: the login of ada has ended
                  hint: libctl login ada; a copy of credentials.json on another machine needs a login of its own

                """)
    }

    /// A logout makes the file shorter, which needs no room.
    @Test(.enabled(if: Program.mayMount, "nothing may be mounted here"))
    func aFullHomeCanBeLoggedOutOf() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let out = try await mounting(Self.full + #"; libctl logout; echo $?; cat "$C/credentials.json""#, daemon)
        #expect(out.output == "0\n{\"logins\":[]}\n", "\(out.error)")
        #expect(out.error == "logged out ada\n")
    }
}
