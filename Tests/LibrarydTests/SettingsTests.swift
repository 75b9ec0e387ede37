import ArgumentParser
import CommandHelp
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

    private func settings(_ arguments: [String] = [], _ environment: [String: String] = [:]) throws -> Settings {
        try Settings(
            options: try Flags.parse(arguments).texts,
            environment: environment.merging(["HOME": "/home/ada"]) { given, _ in given })
    }

    private func file(_ text: String) throws -> String {
        let path = folder.path + "/config.json"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test func nothingNeedsConfiguring() throws {
        let settings = try settings()
        #expect(settings.listen == Listen(host: "127.0.0.1", port: 8080))
        #expect(settings.socket == nil)
        #expect(settings.data == "/home/ada/.local/share/libraryd")
        #expect(settings.tokenLifetime.seconds == 1800)
        #expect(settings.refreshLifetime.seconds == 30 * 86400)
        #expect(settings.logLevel == .automatic)
        #expect(settings.isRegistrationOpen)
    }

    @Test func theRuntimeFolderBringsASocket() throws {
        let settings = try settings([], ["XDG_RUNTIME_DIR": "/run/user/1", "XDG_DATA_HOME": "/data"])
        #expect(settings.socket == "/run/user/1/libraryd.sock")
        #expect(settings.listen == .standard)
        #expect(settings.data == "/data/libraryd")
    }

    @Test func aSocketAloneMeansNoPort() throws {
        let settings = try settings(["--socket", "/tmp/s"], ["XDG_RUNTIME_DIR": "/run/user/1"])
        #expect(settings.socket == "/tmp/s")
        #expect(settings.listen == nil)
    }

    /// An empty path would be the current directory.
    @Test(arguments: ["config", "data", "socket", "tls-certificate", "tls-key"])
    func aPathIsNotEmpty(key: String) throws {
        for (options, environment) in [
            (["--\(key)", ""], [:]), ([], ["LIBRARYD_" + key.uppercased().replacing("-", with: "_"): ""]),
        ] {
            let failure = #expect(throws: CommandError.self) { try settings(options, environment) }
            #expect(failure?.exit == .configuration && failure?.reason == "\(key) must be a path, not ''")
        }
    }

    @Test func flagsWinOverTheEnvironmentWhichWinsOverTheFile() throws {
        let config = try file(#"{"listen":"127.0.0.1:1","data":"/file","token-lifetime":"1m","log-level":"error"}"#)
        let settings = try settings(
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
        ("LIBRARYD_PORT", "use LIBRARYD_LISTEN=HOST:PORT"), ("LIBRARYD_X", "libraryd serve --help"),
    ])
    func anUnknownVariableIsNamed(variable: String, hint: String) throws {
        let settings = try settings([], [variable: "canary"])
        #expect(settings.unknownVariables == [UnknownVariable(name: variable, hint: hint)])
        #expect(settings.listen == .standard)
        #expect(
            settings.unknownVariables[0].reason == "\(variable) is not a known environment variable and has no effect")
    }

    @Test func eachValueTellsItsOrigin() throws {
        let config = try file(#"{"listen":"127.0.0.1:1","data":"/file","token-lifetime":"60m","behind-proxy":true}"#)
        let settings = try settings(
            ["--listen", "127.0.0.1:3", "--config", config, "--log-level", "debug"],
            ["LIBRARYD_LISTEN": "127.0.0.1:2", "LIBRARYD_DATA": "/environment", "LIBRARYD_REGISTRATION": "closed"])
        let values = settings.values.map { "\($0.key)=\($0.value ?? "-") \($0.origin.kind) \($0.origin.name ?? "-")" }
        #expect(
            values == [
                "config=\(config) option --config", "listen=127.0.0.1:3 option --listen", "socket=- default -",
                "tls-certificate=- default -", "tls-key=- default -", "data=/environment variable LIBRARYD_DATA",
                "database=- default -", "behind-proxy=true file \(config)", "token-lifetime=1h file \(config)",
                "refresh-lifetime=30d default -", "registration=closed variable LIBRARYD_REGISTRATION",
                "history-events=100000 default -", "history-age=- default -",
                "log-level=debug option --log-level", "log-format=\(LogFormat.automatic) default -",
            ])
        // Each option of `serve` is a key.
        #expect(
            Set(CommandArgument.all(of: ServeCommand.self).flatMap(\.names)).subtracting(["--version", "--help", "-h"])
                == Set(settings.values.map { "--" + $0.key }))
        #expect(Set(try Flags.parse(Self.everyOption).texts.keys) == Set(settings.values.map(\.key)))
    }

    private static let everyOption = [
        "--listen", "127.0.0.1:1", "--socket", "/s", "--tls-certificate", "/c", "--tls-key", "/k", "--data", "/d",
        "--database", "host=/nowhere dbname=library",
        "--config", "/f", "--behind-proxy", "--token-lifetime", "1m", "--refresh-lifetime", "1d", "--registration",
        "open", "--history-events", "10", "--history-age", "30d", "--log-level", "info", "--log-format", "text",
    ]

    @Test func aChangeThatNeedsARestartIsNamed() throws {
        let first = try settings(["--listen", "127.0.0.1:1", "--log-level", "info"])
        let next = try settings(["--listen", "127.0.0.1:2", "--log-level", "error", "--token-lifetime", "1h"])
        #expect(first.keysThatNeedARestart(next) == ["listen", "token-lifetime"])
        #expect(first.keysThatNeedARestart(first) == [])
    }

    @Test(arguments: [
        (#"{"listn":"x"}"#, "listn"), (#"{"listen":5}"#, "listen must be HOST:PORT, not '5'"),
        (#"{"listen":null}"#, "listen must be a string, a number, true or false"),
        (#"{"behind-proxy":1}"#, "behind-proxy must be true or false, not '1'"), (#"{"data":[]}"#, "data must be"),
        (#"{"token-lifetime":30}"#, "token-lifetime must be a whole number and a unit"), ("[]", "not a JSON object"),
        ("{", "expected a member name"),
    ])
    func aFileThatIsNotRightIsRefused(text: String, reason: String) throws {
        let config = try file(text)
        let error = #expect(throws: CommandError.self) { try settings(["--config", config]) }
        #expect(error?.exit == .configuration)
        #expect(error?.reason.contains(reason) == true)
    }

    @Test(arguments: [
        ["--listen", "x"], ["--listen", "127.0.0.1:65536"], ["--listen", ":80"], ["--listen", "::1:80"],
        ["--token-lifetime", "0s"], ["--token-lifetime", "5"], ["--log-level", "loud"], ["--log-format", "xml"],
        ["--listen", "0.0.0.0:80"], ["--listen", "[::]:80"], ["--listen", "example.org:80"],
        ["--listen", "127.0.0.1.example.org:80"], ["--registration", "shut"],
        ["--history-events", "0"], ["--history-events", "1e5"], ["--history-age", "0s"], ["--history-age", "1y"],
        ["--listen", "127.0.0.1 x:80"],
        ["--listen", "128.1:80"], ["--listen", "[::2]:80"], ["--listen", "localhost.example:80"],
    ])
    func aValueThatIsNotRightIsRefused(arguments: [String]) throws {
        let error = #expect(throws: CommandError.self) { try settings(arguments) }
        #expect(error?.exit == .configuration)
        #expect(error?.hint != nil)
    }

    @Test(arguments: ["127.0.0.1:80", "127.8.9.1:80", "localhost:80", "[::1]:80"])
    func loopbackNeedsNoProxy(listen: String) throws {
        #expect(try settings(["--listen", listen]).listen?.description == listen)
    }

    /// However this machine is spelt, it is this machine.
    @Test(arguments: [
        ("LOCALHOST:0", "localhost:0"), ("localhost.:80", "localhost:80"), ("127.1:80", "127.0.0.1:80"),
        ("[0:0:0:0:0:0:0:1]:80", "[::1]:80"), ("0x7f000001:80", "127.0.0.1:80"),
        ("[::FFFF:127.0.0.1]:80", "[::ffff:127.0.0.1]:80"),
    ])
    func loopbackHasManySpellings(listen: String, same: String) throws {
        #expect(try settings(["--listen", listen]).listen?.description == same)
    }

    @Test(arguments: [
        (":8081", "did you mean 127.0.0.1:8081?"), ("8081", "did you mean 127.0.0.1:8081?"),
        ("localhost", "did you mean localhost:8080?"), ("box.example", "did you mean box.example:8080?"),
        ("ada:secret@host", "libraryd serve --help"), ("a:b:c", "libraryd serve --help"),
    ])
    func anAddressIsCompleted(listen: String, hint: String) throws {
        let error = #expect(throws: CommandError.self) { try settings(["--listen", listen]) }
        #expect(error?.hint == hint)
    }

    /// What Kubernetes and Docker set for a service of that name is no setting.
    @Test func injectedVariablesAreIgnored() throws {
        let settings = try settings(
            [],
            [
                "LIBRARYD_SERVICE_HOST": "10.0.0.11", "LIBRARYD_SERVICE_PORT": "8080",
                "LIBRARYD_SERVICE_PORT_HTTP": "8080", "LIBRARYD_PORT": "tcp://10.0.0.11:8080",
                "LIBRARYD_PORT_8080_TCP": "tcp://10.0.0.11:8080", "LIBRARYD_PORT_8080_TCP_PROTO": "tcp",
                "LIBRARYD_PORT_8080_TCP_PORT": "8080", "LIBRARYD_PORT_8080_TCP_ADDR": "10.0.0.11",
                "LIBRARYD_NAME": "/web/libraryd", "LIBRARYD_ENV_HOME": "/root",
            ])
        #expect(settings.listen == .standard)
    }

    @Test func aFileMayHaveFlagsAndNumbers() throws {
        let config = try file(#"{"behind-proxy":true,"listen":"0.0.0.0:80","registration":"closed","data":7}"#)
        let settings = try settings(["--config", config])
        #expect(settings.behindProxy)
        #expect(!settings.isRegistrationOpen)
        #expect(settings.data.hasSuffix("/7"))
    }

    @Test func aProxyAllowsOtherAddresses() throws {
        #expect(try settings(["--listen", "0.0.0.0:80", "--behind-proxy"]).listen?.host == "0.0.0.0")
        #expect(
            try settings(["--listen", "0.0.0.0:80"], ["LIBRARYD_BEHIND_PROXY": "true"]).listen?.host == "0.0.0.0")
    }

    @Test func withoutAHomeTheFolderMustBeNamed() throws {
        let error = #expect(throws: CommandError.self) {
            try Settings(options: [:], environment: [:])
        }
        #expect(error?.hint == "use --data DIR")
    }
}
