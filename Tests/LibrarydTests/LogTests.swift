import Logging
import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// What the log says of a request, and its two forms.
@Suite(.serialized) struct LogTests {
    private static let request: Logger.Metadata = [
        "id": "86ad", "method": "POST", "route": "/register", "status": .stringConvertible(201),
        "duration_ms": .stringConvertible(382.483), "client": "203.0.113.9", "user": "ada",
    ]

    private func line(_ format: LogFormat, _ message: String, _ fields: Logger.Metadata) -> String {
        let clock = Clock(now: { Timestamp(milliseconds: 0) }, uptime: { 0 })
        let handler = LineLogHandler(level: LogLevel(.info), format: format, clock: clock)
        return String(decoding: handler.render(level: .info, message: message, fields: fields), as: UTF8.self)
    }

    @Test func aRequestIsReadable() {
        #expect(
            line(.text, "request", Self.request)
                == "1970-01-01T00:00:00.000Z info POST /register 201 382ms client=203.0.113.9 id=86ad user=ada")
    }

    @Test(arguments: [
        (0.0, "0.0ms"), (0.054, "0.05ms"), (0.996, "1.0ms"), (4.06, "4.1ms"), (9.96, "10ms"), (59_999.6, "60000ms"),
    ])
    func aDurationIsShort(milliseconds: Double, text: String) {
        var fields = Self.request
        fields["duration_ms"] = .stringConvertible(milliseconds)
        #expect(line(.text, "request", fields).contains(" 201 \(text) "))
    }

    @Test func numbersAreNumbers() {
        #expect(
            line(.json, "request", Self.request) == """
                {"time":"1970-01-01T00:00:00.000Z","level":"info","message":"request","client":"203.0.113.9",\
                "duration_ms":382.483,"id":"86ad","method":"POST","route":"/register","status":201,"user":"ada"}
                """)
    }

    /// A value cannot be taken for two fields, or drive the terminal.
    @Test func valuesAreApart() {
        let fields: Logger.Metadata = ["reason": "disk \"sda\" full", "x": "\u{1B}[2J", "y": ""]
        #expect(
            line(.text, "failed", fields)
                == #"1970-01-01T00:00:00.000Z info failed reason="disk \"sda\" full" x=\u{1B}[2J y="""#)
    }

    /// Requests of the router and of the hot lane tell who asked and from where.
    @Test func aRequestTellsWhoAsked() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        func last() -> [String] {
            let fields = library.log.fields.last ?? [:]
            return ["method", "route", "status", "user", "client"].map { fields[$0]?.description ?? "-" }
        }
        _ = try await library.send("GET", "/me", headers: [bearer(token)], address: "198.51.100.7")
        #expect(last() == ["GET", "/me", "200", "ada", "198.51.100.7"])
        _ = try await library.send("POST", "/login", headers: [basic("ADA", "wrong horse")], address: "2001:db8::7")
        #expect(last() == ["POST", "/login", "401", "-", "2001:db8::7"])
        _ = try await library.send("POST", "/login", headers: [basic("ada", "correct horse")], address: "2001:db8::7")
        #expect(last() == ["POST", "/login", "200", "ada", "2001:db8::7"])
        _ = try await library.send("PUT", "/nowhere/secret", address: "198.51.100.7")
        #expect(last() == ["PUT", "-", "404", "-", "198.51.100.7"])
        let connection = try await TestConnection(library)
        try await connection.send("GET /authors HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n\r\n")
        _ = try await connection.reply()
        #expect(last() == ["GET", "/authors", "200", "ada", "192.0.2.7"])
        try await connection.send("NONSENSE\r\n\r\n")
        _ = try await connection.reply()
        #expect(last()[2...] == ["400", "-", "192.0.2.7"])
        let times = library.log.entries.filter { $0.line == "info request" }.map { $0.fields["duration_ms"] }
        #expect(times.count > 5)
        #expect(times.allSatisfy { if case .stringConvertible(_ as Double)? = $0 { true } else { false } })
    }

    @Test func behindAProxyTheClientIsTheOneThatItNames() async throws {
        let library = try await TestLibrary(behindProxy: true)
        for (forwarded, client) in [
            ("203.0.113.1, 198.51.100.9", "198.51.100.9"), ("[2001:db8::9]:443", "2001:db8::9"), ("x\u{1B}", "unknown"),
            ("::ffff:198.51.100.9", "198.51.100.9"), ("192.0.2.1 client=1.2.3.4", "unknown"), ("", "unknown"),
        ] {
            _ = try await library.send("GET", "/me", headers: [("X-Forwarded-For", forwarded)], address: "10.0.0.1")
            #expect(library.log.fields.last?["client"] == "\(client)")
        }
    }

    /// A socket that takes both kinds of addresses names IPv4 clients in the form of IPv6.
    @Test func anIPv4ClientHasOneName() async throws {
        let library = try await TestLibrary()
        _ = try await library.send("GET", "/me", address: "::ffff:198.51.100.7")
        #expect(library.log.fields.last?["client"] == "198.51.100.7")
    }

    /// A wrong password is one line, at every route that takes one. The account is named only if there is one.
    @Test func aFailedLoginIsALine() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        func failures(_ send: () async throws -> Void) async throws -> [String] {
            let start = library.log.lines.count
            try await send()
            return library.log.entries.dropFirst(start).filter { $0.line == "notice login failed" }
                .map {
                    $0.fields.filter { $0.key != "id" }.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
                }
        }
        func login(_ name: String, _ method: String = "POST", _ path: String = "/login") async throws -> [String] {
            try await failures {
                _ = try await library.send(
                    method, path, headers: [basic(name, "wrong horse")], address: "2001:db8::7")
            }
        }
        let known = "account=ada client=2001:db8::7 code=credentials_wrong"
        #expect(try await login("ADA") == [known])
        #expect(try await login("ada", "GET") == [known])
        #expect(try await login("ada", "DELETE", "/me") == [known])
        #expect(try await login("bob") == ["client=2001:db8::7 code=credentials_wrong"])
        #expect(try await login("x client=1.2.3.4") == ["client=2001:db8::7 code=credentials_wrong"])
        let change = try await failures {
            _ = try await library.send(
                "PUT", "/me/password", headers: [bearer(token), ("Content-Type", "application/json")],
                body: Array(#"{"current_password":"wrong horse","new_password":"battery staple"}"#.utf8),
                address: "192.0.2.1")
        }
        #expect(change == ["account=ada client=192.0.2.1 code=password_wrong"])
        _ = try await [login("ada"), login("ada"), login("ada")]
        #expect(try await login("ada") == ["account=ada client=2001:db8::7 code=rate_limited"])
        // Neither a good login is a failure, nor a request without a password or with a token.
        let others = try await failures {
            for header in [basic("ada", "correct horse"), ("Authorization", "Basic eA=="), bearer(token)] {
                _ = try await library.send("POST", "/login", headers: [header], address: "192.0.2.1")
            }
            _ = try await library.send("POST", "/login", address: "192.0.2.1")
        }
        #expect(others == [])
    }

    /// A disk that is full, and one that has room again, are each told of once.
    @Test func whatKeepsWritesFromTheDiskIsAWarning() async throws {
        let library = try await TestLibrary()
        let store = try library.sqlite
        let watch = StoreWatch(store: store, logger: library.app.logger)
        #expect(watch.look(after: nil) == nil)
        #expect(Obstacle.slowCommit(seconds: 2).isPassing && !Obstacle.diskFull.isPassing)
        try library.hideFolder(true)
        let start = library.log.lines.count
        let obstacle = watch.look(after: nil)
        #expect(obstacle == .fileReplaced)
        #expect(watch.look(after: obstacle) == obstacle)
        try library.hideFolder(false)
        #expect(watch.look(after: obstacle) == nil)
        #expect(library.log.lines[start...] == ["error writes are not stored", "notice writes are stored again"])
        #expect(library.log.fields[start]["reason"] == "the database file was deleted or replaced")
    }

    @Test func aWrongClockIsToldOfOnce() async throws {
        let library = try await TestLibrary()
        let watch = StoreWatch(store: library.store, logger: library.app.logger)
        let start = library.log.lines.count
        var isWrong = false
        for difference in [0, 1000, -1001, 20_000, -1000, 5] as [Int64] {
            isWrong = watch.lookAtClock(difference, wasWrong: isWrong)
        }
        #expect(
            library.log.lines[start...] == [
                "warning the clock of this machine is not that of the database server, whose time counts",
                "notice the clock of this machine is right again",
            ])
        #expect(library.log.fields[start]["milliseconds"] == "1001")
    }

    @Test func aLargeLogIsToldOfOnce() async throws {
        let library = try await TestLibrary()
        let watch = StoreWatch(store: try library.sqlite, logger: library.app.logger)
        let start = library.log.lines.count
        var isLarge = false
        for size in [nil, 300 << 20, 400 << 20, nil, nil] as [Int64?] {
            isLarge = watch.lookAtLog(size, wasLarge: isLarge)
        }
        #expect(
            library.log.lines[start...] == [
                "warning the write-ahead log is large", "notice the write-ahead log is small again",
            ])
        #expect(library.log.fields[start]["bytes"] == "314572800")
    }
}
