import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

@Suite(.serialized) struct ConfigTests {
    @Test func whatIsSetHolds() async throws {
        let ctl = Ctl(try await TestLibrary())
        let path = ctl.home.path + "/.config/libctl/config.json"
        #expect(try await ctl.line("config path").output == path + "\n")
        #expect(try await ctl.line("config list").output == "")
        #expect(try await ctl.line("config get server").code == 3)
        #expect(try await ctl.line("config set server http://127.0.0.1:9999").code == 0)
        #expect(try await ctl.line("config set color never").code == 0)
        #expect(try await ctl.line("config get server").output == "http://127.0.0.1:9999\n")
        #expect(try await ctl.line("config list").output == "server\thttp://127.0.0.1:9999\ncolor\tnever\n")
        #expect(try await ctl.line("status").output == "http://127.0.0.1:9999 is ready\n")
        #expect(try await ctl.line("status --server http://127.0.0.1:1").output == "http://127.0.0.1:1 is ready\n")
        #expect(try await ctl.line("config unset server").code == 0)
        #expect(try await ctl.line("config unset server").code == 0)
        #expect(try await ctl.line("status").output == "http://127.0.0.1:8080 is ready\n")
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
        #expect(mode?.intValue == 0o600)
    }

    /// Commands that print one word print an object where JSON is asked for.
    @Test func oneWordIsJSONIfThatIsAskedFor() async throws {
        let ctl = Ctl(try await TestLibrary())
        try await ctl.login("ada")
        let token = try await ctl.line("token").output.dropLast()
        #expect(try await ctl.line("token --json").output == #"{"token":"\#(token)"}"# + "\n")
        #expect(try await ctl.line("token -o ndjson").output == #"{"token":"\#(token)"}"# + "\n")
        #expect(try await ctl.line("config set color never").code == 0)
        #expect(try await ctl.line("config get color --json").output == #"{"value":"never"}"# + "\n")
        let path = ctl.home.path + "/.config/libctl/config.json"
        #expect(try await ctl.line("config path --json").output == #"{"path":"\#(path)"}"# + "\n")
        #expect(try await ctl.line("status --json").output == #"{"status":"ok"}"# + "\n")
    }

    @Test func theUserOfTheConfigurationIsUsed() async throws {
        let ctl = Ctl(try await TestLibrary())
        try await ctl.login("ada")
        try await ctl.login("bob")
        #expect(try await ctl.line("whoami").output == "bob\n")
        _ = try await ctl.line("config set user ada")
        #expect(try await ctl.line("whoami").output == "ada\n")
        #expect(try await ctl.line("whoami --user bob").output == "bob\n")
    }

    @Test(
        arguments: [
            ("config get sever", 64), ("config set server", 64), ("config set server nonsense", 78),
            ("config set server http://example.org", 78), ("config set user a:b", 7), ("config set color blue", 7),
            ("config", 0),
        ] as [(String, Int32)])
    func failures(line: String, code: Int32) async throws {
        let ctl = Ctl(try await TestLibrary())
        #expect(try await ctl.line(line).code == code)
        #expect(!FileManager.default.fileExists(atPath: ctl.home.path + "/.config/libctl/config.json"))
    }

    @Test(arguments: [#"{"server":1}"#, #"{"server":"x"}"#, "[]", "{", #"{"color":"blue"}"#])
    func aFileThatIsNotRightIsNamedAndCanBeMended(text: String) async throws {
        let ctl = Ctl(try await TestLibrary())
        let folder = ctl.home.path + "/.config/libctl"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/config.json"))
        let status = try await ctl.line("status")
        #expect(status.code == 78)
        #expect(status.error.contains(folder + "/config.json"))
        #expect(try await ctl.line("config path").code == 0)
        guard text.hasPrefix("{\"") else {
            #expect(try await ctl.line("config unset server").code == 78)
            #expect(try String(contentsOfFile: folder + "/config.json", encoding: .utf8) == text)
            return
        }
        #expect(try await ctl.line("config unset server").code == 0)
        #expect(try await ctl.line("config unset color").code == 0)
        #expect(try await ctl.line("status").code == 0)
    }

    @Test func whatThisVersionDoesNotKnowStays() async throws {
        let ctl = Ctl(try await TestLibrary())
        _ = try await ctl.line("config set color never")
        let path = ctl.home.path + "/.config/libctl/config.json"
        try Data(#"{"theme":{"dark":true},"color":"never"}"#.utf8).write(to: URL(fileURLWithPath: path))
        #expect(try await ctl.line("config set color always").code == 0)
        #expect(
            try String(contentsOfFile: path, encoding: .utf8) == #"{"theme":{"dark":true},"color":"always"}"# + "\n")
    }
}
