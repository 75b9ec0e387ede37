import Foundation
import HTTPTypes
import Hummingbird
package import LibraryPostgres
import LibraryServer
package import LibraryStore
import Logging
import NIOCore
import NIOEmbedded
public import Shared
import Synchronization
import Testing

/// A library on a real database, in a folder of its own, behind the daemon's real router.
public final class TestLibrary: Sendable {
    public let folder: TemporaryFolder
    /// The clock of the daemon. It stands still until a test moves it.
    public let time: TestTime
    /// The log of the daemon: level and message.
    let log = TestLog()
    let app: App
    private let responder: PathResponder

    /// - Parameters:
    ///   - database: one that other daemons may use too; `nil` for one of its own, or for SQLite.
    ///   - machineTime: the clock of the machine, for a daemon that goes by the clock of the database.
    ///   - keptEvents: as ``HistoryLimit/events``.
    ///   - age: as ``HistoryLimit/age``, in seconds.
    package init(
        folder: TemporaryFolder = TemporaryFolder(), database: DatabaseURL? = nil, time: TestTime = TestTime(),
        machineTime: Clock? = nil,
        behindProxy: Bool = false, isRegistrationOpen: Bool = true, keptEvents: Int64 = 100_000,
        keptFor age: Int64? = nil
    ) async throws {
        self.folder = folder
        self.time = time
        let key = folder.path + "/signing.key"
        if try FileStatus(path: key) == nil { try FileContents.write(Array(0..<32), to: key) }
        let limit = HistoryLimit(events: keptEvents, age: age.map { TimeSpan(seconds: $0) })
        let store: any Store
        if database != nil || TestDatabase.isUsed {
            let database = if let database { database } else { try await TestDatabase.url(of: folder.path) }
            store = try await PostgresStore(
                database, folder: folder.path, secret: Array(0..<32), history: limit, clock: machineTime ?? .system)
        } else {
            store = try SQLiteStore(path: folder.path + "/library.db", history: limit, clock: time.clock)
        }
        app = try await App(
            store: store,
            keys: KeyFiles(folder: folder.path),
            tokenLifetime: TimeSpan(seconds: 1800), refreshLifetime: TimeSpan(seconds: 30 * 86400),
            // Cheap, so that a test can have many users. Another test checks the real cost.
            passwords: Passwords(cost: .init(logN: 4, r: 8, p: 1)),
            behindProxy: behindProxy, isRegistrationOpen: isRegistrationOpen,
            clock: machineTime == nil ? time.clock : store.clock,
            logger: Logger(label: "test") { [log] _ in log })
        responder = app.responder()
    }

    deinit {
        app.store.close()
    }

    /// The names in the folder.
    public var files: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
    }

    /// Renames the folder, or renames it back.
    public func hideFolder(_ hides: Bool) throws {
        let (shown, hidden) = (folder.path, folder.path + "-hidden")
        try FileManager.default.moveItem(atPath: hides ? shown : hidden, toPath: hides ? hidden : shown)
    }

    /// Does what `libraryd user` does while the daemon runs.
    public func setAdmin(_ admin: Bool, _ name: String) async throws {
        _ = try await app.perform(admin ? .promote(name) : .demote(name))
    }

    private static func slowly(_ body: [UInt8], _ meanwhile: @escaping @Sendable () async throws -> Void) -> RequestBody
    {
        let step = Mutex(0)
        return RequestBody(
            asyncSequence: AsyncThrowingStream(unfolding: {
                let number = step.withLock { step in
                    step += 1
                    return step
                }
                if number == 2 { try await meanwhile() }
                let half = body.count / 2
                return [1: ByteBuffer(bytes: body[..<half]), 2: ByteBuffer(bytes: body[half...])][number]
            }))
    }

    /// Does what `libraryd key rotate` does while the daemon runs.
    public func rotateKey() async throws {
        _ = try await app.perform(OperatorRequest.rotateKey)
    }

    package var store: any Store { app.store }

    /// The store of a test that looks into the database itself. On PostgreSQL such a test is skipped.
    package var sqlite: SQLiteStore {
        get throws {
            guard let store = app.store as? SQLiteStore else { try Test.cancel("looks into SQLite") }
            return store
        }
    }

    /// The number of sessions in memory.
    public var sessionCount: Int { get throws { try sqlite.sessions.counts.sessions } }

    /// Sends one request through the router. Its reply must be in `/openapi.json`.
    /// - Parameters:
    ///   - address: of the client; `nil` for a request on the Unix socket.
    ///   - host: the value of `Host`.
    ///   - meanwhile: runs between the two halves of the body.
    public func send(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: [UInt8] = [],
        address: String? = nil, host: String = "localhost", meanwhile: (@Sendable () async throws -> Void)? = nil
    ) async throws -> TestReply {
        let request = Request(
            head: try Self.head(method, path, headers, host: host),
            body: meanwhile.map { Self.slowly(body, $0) } ?? RequestBody(buffer: ByteBuffer(bytes: body)))
        let channel = NIOAsyncTestingChannel()
        if let address { channel.remoteAddress = try SocketAddress(ipAddress: address, port: 1) }
        let source = ApplicationRequestContextSource(
            channel: channel, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let response = try await responder.respond(to: request, context: GuestContext(source: source))
        let collector = BodyCollector()
        try await response.body.write(CollectingWriter(collector: collector))
        let reply = TestReply(response, body: collector.bytes.withLock { $0 })
        try APIDocument.served.check(method, path, reply)
        if method == "GET", body.isEmpty, address == nil { try await compare(reply, path, headers) }
        return reply
    }

    /// Sends a request that changes nothing once more, to the connection in front of the router, which answers some by
    /// itself: byte for byte the same, but for the id of the request and the date.
    private func compare(_ reply: TestReply, _ path: String, _ headers: [(String, String)]) async throws {
        let isOnTheWire = path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }
        let size = headers.reduce(0) { $0 + $1.0.utf8.count + $1.1.utf8.count }
        guard isOnTheWire, size < 8192, reply.header("content-length") != nil || reply.status == 304,
            !["/authors/events", "/login", "/metrics"].contains(path.split(separator: "?")[0])
        else { return }
        let connection = try await TestConnection(self)
        let fields = headers.map { "\($0.0): \($0.1)\r\n" }.joined()
        try await connection.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n")
        let other = try await connection.reply()
        try await connection.close()
        guard other.comparable == reply.comparable else {
            throw Missing(what: "the same reply on both ways to GET \(path): \(reply.comparable), \(other.comparable)")
        }
    }

    /// Opens a stream of server-sent events. Its head must be in `/openapi.json`.
    func open(_ path: String, headers: [(String, String)] = []) async throws -> TestStream {
        let request = Request(
            head: try Self.head("GET", path, headers), body: RequestBody(buffer: ByteBuffer()))
        let channel = NIOAsyncTestingChannel()
        let source = ApplicationRequestContextSource(
            channel: channel, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let response = try await responder.respond(to: request, context: GuestContext(source: source))
        let stream = TestStream(response, channel)
        try APIDocument.served.check("GET", path, stream.reply)
        return stream
    }

    private static func head(
        _ method: String, _ path: String, _ headers: [(String, String)], host: String = "localhost"
    ) throws -> HTTPRequest {
        var fields = HTTPFields()
        for (name, value) in headers {
            fields.append(HTTPField(name: try require(HTTPField.Name(name)), value: value))
        }
        return HTTPRequest(
            method: try require(HTTPRequest.Method(method)), scheme: "http", authority: host, path: path,
            headerFields: fields)
    }
}

/// Stores the log.
struct TestLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    private let kept = Kept()

    /// Each line with its fields.
    var entries: [(line: String, fields: Logger.Metadata)] { kept.entries.withLock { $0 } }
    var lines: [String] { entries.map(\.line) }
    var fields: [Logger.Metadata] { entries.map(\.fields) }

    func log(event: LogEvent) {
        kept.entries.withLock { $0.append(("\(event.level) \(event.message)", event.metadata ?? [:])) }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    private final class Kept: Sendable {
        let entries = Mutex<[(line: String, fields: Logger.Metadata)]>([])
    }
}

/// A clock that a test moves.
public final class TestTime: Sendable {
    private let current = Mutex(Timestamp(milliseconds: 1_795_455_842_123))

    public init() {}

    public var now: Timestamp { current.withLock { $0 } }

    public var clock: Clock { Clock(now: { self.now }, uptime: { self.uptime }) }

    /// Sets the clock forward. The uptime does not change.
    public func advance(seconds: Int64) {
        current.withLock { $0 = $0.adding(seconds: seconds) }
    }

    private let passed = Mutex<Int64>(1000)

    /// Seconds since the machine was started. Setting the clock does not change them.
    public var uptime: Int64 { passed.withLock { $0 } }

    public func pass(seconds: Int64) {
        passed.withLock { $0 += seconds }
    }
}

/// A private folder, deleted with the last reference to it.
public final class TemporaryFolder: Sendable {
    public let path: String

    public init() {
        path = FileManager.default.temporaryDirectory.path + "/libraryd-test-" + UUID().uuidString
        try? FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    deinit {
        TestDatabase.drop(path)
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// A value that a test needs is missing: fails the test.
public struct Missing: Error {
    let what: String

    public init(what: String) {
        self.what = what
    }
}

public func require<Value>(_ value: Value?, _ what: String = "\(Value.self)") throws -> Value {
    guard let value else { throw Missing(what: what) }
    return value
}

private final class BodyCollector: Sendable {
    let bytes = Mutex<[UInt8]>([])
}

private struct CollectingWriter: ResponseBodyWriter {
    let collector: BodyCollector

    mutating func write(_ buffer: ByteBuffer) async throws {
        collector.bytes.withLock { $0.append(contentsOf: buffer.readableBytesView) }
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
