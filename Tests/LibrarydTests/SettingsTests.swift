import ArgumentParser
import Foundation
import Logging
import Shared
import TestSupport
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import libraryd

@Suite struct SettingsTests {
    private let folder = TemporaryFolder()

    private func settings(_ arguments: [String] = [], _ environment: [String: String] = [:]) async throws -> Settings {
        try await Settings(
            flags: try Flags.parse(arguments),
            environment: environment.merging(["HOME": "/home/ada"]) { given, _ in given })
    }

    private func file(_ text: String) throws -> String {
        let path = folder.path + "/config.json"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test func nothingNeedsConfiguring() async throws {
        let settings = try await settings()
        #expect(settings.listen == Listen(host: "127.0.0.1", port: 8080))
        #expect(settings.socket == nil)
        #expect(settings.data == "/home/ada/.local/share/libraryd")
        #expect(settings.tokenLifetime.seconds == 1800)
        #expect(settings.refreshLifetime.seconds == 30 * 86400)
        #expect(settings.logLevel == .info)
    }

    @Test func theRuntimeFolderBringsASocket() async throws {
        let settings = try await settings([], ["XDG_RUNTIME_DIR": "/run/user/1", "XDG_DATA_HOME": "/data"])
        #expect(settings.socket == "/run/user/1/libraryd.sock")
        #expect(settings.listen == .standard)
        #expect(settings.data == "/data/libraryd")
    }

    @Test func aSocketAloneMeansNoPort() async throws {
        let settings = try await settings(["--socket", "/tmp/s"], ["XDG_RUNTIME_DIR": "/run/user/1"])
        #expect(settings.socket == "/tmp/s")
        #expect(settings.listen == nil)
    }

    @Test func flagsWinOverTheEnvironmentWhichWinsOverTheFile() async throws {
        let config = try file(#"{"listen":"127.0.0.1:1","data":"/file","token-lifetime":"1m","log-level":"error"}"#)
        let settings = try await settings(
            ["--listen", "127.0.0.1:3", "--config", config],
            ["LIBRARYD_LISTEN": "127.0.0.1:2", "LIBRARYD_DATA": "/environment"])
        #expect(settings.listen?.port == 3)
        #expect(settings.data == "/environment")
        #expect(settings.tokenLifetime.seconds == 60)
        #expect(settings.logLevel == .error)
    }

    @Test(arguments: [
        ("LIBRARYD_LISTN", "did you mean LIBRARYD_LISTEN?"),
        ("LIBRARYD_TOKEN_LIFETIM", "did you mean LIBRARYD_TOKEN_LIFETIME?"),
    ])
    func anUnknownVariableIsNamed(variable: String, hint: String) async throws {
        let error = await #expect(throws: CommandError.self) { try await settings([], [variable: "x"]) }
        #expect(error?.exit == .configuration)
        #expect(error?.hint == hint)
    }

    @Test(arguments: [
        (#"{"listn":"x"}"#, "listn"), (#"{"listen":5}"#, "listen must be a string"), ("[]", "not a JSON object"),
        ("{", "expected a member name"),
    ])
    func aFileThatIsNotRightIsRefused(text: String, reason: String) async throws {
        let config = try file(text)
        let error = await #expect(throws: CommandError.self) { try await settings(["--config", config]) }
        #expect(error?.exit == .configuration)
        #expect(error?.reason.contains(reason) == true)
    }

    @Test(arguments: [
        ["--listen", "x"], ["--listen", "127.0.0.1:65536"], ["--listen", ":80"], ["--listen", "::1:80"],
        ["--token-lifetime", "0s"], ["--token-lifetime", "5"], ["--log-level", "loud"], ["--log-format", "xml"],
        ["--listen", "0.0.0.0:80"], ["--listen", "[::]:80"], ["--listen", "example.org:80"],
        ["--listen", "127.0.0.1.example.org:80"],
    ])
    func aValueThatIsNotRightIsRefused(arguments: [String]) async throws {
        let error = await #expect(throws: CommandError.self) { try await settings(arguments) }
        #expect(error?.exit == .configuration)
    }

    @Test(arguments: ["127.0.0.1:80", "127.8.9.1:80", "localhost:80", "[::1]:80"])
    func loopbackNeedsNoProxy(listen: String) async throws {
        #expect(try await settings(["--listen", listen]).listen?.description == listen)
    }

    @Test func aProxyAllowsOtherAddresses() async throws {
        #expect(try await settings(["--listen", "0.0.0.0:80", "--behind-proxy"]).listen?.host == "0.0.0.0")
        #expect(
            try await settings(["--listen", "0.0.0.0:80"], ["LIBRARYD_BEHIND_PROXY": "true"]).listen?.host == "0.0.0.0")
    }

    @Test func withoutAHomeTheFolderMustBeNamed() async throws {
        let error = await #expect(throws: CommandError.self) {
            try await Settings(flags: try Flags.parse([]), environment: [:])
        }
        #expect(error?.hint == "use --data DIR")
    }
}
