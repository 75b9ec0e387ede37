import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

@Suite(.serialized) struct AccountTests {
    @Test func whoRegistersIsLoggedIn() async throws {
        let ctl = Ctl(try await TestLibrary())
        for name in ["ada", "bob"] {
            let registered = try await ctl("register", name, "--password-stdin", input: "correct horse\n")
            #expect(registered.code == 0)
            #expect(registered.output == "")
            #expect(registered.error == "registered \(name) and logged in at http://127.0.0.1:8080\n")
            #expect(try await ctl("whoami").output == "\(name)\n")
        }
        #expect(try await ctl("whoami", "--user", "ada").output == "ada\n")
        // A script that logs in afterwards goes on as before.
        #expect(try await ctl("login", "ada", "--password-stdin", input: "correct horse").code == 0)
        #expect(try await ctl("whoami").output == "ada\n")
        let json = try await ctl("register", "eve", "--password-stdin", "--json", input: "correct horse")
        #expect(json.output.hasPrefix(#"{"message":"registered successfully","public_id":""#))
        #expect(try await ctl("whoami").output == "eve\n")
    }

    @Test func anAccountWithoutALoginIsTold() async throws {
        var ctl = Ctl(try await TestLibrary())
        ctl.answer = { request in
            guard request.path == "/login" else { return nil }
            throw CommandError(.unavailable, "nobody there")
        }
        let result = try await ctl("register", "ada", "--password-stdin", input: "correct horse")
        #expect(result.code == 69)
        #expect(
            result.error == """
                libctl: register: ada is registered, but not logged in: nobody there
                  hint: libctl login ada

                """)
        ctl.answer = nil
        #expect(try await ctl("login", "ada", "--password-stdin", input: "correct horse").code == 0)
    }

    @Test func registersWithoutALogin() async throws {
        let ctl = Ctl(try await TestLibrary())
        let registered = try await ctl("register", "ada", "--no-login", "--password-stdin", input: "correct horse\n")
        #expect(registered.code == 0)
        #expect(registered.output == "")
        #expect(registered.error == "registered ada; now: libctl login ada\n")
        #expect(try await ctl("whoami").code == 4)
        let login = try await ctl("login", "ada", "--password-stdin", input: "correct horse")
        #expect(login.code == 0)
        #expect(try await ctl("whoami").output == "ada\n")
        #expect(try await ctl("logout").error == "logged out ada\n")
        let after = try await ctl("whoami")
        #expect(after.code == 4)
        #expect(after.error == "libctl: whoami: not logged in at http://127.0.0.1:8080\n  hint: libctl login\n")
    }

    @Test func theNewlineIsNotPartOfThePasswordButSpacesAre() async throws {
        let ctl = Ctl(try await TestLibrary())
        _ = try await ctl("register", "ada", "--password-stdin", input: " correct horse \r\n")
        #expect(try await ctl("login", "ada", "--password-stdin", input: " correct horse ").code == 0)
        #expect(try await ctl("login", "ada", "--password-stdin", input: "correct horse").code == 4)
    }

    /// Editors of Windows write a byte order mark. Within a password, and before the second line, it is a character.
    @Test func aByteOrderMarkIsNotPartOfThePassword() async throws {
        let ctl = Ctl(try await TestLibrary())
        #expect(try await ctl("register", "ada", "--password-stdin", input: "\u{FEFF}correct horse\r\n").code == 0)
        let file = ctl.home.path + "/password"
        try Data("\u{FEFF}correct horse\n".utf8).write(to: URL(fileURLWithPath: file))
        #expect(try await ctl("login", "ada", "--password-file", file).code == 0)
        #expect(try await ctl("login", "ada", "--password-stdin", input: "correct horse").code == 0)
        #expect(try await ctl("login", "ada", "--password-stdin", input: "\u{FEFF}\u{FEFF}correct horse").code == 4)
        let both = "\u{FEFF}correct horse\n\u{FEFF}battery staple\n"
        #expect(try await ctl("passwd", "--password-stdin", input: both).code == 0)
        #expect(try await ctl("login", "ada", "--password-stdin", input: "battery staple").code == 4)
        #expect(try await ctl("login", "ada", "--password-stdin", input: "\u{FEFF}").code == 64)
    }

    @Test(
        arguments: [
            (["register", "ada", "--password-stdin"], "short", Int32(7)),
            (["register", "a b", "--password-stdin"], "correct horse", 7),
            (["register", "ada", "--password-stdin"], "", 64), (["register", "ada"], "", 64), (["login"], "", 64),
            (["register", "--password-stdin"], "x", 64),
            (["login", "ada", "--password-stdin", "--password-file", "x"], "", 64),
            (["login", "ada", "--password-file", "/nonexistent"], "", 66),
            (["login", "nobody", "--password-stdin"], "correct horse", 4),
            (["login", "ada", "--password", "x"], "", 64),
        ] as [([String], String, Int32)])
    func failures(arguments: [String], input: String, code: Int32) async throws {
        let result = try await Ctl(try await TestLibrary()).run(arguments, input: Array(input.utf8))
        #expect(result.code == code, "\(result.error)")
        #expect(result.output == "")
        #expect(result.error.hasPrefix("libctl: "))
    }

    @Test func theFileIsPrivate() async throws {
        let ctl = Ctl(try await TestLibrary())
        try await ctl.login("ada")
        let folder = ctl.home.path + "/.config/libctl"
        func mode(_ path: String) throws -> Int {
            try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber)
                .intValue
        }
        #expect(try mode(folder) == 0o700)
        #expect(try mode(folder + "/credentials.json") == 0o600)
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: folder + "/credentials.json")
        let result = try await ctl("whoami")
        #expect(result.code == 77)
        #expect(result.error.contains("hint: chmod 600 "))
    }

    @Test func aLinkInPlaceOfTheFileIsRefused() async throws {
        let ctl = Ctl(try await TestLibrary())
        try await ctl.login("ada")
        let path = ctl.home.path + "/.config/libctl/credentials.json"
        try FileManager.default.moveItem(atPath: path, toPath: ctl.home.path + "/elsewhere")
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: ctl.home.path + "/elsewhere")
        #expect(try await ctl("whoami").code == 77)
    }

    @Test func aDamagedFileIsNotOverwritten() async throws {
        let ctl = Ctl(try await TestLibrary())
        try await ctl.login("ada")
        let path = ctl.home.path + "/.config/libctl/credentials.json"
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.truncate(atOffset: 20)
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(try await ctl("whoami").code == 78)
        #expect(try await ctl("login", "ada", "--password-stdin", input: "correct horse").code == 78)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }

    @Test func anExpiredTokenIsRefreshedSilently() async throws {
        let library = try await TestLibrary()
        let ctl = Ctl(library)
        try await ctl.login("ada")
        let before = try await ctl("token").output
        library.time.advance(seconds: 1800)
        let result = try await ctl("whoami")
        #expect(result.code == 0)
        #expect(result.error == "")
        #expect(try await ctl("token").output != before)
    }

    @Test func twentyAtOnceRefreshOnceAndAllSucceed() async throws {
        let library = try await TestLibrary()
        let ctl = Ctl(library)
        try await ctl.login("ada")
        library.time.advance(seconds: 1800)
        let tokens = try await withThrowingTaskGroup(of: Ctl.Result.self) { group in
            for _ in 0..<20 { group.addTask { try await ctl("token") } }
            return try await group.reduce(into: Set<String>()) {
                #expect($1.code == 0, "\($1.error)")
                $0.insert($1.output)
            }
        }
        #expect(tokens.count == 1)
    }

    @Test func aLostAnswerIsAskedForOnceMore() async throws {
        let library = try await TestLibrary()
        var ctl = Ctl(library)
        try await ctl.login("ada")
        library.time.advance(seconds: 1800)
        ctl.lost = "/token/refresh"
        let first = try await ctl("whoami")
        #expect(first.code == 0, "\(first.error)")
        library.time.advance(seconds: 1800)
        ctl.lost = nil
        #expect(try await ctl("whoami").code == 0)
    }

    /// Two key rotations make every access token unreadable, but end no login.
    @Test func anotherKeyIsNoEnd() async throws {
        let library = try await TestLibrary()
        let ctl = Ctl(library)
        try await ctl.login("ada")
        for _ in 0..<2 { try await library.rotateKey() }
        #expect(try await ctl("whoami").output == "ada\n")
        for _ in 0..<2 { try await library.rotateKey() }
        #expect(try await ctl("logout").code == 0)
        #expect(try library.sessionCount == 0)
    }

    @Test func minTTLRefreshesEarly() async throws {
        let library = try await TestLibrary()
        let ctl = Ctl(library)
        try await ctl.login("ada")
        let first = try await ctl("token").output
        #expect(try await ctl("token", "--min-ttl", "29m").output == first)
        library.time.advance(seconds: 120)
        #expect(try await ctl("token", "--min-ttl", "29m").output != first)
        // A token that would expire too early is not printed.
        let tooLong = try await ctl("token", "--min-ttl", "1h")
        #expect(tooLong.code == 7)
        #expect(tooLong.output == "")
        #expect(
            tooLong.error
                == "libctl: token: a new token is valid for 1800 s only\n  hint: ask for less than --min-ttl 1800s\n")
    }

    @Test func aLoginThatHasEndedSaysSo() async throws {
        let library = try await TestLibrary()
        let ctl = Ctl(library)
        try await ctl.login("ada")
        library.time.advance(seconds: 31 * 86400)
        let result = try await ctl("whoami")
        #expect(result.code == 4)
        #expect(result.error == "libctl: whoami: the login of ada has ended\n  hint: libctl login ada\n")
    }

    @Test func severalLoginsAtOneServer() async throws {
        let ctl = Ctl(try await TestLibrary())
        try await ctl.login("ada")
        try await ctl.login("bob")
        #expect(try await ctl("whoami").output == "bob\n")
        #expect(try await ctl("whoami", "--user", "ADA").output == "ada\n")
        #expect(try await ctl("--user", "ada", "whoami").output == "ada\n")
        #expect(try await ctl("whoami", "--user", "eve").code == 4)
    }

    @Test func aTokenGoesToNoOtherServer() async throws {
        let ctl = Ctl(try await TestLibrary())
        try await ctl.login("ada")
        #expect(try await ctl("whoami", "--server", "http://127.0.0.1:8081").code == 4)
        #expect(try await ctl("whoami", "--server", "http://localhost:8080").code == 4)
        #expect(try await ctl("whoami", "--server", "HTTP://127.0.0.1:8080/").code == 0)
    }

    @Test func theVariableWinsOverTheFile() async throws {
        var ctl = Ctl(try await TestLibrary())
        try await ctl.login("ada")
        ctl.environment["LIBCTL_TOKEN"] = "nonsense"
        let result = try await ctl("whoami")
        #expect(result.code == 4)
        #expect(try await ctl("token").output == "nonsense\n")
        ctl.record.clear()
        for text in ["a\r", "a b", "a\nX-Header: b", "\u{E9}"] {
            ctl.environment["LIBCTL_TOKEN"] = text
            for command in ["whoami", "token"] { #expect(try await ctl(command).code == 78) }
        }
        #expect(ctl.record.lines() == [])
    }
}
