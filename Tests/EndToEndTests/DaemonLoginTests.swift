import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

/// A login belongs to a daemon, at whichever address of this machine the daemon is asked; and to no other process.
@Suite(.serialized) struct DaemonLoginTests {
    private let home = TemporaryFolder()
    private let runtime = TemporaryFolder()
    private var path: String { runtime.path + "/libraryd.sock" }
    private var socket: String { "unix:" + path }
    private var file: String { home.path + "/.config/libctl/credentials.json" }

    private func daemon() async throws -> Daemon { try await Daemon(arguments: ["--socket", path]) }

    private func libctl(_ server: String, _ arguments: String..., input: String = "") async throws -> Program.Result {
        try await Program.run(
            Program.path("libctl"), arguments, environment: ["HOME": home.path, "LIBCTL_SERVER": server], input: input)
    }

    private func login(_ server: String, _ name: String = "ada") async throws {
        _ = try await libctl(server, "register", name, "--password-stdin", input: "correct horse")
        let login = try await libctl(server, "login", name, "--password-stdin", input: "correct horse")
        guard login.code == 0 else { throw Missing(what: "a login: \(login.error)") }
    }

    private var servers: [String] {
        get throws {
            let text = try String(contentsOfFile: file, encoding: .utf8)
            return text.matches(of: /"server":"([^"]*)"/).map { String($0.output.1) }
        }
    }

    @Test func aLoginHoldsAtEveryAddressOfItsDaemon() async throws {
        let daemon = try await daemon()
        try await login(socket)
        for server in [daemon.address, "http://localhost:\(daemon.port)"] {
            let there = try await libctl(server, "whoami", "-v")
            #expect(there.output == "ada\n", "\(there.error)")
            let steps = there.error.split(separator: "\n").map {
                $0.split(separator: " ")[1...2].joined(separator: " ")
            }
            #expect(steps == ["POST \(server)/proof", "GET \(server)/me"])
        }
        // Where the login was made, nothing is asked.
        let here = try await libctl(socket, "whoami", "-v")
        #expect(
            here.error.wholeMatch(of: /libctl: GET http:\/\/localhost\/me 200 [0-9]+ bytes\n/) != nil, "\(here.error)")
        #expect(try servers == [socket])
    }

    /// Also in the other direction, and with an expired token: the refreshed one is kept with the same login.
    @Test func aLoginIsRefreshedAtAnotherAddress() async throws {
        let daemon = try await daemon()
        try await login(daemon.address)
        try home.expireLogins()
        let there = try await libctl(socket, "whoami", "-v")
        #expect(there.output == "ada\n", "\(there.error)")
        #expect(there.error.components(separatedBy: "/proof").count == 2)
        #expect(try servers == [daemon.address])
        #expect(try await libctl(daemon.address, "whoami", "-v").error.contains("/token/refresh") == false)
    }

    @Test func theDaemonHasOneLoginOfEachUser() async throws {
        let daemon = try await daemon()
        try await login(socket)
        try await login(daemon.address)
        #expect(try servers == [daemon.address])
        // The login that is made last is the one that is used, at each address.
        try await login(socket, "bob")
        #expect(try servers == [daemon.address, socket])
        #expect(try await libctl(daemon.address, "whoami").output == "bob\n")
        #expect(try await libctl(daemon.address, "whoami", "--user", "ada").output == "ada\n")
        #expect(try await libctl(socket, "whoami", "--user", "ADA").output == "ada\n")
        #expect(try await libctl(socket, "logout", "--user", "ada").error == "logged out ada\n")
        #expect(try servers == [socket])
        #expect(try await libctl(daemon.address, "logout").error == "logged out bob\n")
        #expect(try servers == [])
    }

    @Test func eachOfTwoDaemonsHasItsOwnLogin() async throws {
        let (one, two) = (try await daemon(), try await Daemon())
        try await login(socket)
        try await login(two.address, "bob")
        #expect(try await libctl(one.address, "whoami").output == "ada\n")
        #expect(try await libctl("http://localhost:\(two.port)", "whoami").output == "bob\n")
        let other = try await libctl("http://localhost:\(two.port)", "whoami", "--user", "ada")
        #expect(other.code == 4)
        #expect(other.error.contains("as ada: add --server \(socket)\n"), "\(other.error)")
    }

    /// The impostor has the daemon answer each question. The daemon's proof is for another address than the client's.
    @Test(arguments: ["port to port", "port to socket", "socket to port", "socket to socket"])
    func nothingIsSentToARelay(way: String) async throws {
        let daemon = try await daemon()
        try await login(way.hasSuffix("port") ? daemon.address : socket)
        let target: Relay.Place = way.hasSuffix("port") ? .tcp(port: daemon.port) : .unix(path: path)
        let relay = try Relay(to: target, at: way.hasPrefix("socket") ? runtime.path + "/relay" : nil)
        let server = try #require(servers.first)
        for isExpired in [false, true] {
            if isExpired { try home.expireLogins() }
            let result = try await libctl(relay.address, "authors", "list")
            #expect(result.code == 4)
            #expect(
                result.error == """
                    libctl: authors list: not logged in at \(relay.address)
                      hint: you are logged in at \(server) as ada: add --server \(server)

                    """)
        }
        let out = try await libctl(relay.address, "logout")
        #expect(out.code == 0)
        #expect(out.error.hasPrefix("not logged in at \(relay.address); you are logged in at "), "\(out.error)")
        // The relay works, and was asked for a proof each time, and for nothing else.
        let heads = relay.requests.matches(of: /[A-Z]+ \/\S* HTTP\/1\.1/).map { String($0.output) }
        #expect(heads == Array(repeating: "POST /proof HTTP/1.1", count: 3))
        #expect(daemon.log.components(separatedBy: "/proof").count == 4)
        let secrets = try String(contentsOfFile: file, encoding: .utf8)
            .matches(of: /"(?:token|refresh_token|proof_key)":"([^"]*)"/).map { String($0.output.1) }
        #expect(secrets.count == 3)
        for secret in secrets + ["Authorization", "correct horse"] { #expect(!relay.requests.contains(secret)) }
        #expect(try await libctl(server, "whoami").output == "ada\n")
    }

    /// An impostor who knows everything that is public, and who has got a proof of the daemon for another question.
    @Test(arguments: ["an old proof", "the id alone", "nothing", "another daemon's id"])
    func nothingIsSentToAnImpostor(what: String) async throws {
        let daemon = try await daemon()
        try await login(socket)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let id = try #require(text.firstMatch(of: /"daemon":"([^"]*)"/)).output.1
        let user = try #require(text.firstMatch(of: /"public_id":"([^"]*)"/)).output.1
        let nonce = String(repeating: "A", count: 43)
        let asked = try await Program.run(
            "/usr/bin/curl",
            [
                "-s", "-H", "Content-Type: application/json", "-d", #"{"user":"\#(user)","nonce":"\#(nonce)"}"#,
                daemon.address + "/proof",
            ])
        let old = try Proof(json: Array(asked.output.utf8), unknownMembers: .rejected)
        #expect(old.daemon == id)
        let answers = [
            "an old proof": asked.output, "the id alone": #"{"daemon":"\#(id)","proof":"\#(nonce)"}"#, "nothing": "{}",
            "another daemon's id": #"{"daemon":"\#(user)","proof":"\#(old.proof)"}"#,
        ]
        let impostor = try FakeServer(answer: FakeServer.http("200 OK", try #require(answers[what])))
        let result = try await libctl(impostor.address, "whoami")
        #expect(result.code == 4, "\(result.error)")
        #expect(result.error.contains("add --server \(socket)\n"))
        #expect(impostor.requests.count == 1)
        let token = try #require(text.firstMatch(of: /"token":"([^"]*)"/)).output.1
        #expect(!impostor.requests[0].contains(token))
        #expect(!impostor.requests[0].lowercased().contains("\r\nauthorization:"))
    }

    /// A login by a `libctl` or from a daemon without proof keys holds where it was made, and gets its key at the next
    /// refresh.
    @Test func anOlderFileIsGoodWhereItWas() async throws {
        let daemon = try await daemon()
        try await login(socket)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let older = text.replacing(/,"daemon":"[^"]*","public_id":"[^"]*","proof_key":"[^"]*"/, with: "")
        #expect(older != text)
        try Data(older.utf8).write(to: URL(fileURLWithPath: file))
        #expect(try await libctl(daemon.address, "whoami").code == 4)
        #expect(try await libctl(socket, "whoami").output == "ada\n")
        try home.expireLogins()
        #expect(try await libctl(socket, "whoami").output == "ada\n")
        #expect(try await libctl(daemon.address, "whoami").output == "ada\n")
    }

    /// A new signing key has new proof keys. One command at the address of the login fetches them.
    @Test func aRotationRenewsTheProofKey() async throws {
        let daemon = try await daemon()
        try await login(socket)
        let rotated = try await Program.run(Program.path("libraryd"), ["key", "rotate", "--data", daemon.data])
        #expect(rotated.code == 0, "\(rotated.error)")
        #expect(try await libctl(daemon.address, "whoami").code == 4)
        try home.expireLogins()
        #expect(try await libctl(socket, "whoami").output == "ada\n")
        #expect(try await libctl(daemon.address, "whoami").output == "ada\n")
    }

    @Test func aDaemonThatIsDownIsNotTakenForALogout() async throws {
        let daemon = try await daemon()
        try await login(socket)
        #expect(try await daemon.end(SIGTERM) == 0)
        for command in ["whoami", "logout"] {
            let result = try await libctl(daemon.address, command)
            #expect(result.code == 69)
            #expect(result.error.contains("add --server \(socket)\n"), "\(result.error)")
        }
        #expect(try servers == [socket])
    }

    @Test func aReplyTellsWhoHasSentIt() async throws {
        let daemon = try await daemon()
        let curl = Curl(server: try Server("http://localhost:\(daemon.port)"))
        let live = TransportRequest(method: "GET", path: "/livez", headers: [], body: nil)
        let first = try #require(try curl.send(live).peer)
        #expect(first.connection == 1)
        #expect(first.place == ConnectionPlace.tcp(address: "127.0.0.1", port: Int(daemon.port)))
        var second = live
        second.connection = 1
        #expect(try curl.send(second).peer?.connection == 1)
        let local = try #require(try Curl(server: try Server(socket)).send(live).peer)
        #expect(local.place == ConnectionPlace.unix(path: path, user: geteuid()))
    }

    /// The id stays with the library.
    @Test func aRestartKeepsTheProof() async throws {
        let first = try await daemon()
        try await login(socket)
        #expect(try await first.end(SIGKILL) == 128 + SIGKILL)
        let second = try await Daemon(folder: first.folder, arguments: ["--socket", path])
        #expect(try await libctl(second.address, "whoami").output == "ada\n")
    }

    @Test func keptLoginsAreListed() async throws {
        let daemon = try await daemon()
        try await login(socket)
        let status = try await libctl(daemon.address, "sessions", "kept")
        #expect(status.code == 0)
        let fields = status.output.split(separator: "\t")
        #expect(fields.prefix(3) == [socket[...], "ada", "true"])
        #expect(fields[3].hasSuffix("Z\n"))
        let json = try await libctl(daemon.address, "sessions", "kept", "--json").output
        #expect(json.contains(#""server":"\#(socket)","user":"ada","current":true,"expires_at":""#))
        for secret in [#""token""#, "refresh", "proof"] { #expect(!json.contains(secret)) }
        #expect(try await libctl(daemon.address, "sessions", "kept", "-oid").output == socket + "\n")
        let other = try await libctl(daemon.address, "sessions", "kept", "--user", "bob")
        #expect(other.code == 0)
        #expect(other.output == "")
        #expect(other.error == "no such login is kept here\n")
    }
}
