import Dispatch
import Foundation
import Shared
import Synchronization
import TestSupport
import Testing

@testable import libctl

/// Runs real command lines of `libctl` against the daemon's router in the same process.
struct Ctl: Sendable {
    let library: TestLibrary
    let home: TemporaryFolder
    var environment: [String: String] = [:]
    /// The timeout for a lock and for the reader of a pipe.
    var patience: Duration = .seconds(30)
    /// The home folder by the user database.
    var accountHome: String?
    /// The name of the machine.
    var host = "box"
    /// The path whose first answer is lost.
    var lost: String?
    /// Answers in place of the router, unless it returns `nil`.
    var answer: (@Sendable (TransportRequest) throws -> TransportReply?)?
    /// Every request (`METHOD path key`) and every wait (`wait seconds`), in order.
    let record = Record()

    init(_ library: TestLibrary) {
        self.library = library
        home = TemporaryFolder()
    }

    struct Result: Sendable {
        let code: Int32
        let output: String
        /// Without the line that names ``importID``.
        let error: String
        /// The id that an import gave to its changes, if it says how to undo them.
        let importID: String?

        init(code: Int32, output: String, error: String) {
            (self.code, self.output) = (code, output)
            let hint = /undo it with: libctl undo --import ([0-9a-z]+)\n/
            importID = error.firstMatch(of: hint).map { String($0.output.1) }
            self.error = error.replacing(hint, with: "")
        }
    }

    /// Runs one command line on a thread of its own, because the client blocks and the router is asynchronous.
    func callAsFunction(_ arguments: String..., input: String = "") async throws -> Result {
        try await run(arguments, input: Array(input.utf8))
    }

    func run(_ arguments: [String], input: [UInt8]) async throws -> Result {
        let folder = TemporaryFolder()
        let (inputPath, outputPath, errorPath) = (folder.path + "/in", folder.path + "/out", folder.path + "/err")
        try Data(input).write(to: URL(fileURLWithPath: inputPath))
        let library = library
        let time = library.time
        let (lost, answer, record) = (Once(lost), answer, record)
        let (patience, accountHome, host) = (patience, accountHome, host)
        let environment = environment.merging(["HOME": home.path]) { given, _ in given }
        let code: Int32 = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var io = IO(environment: environment)
                io.input = open(inputPath, O_RDONLY | O_CLOEXEC)
                io.output = open(outputPath, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
                io.error = open(errorPath, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
                io.terminal = nil
                io.host = { host }
                io.now = { time.now }
                io.patience = patience
                io.accountHome = { accountHome }
                io.sleep = { seconds in record.all.withLock { $0.append("wait \(seconds)") } }
                io.transport = { _ in
                    { original in
                        var request = original
                        request.path = original.path.replacing(/[?&]import=[0-9a-z]+/, with: "")
                        let key = request.headers.first { $0.name == "Idempotency-Key" }.map { " " + $0.value } ?? ""
                        record.all.withLock { $0.append("\(request.method) \(request.path)\(key)") }
                        let reply = try answer?(request) ?? Self.send(original, to: library)
                        if lost.take(request.path) { throw CommandError(.protocolError, "the answer was lost") }
                        guard reply.isSuccess, request.receive != nil || request.gathered != nil else { return reply }
                        let head = TransportReply(status: reply.status, headers: reply.headers, body: [])
                        try request.gathered?.removeAll()
                        let receive = request.receive ?? { _, bytes in try request.gathered?.append(bytes) }
                        // In pieces that may end in the middle of a line.
                        for start in stride(from: 0, to: reply.body.count, by: 1000) {
                            try receive(head, Array(reply.body[start..<min(start + 1000, reply.body.count)]))
                        }
                        return head
                    }
                }
                let code = Libctl.run(arguments, io: io)
                for descriptor in [io.input, io.output, io.error] { close(descriptor) }
                continuation.resume(returning: code)
            }
        }
        return Result(
            code: code, output: try String(contentsOfFile: outputPath, encoding: .utf8),
            error: try String(contentsOfFile: errorPath, encoding: .utf8))
    }

    final class Record: Sendable {
        let all = Mutex<[String]>([])
        /// The recorded lines that begin with the prefix.
        func lines(_ prefix: String = "") -> [String] { all.withLock { $0.filter { $0.hasPrefix(prefix) } } }

        func clear() { all.withLock { $0 = [] } }
    }

    /// Runs a command line whose words are separated by spaces and have no quotes.
    func line(_ text: String, input: String = "") async throws -> Result {
        try await run(text.split(separator: " ").map(String.init), input: Array(input.utf8))
    }

    /// A `Ctl` on a new library, with a user who is logged in.
    static func loggedIn() async throws -> Ctl {
        let ctl = Ctl(try await TestLibrary())
        try await ctl.login("ada")
        return ctl
    }

    /// Logs in, and registers the user first unless there is one of that name.
    func login(_ name: String) async throws {
        let registered = try await self("register", name, "--password-stdin", input: "correct horse\n")
        if registered.code == 0 { return }
        _ = try await self("login", name, "--password-stdin", input: "correct horse\n")
    }

    private static func send(_ request: TransportRequest, to library: TestLibrary) throws -> TransportReply {
        let headers = request.headers.map { ($0.name, $0.value) }
        let (method, path) = (request.method, request.path)
        var body: [UInt8] = []
        switch request.body {
        case .bytes(let bytes): body = bytes
        case .spool(let spool): try spool.forEachPiece { body += $0 }
        case nil: break
        }
        let contents = body
        let reply = try wait { try await library.send(method, path, headers: headers, body: contents) }
        return TransportReply(
            status: reply.status, headers: Dictionary(reply.headers.map { ($0.name, $0.value) }) { first, _ in first },
            body: reply.body)
    }

    /// Runs an asynchronous body and blocks until it has ended.
    static func wait<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
        let done = DispatchSemaphore(value: 0)
        let answer = Answer<Value>()
        Task {
            do { answer.result = .success(try await body()) } catch { answer.result = .failure(error) }
            done.signal()
        }
        done.wait()
        return try #require(answer.result).get()
    }

    /// Used by one thread only.
    private final class Once: @unchecked Sendable {
        private var path: String?

        init(_ path: String?) {
            self.path = path
        }

        func take(_ path: String) -> Bool {
            guard path == self.path else { return false }
            self.path = nil
            return true
        }
    }

    /// Written before the semaphore is signaled, read afterwards.
    private final class Answer<Value: Sendable>: @unchecked Sendable {
        var result: Swift.Result<Value, any Error>?
    }
}
