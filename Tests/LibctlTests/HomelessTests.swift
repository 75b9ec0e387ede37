import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

/// Without `HOME`, as under `env -i` and in some containers.
@Suite(.serialized) struct HomelessTests {
    private func loggedIn(_ accountHome: String?) async throws -> (ctl: Ctl, token: String) {
        var ctl = try await Ctl.loggedIn()
        let token = try await ctl("token").output.trimmingCharacters(in: .newlines)
        ctl.environment = ["HOME": ""]
        ctl.accountHome = accountHome
        return (ctl, token)
    }

    @Test func whatNeedsNoFileWorks() async throws {
        var (ctl, token) = try await loggedIn(nil)
        #expect(try await ctl.line("status").code == 0)
        #expect(try await ctl.line("api GET /livez").output == #"{"status":"ok"}"#)
        ctl.environment["LIBCTL_TOKEN"] = token
        #expect(try await ctl.line("whoami").output == "ada\n")
        #expect(try await ctl.line("authors list").code == 0)
        #expect(try await ctl.line("logout").code == 0)
    }

    @Test(arguments: ["whoami", "sessions kept", "config list", "config path", "config set color always", "logout"])
    func whatNeedsAFileSaysSo(command: String) async throws {
        let (ctl, _) = try await loggedIn(nil)
        let result = try await ctl.line(command)
        #expect(result.code == 78)
        #expect(
            result.error.contains("neither XDG_CONFIG_HOME nor HOME is set, and this user has no home folder\n"),
            "\(result.error)")
    }

    @Test func theUserDatabaseNamesTheHome() async throws {
        let home = try await Ctl.loggedIn()
        var ctl = home
        ctl.environment = ["HOME": ""]
        ctl.accountHome = home.home.path
        #expect(try await ctl.line("whoami").output == "ada\n")
        #expect(try await ctl.line("config path").output == home.home.path + "/.config/libctl/config.json\n")
        // The real one.
        #expect(IO.standard.accountHome()?.hasPrefix("/") == true)
    }
}
