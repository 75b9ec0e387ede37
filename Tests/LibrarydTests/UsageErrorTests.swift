import ArgumentParser
import Shared
import Testing

@testable import libraryd

/// The errors of the command line of `libraryd`.
@Suite struct UsageErrorTests {
    @Test(arguments: [
        (["srve"], "there is no command 'srve'", "did you mean 'libraryd serve'?"),
        (["user", "lst"], "there is no command 'user lst'", "did you mean 'libraryd user list'?"),
        (["key", "rotat"], "there is no command 'key rotat'", "did you mean 'libraryd key rotate'?"),
        (["Hunter2xyz"], "there is no such command", "libraryd --help"),
        (["user", "Hunter2xyz"], "there is no such command", "libraryd user --help"),
        (["--foo"], "there is no option --foo", "libraryd --help"),
        (["--lisen", "x"], "there is no option --lisen", "did you mean --listen?"),
        (["user", "list", "--foo"], "there is no option --foo", "libraryd user list --help"),
        (["backup"], "the file is missing", "libraryd backup FILE"),
        (["backup", "a", "b"], "there is one argument too many", "libraryd backup --help"),
        (["backup", "--keep"], "--keep needs a value", "libraryd backup --help"),
        (["backup", "f", "--keep", "x"], "the value of --keep is not valid", "libraryd backup --help"),
        (["user", "promote"], "the name is missing", "libraryd user promote NAME"),
        (["start"], "there is no command 'start'", "did you mean 'libraryd serve'?"),
        (["version"], "there is no command 'version'", "did you mean 'libraryd --version'?"),
        (["status"], "there is no command 'status'", "did you mean 'libctl status'?"),
        (["user", "remove", "x"], "there is no command 'user remove'", "did you mean 'libraryd user delete'?"),
        (["user", "create", "x"], "there is no command 'user create'", "did you mean 'libraryd user add'?"),
        (["--verison"], "there is no option --verison", "did you mean --version?"),
        (
            ["user", "add", "zoe", "--password", "x"],
            "a password on the command line is seen by others on this machine",
            "use --password-stdin or --password-file FILE, or let libraryd ask for it"
        ),
        (["help", "srve"], "there is no command 'srve'", "did you mean 'libraryd serve'?"),
    ])
    func sayWhatToDo(arguments: [String], reason: String, hint: String) throws {
        let failure: CommandError
        if let unknown = UsageError.unknownCommand(arguments) {
            failure = unknown
        } else {
            let error = try #require(throws: (any Error).self) { try Libraryd.parseAsRoot(arguments) }
            failure = UsageError.of(error, arguments)
        }
        #expect(failure == CommandError(.usage, reason, hint: hint))
    }

    @Test func theCommandOfAnotherUserIsWhole() {
        #expect(
            FolderOwner.command(as: "libraryd", ["user", "list"], "/var/lib/my library")
                == "sudo -u libraryd libraryd user list --data '/var/lib/my library'")
        #expect(
            FolderOwner.command(as: "libraryd", ["backup", "it's", "--data=/d"], "/d")
                == #"sudo -u libraryd libraryd backup 'it'\''s' --data=/d"#)
    }
}
