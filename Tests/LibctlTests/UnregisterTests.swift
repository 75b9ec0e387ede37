import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

@Suite(.serialized) struct UnregisterTests {
    private func added(_ ctl: Ctl) async throws {
        let add = try await ctl("authors", "add", "--name", "A", "--book", "B", "--country", "C")
        #expect(add.code == 0)
    }

    @Test func theAccountItsAuthorsAndItsLoginAreGone() async throws {
        let ctl = Ctl(try await TestLibrary())
        try await ctl.login("bob")
        try await ctl.login("Ada")
        try await added(ctl)
        let result = try await ctl("unregister", "--yes", "--password-stdin", input: "correct horse\n")
        #expect(result.code == 0)
        #expect(result.output == "")
        #expect(result.error == "deleted Ada and 1 author\n")
        let kept = try await ctl("sessions", "kept", "--fields", "user")
        #expect(kept.output == "bob\n")
        #expect(try await ctl("login", "ada", "--password-stdin", input: "correct horse").code == 4)
        // The name is free for somebody else, who has none of the authors.
        try await ctl.login("ada")
        #expect(try await ctl("authors", "list").output == "")
        #expect(try await ctl("--user", "bob", "whoami").output == "bob\n")
        let other = try await ctl("unregister", "--user", "BOB", "-y", "--password-stdin", input: "correct horse")
        #expect(other.error == "deleted bob and 0 authors\n")
        #expect(try await ctl("whoami").output == "ada\n")
    }

    @Test(
        arguments: [
            (
                ["--password-stdin"], "correct horse\n", Int32(64),
                "this needs a confirmation: there is no terminal to ask on"
            ),
            (["--yes"], "", 64, "the password is missing: there is no terminal to ask on"),
            (["--yes", "--no-input"], "", 64, "the password is missing: --no-input is set"),
            (["--yes", "--password-stdin"], "wrong horse\n", 4, "the password is wrong"),
            (["--yes", "--password-stdin"], "", 64, "the password is empty"),
            (["--yes", "--password-file", "/nonexistent"], "", 66, "there is no file /nonexistent"),
            (["--yes", "ada"], "", 64, "there is one argument too many"),
            (["--user", "bob", "--yes", "--password-stdin"], "correct horse", 4, "not logged in"),
        ] as [([String], String, Int32, String)])
    func nothingIsDeleted(arguments: [String], input: String, code: Int32, reason: String) async throws {
        let ctl = Ctl(try await TestLibrary())
        try await ctl.login("ada")
        try await added(ctl)
        let result = try await ctl.run(["unregister"] + arguments, input: Array(input.utf8))
        #expect(result.code == code)
        #expect(result.error.contains(reason), "\(result.error)")
        #expect(ctl.record.lines("DELETE") == (code == 4 && reason.contains("wrong") ? ["DELETE /me"] : []))
        #expect(try await ctl("authors", "list", "--fields", "id").output == "1\n")
    }

    @Test func theLastAdminStays() async throws {
        let library = try await TestLibrary()
        let ctl = Ctl(library)
        try await ctl.login("ada")
        try await library.setAdmin(true, "ada")
        let result = try await ctl("unregister", "--yes", "--password-stdin", input: "correct horse")
        #expect(result.code == 6)
        #expect(
            result.error == """
                libctl: unregister: the last admin can be neither removed, disabled nor demoted
                  hint: libctl users promote NAME makes another admin

                """)
        #expect(try await ctl("whoami").output == "ada\n")
    }

    /// The token of a script is enough to say which account it is, and the login that is kept goes too.
    @Test func theTokenOfTheEnvironmentNamesTheAccount() async throws {
        var ctl = Ctl(try await TestLibrary())
        try await ctl.login("ada")
        let token = try await ctl("token").output.trimmingCharacters(in: .newlines)
        try await ctl.login("bob")
        ctl.environment["LIBCTL_TOKEN"] = token
        #expect(try await ctl("unregister", "-y", "--password-stdin", input: "correct horse").code == 0)
        ctl.environment["LIBCTL_TOKEN"] = nil
        #expect(try await ctl("sessions", "kept", "--fields", "user").output == "bob\n")
    }

    /// A reply that is lost is not asked for again: the second request would meet no account.
    @Test func aLostReplyIsTold() async throws {
        var ctl = Ctl(try await TestLibrary())
        try await ctl.login("ada")
        ctl.answer = { request in
            guard request.method == "DELETE" else { return nil }
            throw CommandError(.protocolError, "the answer was lost")
        }
        let result = try await ctl("unregister", "--yes", "--password-stdin", input: "correct horse")
        #expect(result.code == 76)
        #expect(result.error.contains("hint: the daemon may have done it all the same"), "\(result.error)")
        #expect(ctl.record.lines("DELETE") == ["DELETE /me"])
    }

    @Test func aLoginThatCannotBeForgottenIsTold() async throws {
        var ctl = Ctl(try await TestLibrary())
        try await ctl.login("ada")
        let file = ctl.home.path + "/.config/libctl/credentials.json"
        let before = try Data(contentsOf: URL(fileURLWithPath: file))
        ctl.answer = { request in
            if request.method == "DELETE" { try Data("{".utf8).write(to: URL(fileURLWithPath: file)) }
            return nil
        }
        let result = try await ctl("unregister", "--yes", "--password-stdin", input: "correct horse")
        #expect(result.code == 78)
        #expect(
            result.error.hasPrefix(
                "libctl: unregister: ada is deleted, but its login is still kept here: \(file) is damaged"),
            "\(result.error)")
        try before.write(to: URL(fileURLWithPath: file))
        ctl.answer = nil
        #expect(try await ctl("whoami").code == 4)
    }
}
