import Foundation
import TestSupport
import Testing

/// Arguments and variables that are not UTF-8 are refused, not repaired. File names are bytes.
@Suite(.serialized) struct NotTextTests {
    private let home = TemporaryFolder()

    /// Runs a shell line in which `\377` stands for the byte 0xFF, which no UTF-8 text has.
    private func shell(_ line: String, _ daemon: Daemon) async throws -> Program.Result {
        try await Program.run(
            "/bin/bash", ["-c", line.replacing(#"\377"#, with: #"$'\377'"#)],
            environment: ["HOME": home.path, "LIBCTL_SERVER": daemon.address], folder: home.path)
    }

    @Test func noArgumentIsMended() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let requests = daemon.log
        for (line, why) in [
            (#"libctl authors add --name \377 --book B --country C"#, "--name"),
            (#"libctl authors add --name=A\377 --book B --country C"#, "--name"),
            (#"libctl authors add --name A --book B --country \377"#, "--country"),
            (#"libctl authors list --search \377"#, "--search"), (#"libctl authors rm --name \377 --yes"#, "--name"),
            (#"libctl authors edit 1 --book \377"#, "--book"), (#"libctl authors show \377"#, "argument 3"),
            (#"libctl authors import x --map name=\377"#, "--map"),
            (#"libctl authors import x --default country=\377"#, "--default"),
            (#"libctl login \377 --password-stdin"#, "argument 2"), (#"libctl --user \377 whoami"#, "--user"),
            (#"libctl --server unix:/\377 whoami"#, "--server"), (#"libctl sessions revoke \377"#, "argument 3"),
            (#"libctl users promote \377"#, "argument 3"),
            (#"libctl authors watch --since=x --fields \377"#, "--fields"),
            (#"libctl api POST /authors -f name=\377"#, "-f"), (#"libctl api GET /authors -H A:\377"#, "-H"),
            (#"libctl config set pager \377"#, "argument 4"),
        ] {
            let result = try await shell(line, daemon)
            #expect(result.code == 64, "\(line): \(result.error)")
            #expect(result.error == "libctl: usage: \(why) is not valid UTF-8\n", "\(line)")
        }
        #expect(daemon.log == requests)
        #expect(try await daemon.libctl("authors", "list", home: home).output == "")
    }

    @Test func noVariableIsMended() async throws {
        let daemon = try await Daemon()
        for name in ["LIBCTL_USER", "LIBCTL_TOKEN", "LIBCTL_SERVER"] {
            let result = try await shell(#"\#(name)=x\377 libctl whoami"#, daemon)
            #expect(result.code == 78)
            #expect(result.error == "libctl: whoami: \(name) is not valid UTF-8\n")
        }
    }

    @Test func noAnswerIsMended() async throws {
        let daemon = try await Daemon()
        for typed: [UInt8] in [[0xFF], [0xC3]] {
            let asking = try PseudoTerminal(
                Program.path("libctl"), ["login"], environment: ["HOME": home.path, "LIBCTL_SERVER": daemon.address])
            try await asking.wait(for: "User: ")
            asking.send(typed + Array("\r".utf8))
            let (code, said) = try await asking.end()
            #expect(code == 65)
            #expect(said.contains("what was typed is not valid UTF-8"))
        }
        let password = try await shell(#"printf '\xFF' | libctl login ada --password-stdin"#, daemon)
        #expect(password.code == 65)
        #expect(password.error.contains("the password is not valid UTF-8"))
    }

    /// The file that is opened has the name that was given, byte for byte.
    @Test func namesOfFilesAreBytes() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let result = try await shell(
            #"""
            set -e
            printf 'name,book,country\nA,B,C\nD,,F\n' > \377.csv
            printf 'correct horse\n' > \377.password
            libctl authors import \377.csv --rejects=\377.rejects || echo $?
            cat \377.rejects
            libctl authors export \377.ndjson
            libctl authors add -f \377.ndjson || echo $?
            printf '{"name":"G","book":"H","country":"I"}' > \377.json
            libctl api POST /authors --input \377.json > /dev/null
            libctl login ada --password-file \377.password
            mkdir \377
            export XDG_CONFIG_HOME="$PWD/"\377
            libctl login ada --password-file=\377.password
            libctl config set user ada
            libctl config path
            libctl authors list --fields name
            ls \377/libctl
            libctl authors import \377none || echo $?
            """#, daemon)
        #expect(result.code == 0, "\(result.error)")
        #expect(!result.output.contains("\u{10FFFF}"))
        #expect(
            result.output.split(separator: "\n").map { $0.replacing(home.path, with: "HOME") } == [
                "8", #"{"line":3,"reason":"book must not be empty","text":"D,,F"}"#, "6",
                "HOME/\u{FFFD}/libctl/config.json",
                "A", "G", "config.json", "config.lock", "credentials.json", "credentials.lock", "66",
            ])
        #expect(result.error.contains(#"there is no file "#))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: home.path + "/.config/libctl").sorted() == [
                "credentials.json", "credentials.lock",
            ])
    }
}
