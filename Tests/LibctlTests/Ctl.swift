import Dispatch
import Foundation
import Shared
import TestSupport

@testable import libctl

/// Runs real command lines of `libctl` against the daemon's router in the same process.
struct Ctl: Sendable {
    let library: TestLibrary
    let home: TemporaryFolder
    var environment: [String: String] = [:]
    /// The path whose first answer is lost on the way.
    var lost: String?

    init(_ library: TestLibrary) {
        self.library = library
        home = TemporaryFolder()
    }

    struct Result: Sendable {
        let code: Int32
        let output: String
        let error: String
    }

    /// Runs one command line on a thread of its own: the client is synchronous and the router is not.
    func callAsFunction(_ arguments: String..., input: String = "") async throws -> Result {
        try await run(arguments, input: Array(input.utf8))
    }

    func run(_ arguments: [String], input: [UInt8]) async throws -> Result {
        let folder = TemporaryFolder()
        let (inputPath, outputPath, errorPath) = (folder.path + "/in", folder.path + "/out", folder.path + "/err")
        try Data(input).write(to: URL(fileURLWithPath: inputPath))
        let library = library
        let time = library.time
        let lost = Once(lost)
        let environment = environment.merging(["HOME": home.path]) { given, _ in given }
        let code: Int32 = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var io = IO(environment: environment)
                io.input = open(inputPath, O_RDONLY | O_CLOEXEC)
                io.output = open(outputPath, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
                io.error = open(errorPath, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
                io.terminal = nil
                io.now = { time.now }
                io.transport = { _ in
                    {
                        let reply = try Self.send($0, to: library)
                        if lost.take($0.path) { throw CommandFailure(.tryLater, "the answer was lost") }
                        return reply
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

    /// Registers the user and logs in.
    func login(_ name: String) async throws {
        _ = try await self("register", name, "--password-stdin", input: "correct horse\n")
        _ = try await self("login", name, "--password-stdin", input: "correct horse\n")
    }

    private static func send(_ request: TransportRequest, to library: TestLibrary) throws -> TransportReply {
        let done = DispatchSemaphore(value: 0)
        let answer = Answer()
        let headers = request.headers.map { ($0.name, $0.value) }
        let (method, path, body) = (request.method, request.path, request.body ?? [])
        Task {
            do {
                answer.reply = try await library.send(method, path, headers: headers, body: body)
            } catch {
                answer.error = error
            }
            done.signal()
        }
        done.wait()
        if let error = answer.error { throw error }
        let reply = try require(answer.reply)
        return TransportReply(
            status: reply.status, headers: Dictionary(reply.headers.map { ($0.name, $0.value) }) { first, _ in first },
            body: reply.body)
    }

    /// Used by one thread.
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

    /// Written before the semaphore is signalled, read after.
    private final class Answer: @unchecked Sendable {
        var reply: TestReply?
        var error: (any Error)?
    }
}
