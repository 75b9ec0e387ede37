import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

/// Logins, passwords and users, from the command line.
@Suite(.serialized) struct SessionCommandTests {
    // MARK: Logins

    @Test func loginsAreListedAndEnded() async throws {
        let library = try await TestLibrary()
        let (here, there) = (Ctl(library), Ctl(library))
        try await here.login("ada")
        try await there.login("ada")
        let list = try await here.line("sessions list --fields current,id")
        #expect(list.code == 0)
        let rows = list.output.split(separator: "\n").map { $0.split(separator: "\t") }
        #expect(rows.map { String($0[0]) }.sorted() == ["false", "true"])
        let other = String(try #require(rows.first { $0[0] == "false" })[1])
        let ended = try await here.line("sessions revoke \(other)")
        #expect(ended.code == 0)
        #expect(ended.error == "ended the login\n")
        let after = try await there.line("whoami")
        #expect(after.code == 4)
        #expect(after.error.contains("hint: libctl login"))
        #expect(try await here.line("whoami").code == 0)
        let again = try await here.line("sessions revoke \(other)")
        #expect(again.code == 3)
        #expect(again.error.contains("hint: libctl sessions list"))
    }

    /// A table of kept logins has times as people read them; other formats have whole ones.
    @Test func keptLoginsHaveTimesForPeople() async throws {
        var ctl = Ctl(try await TestLibrary())
        ctl.environment["TZ"] = "UTC"
        try await ctl.login("ada")
        let time = try await ctl.line("sessions kept --fields expires_at").output.dropLast()
        #expect(time.hasSuffix("Z"))
        let table = try await ctl.line("sessions kept -o table").output
        #expect(table.hasSuffix("  " + time.prefix(16).replacing("T", with: " ") + "\n"), "\(table)")
    }

    @Test func allOtherLoginsEndAtOnce() async throws {
        let library = try await TestLibrary()
        let (here, there) = (Ctl(library), Ctl(library))
        try await here.login("ada")
        try await there.login("ada")
        #expect(try await here.line("sessions revoke --others").code == 0)
        #expect(try await here.line("whoami").code == 0)
        #expect(try await there.line("whoami").code == 4)
    }

    @Test func logoutAllEndsEveryLogin() async throws {
        let library = try await TestLibrary()
        let (here, there) = (Ctl(library), Ctl(library))
        try await here.login("ada")
        try await there.login("ada")
        #expect(try await here.line("logout --all").error == "logged out ada everywhere\n")
        #expect(try await there.line("whoami").code == 4)
        #expect(try await here.line("whoami").error.contains("not logged in"))
        // A client that is logged out already cannot log out the other clients.
        #expect(try await there.line("logout --all").code == 4)
        #expect(try await there.line("logout").code == 0)
    }

    @Test func loginsTellTheirMachines() async throws {
        let library = try await TestLibrary()
        var (here, there) = (Ctl(library), Ctl(library))
        (here.host, there.host) = ("desk", "lap\u{1B}top")
        try await here.login("ada")
        try await there.login("ada")
        let all = try await here.line("sessions list --fields client")
        #expect(all.output.split(separator: "\n").sorted() == ["libctl/0.1.0 (desk)", "libctl/0.1.0 (laptop)"])
        let table = try await here.line("sessions list -o table")
        #expect(table.output.contains("  libctl@desk    true\n"), "\(table.output)")
        #expect(table.output.contains("  libctl@laptop  false\n"))
        #expect(table.output.hasPrefix("ID        CREATED AT        LAST USED AT      CLIENT         CURRENT\n"))
    }

    /// The table shows the beginning of each id, and `revoke` takes it.
    @Test func theBeginningOfAnIDIsEnough() async throws {
        let library = try await TestLibrary()
        let (here, there) = (Ctl(library), Ctl(library))
        try await here.login("ada")
        try await there.login("ada")
        let table = try await here.line("sessions list -o table")
        let row = try #require(table.output.split(separator: "\n").first { $0.hasSuffix("false") })
        let beginning = String(try #require(row.split(separator: " ").first))
        #expect(beginning.count == 8)
        for text in [String(beginning.prefix(3)), "0123456x", "", beginning + "!"] {
            #expect(try await here.run(["sessions", "revoke", text], input: []).code == 3, "\(text)")
        }
        #expect(try await there.line("whoami").code == 0)
        #expect(try await here.line("sessions revoke \(beginning.uppercased())").error == "ended the login\n")
        #expect(try await there.line("whoami").code == 4)
        #expect(try await here.line("whoami").code == 0)
    }

    @Test func aBeginningOfSeveralIDsIsRefused() async throws {
        var ctl = Ctl(try await TestLibrary())
        try await ctl.login("ada")
        ctl.answer = { request in
            guard request.path == "/sessions" else { return nil }
            let sessions = ["6f9619ff-8b86-4011-b42d-00c04fc964ff", "6f9619ff-8b86-4011-b42d-00c04fc96400"].map {
                let now = Timestamp(milliseconds: 0)
                return LoginSession(id: $0, createdAt: now, usedAt: now, expiresAt: now, client: "", current: false)
            }
            let headers = ["content-type": "application/json"]
            return TransportReply(status: 200, headers: headers, body: LoginSessionList(sessions).json)
        }
        let result = try await ctl.line("sessions revoke 6f9619ff")
        #expect(result.code == 64)
        #expect(result.error.contains("2 logins have ids that begin with 6f9619ff"))
        #expect(ctl.record.lines("DELETE") == [])
    }

    @Test(arguments: ["sessions revoke", "sessions revoke --others x", "sessions"])
    func whichLoginsMustBeSaid(line: String) async throws {
        let ctl = Ctl(try await TestLibrary())
        try await ctl.login("ada")
        #expect(try await ctl.line(line).code == (line == "sessions" ? 0 : 64))
    }

    // MARK: Password

    @Test func thePasswordIsChanged() async throws {
        let library = try await TestLibrary()
        let (here, there) = (Ctl(library), Ctl(library))
        try await here.login("ada")
        try await there.login("ada")
        let changed = try await here.line("passwd --password-stdin", input: "correct horse\nbattery staple\n")
        #expect(changed.code == 0, "\(changed.error)")
        #expect(changed.output == "")
        #expect(!changed.error.contains("horse") && !changed.error.contains("staple"))
        #expect(try await here.line("whoami").code == 0)
        #expect(try await there.line("whoami").code == 4)
        #expect(try await there.line("login ada --password-stdin", input: "correct horse").code == 4)
        #expect(try await there.line("login ada --password-stdin", input: "battery staple").code == 0)
    }

    @Test(
        arguments: [
            ("wrong horse\nbattery staple\n", 4), ("correct horse\nshort\n", 7), ("correct horse\n", 64), ("", 64),
            ("correct horse\nada\n", 7),
        ] as [(String, Int32)])
    func aChangeThatIsNotRightChangesNothing(input: String, code: Int32) async throws {
        let ctl = Ctl(try await TestLibrary())
        try await ctl.login("ada")
        let changed = try await ctl.line("passwd --password-stdin", input: input)
        #expect(changed.code == code, "\(changed.error)")
        #expect(try await ctl.line("login ada --password-stdin", input: "correct horse").code == 0)
    }

    // MARK: Users

    @Test func anAdminChangesUsers() async throws {
        let library = try await TestLibrary()
        let (admin, ada) = (Ctl(library), Ctl(library))
        try await admin.login("root")
        try await ada.login("ada")
        let refused = try await admin.line("users list")
        #expect(refused.code == 5)
        try await library.setAdmin(true, "root")
        let list = try await admin.line("users list --fields name,admin,disabled")
        #expect(list.output == "root\ttrue\tfalse\nada\tfalse\tfalse\n")
        let promoted = try await admin.line("users promote ADA --fields name,admin")
        #expect(promoted.output == "ada\ttrue\n")
        #expect(try await ada.line("users list -o id").code == 0)
        #expect(try await admin.line("users demote ada --fields name,admin").output == "ada\tfalse\n")
        #expect(try await ada.line("users list").code == 5)
        #expect(try await admin.line("users disable ada --fields name,disabled").output == "ada\ttrue\n")
        #expect(try await ada.line("whoami").code == 4)
        #expect(try await admin.line("users enable ada --fields name,disabled").output == "ada\tfalse\n")
        #expect(try await ada.line("login ada --password-stdin", input: "correct horse").code == 0)

        #expect(try await admin.line("users rm ada").code == 64)
        #expect(try await ada.line("whoami").code == 0)
        let removed = try await admin.line("users rm ada --yes")
        #expect(removed.code == 0)
        #expect(removed.error == "deleted ada\n")
        #expect(try await ada.line("whoami").code == 4)
    }

    @Test(
        arguments: [
            ("users demote root", 6), ("users disable root", 6), ("users rm root --yes", 6),
            ("users promote nobody", 3),
            ("users promote rot", 3), ("users promote root nobody", 8), ("users promote", 64),
        ] as [(String, Int32)])
    func failures(line: String, code: Int32) async throws {
        let library = try await TestLibrary()
        let admin = Ctl(library)
        try await admin.login("root")
        try await library.setAdmin(true, "root")
        let result = try await admin.line(line)
        #expect(result.code == code, "\(result.error)")
        if line == "users promote rot" { #expect(result.error.contains("did you mean root?")) }
        #expect(try await admin.line("users list --fields name,admin,disabled").output == "root\ttrue\tfalse\n")
    }
}
