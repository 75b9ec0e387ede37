import Foundation
import GRDB
import Shared
import Synchronization
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// Operators at the same time, operators that send nothing, and work that is canceled.
@Suite(.serialized) struct OperatorSocketTests {
    private let folder = TemporaryFolder()
    private var path: String { folder.path + "/operator.sock" }

    /// Runs the body while operators are served, with a timeout of an hour for silent connections.
    private func serving(_ library: TestLibrary, at path: String? = nil, _ body: () async throws -> Void) async throws {
        let (listening, continuation) = AsyncStream<Void>.makeStream()
        let server = OperatorSocket(path: path ?? self.path, app: library.app, patience: .seconds(3600)) {
            continuation.finish()
        }
        let socket = Task {
            defer { continuation.finish() }
            try await server.run()
        }
        for await _ in listening {}
        try await body()
        socket.cancel()
        try await socket.value
    }

    private func ask<Answer: JSONReadable>(_ command: OperatorCommand<Answer>) async throws -> Answer {
        try await Program.withoutBlocking { [path] in
            Result { try #require(try OperatorSocket.ask(command, at: path)) }
        }.get()
    }

    /// While the commit of one operator is blocked and another operator has sent nothing, a third one is served.
    @Test func nobodyWaitsForAnother() async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        let gate = CommitGate()
        try await library.sqlite.writer.write { $0.add(transactionObserver: gate) }
        gate.isClosed.store(true, ordering: .relaxed)
        try await serving(library) {
            let silent = try #require(try UnixSocket.connect(to: path))
            async let promoted: UserList = ask(.promote("ada"))
            for await _ in gate.arrivals { break }
            let list: UserList = try await ask(.list)
            #expect(list.users.map(\.admin) == [false])
            gate.open()
            #expect(try await promoted.users.map(\.admin) == [true])
            close(silent)
        }
    }

    /// Operators that send nothing, or do not read their answers, do not block others.
    @Test func silenceKeepsNobodyWaiting() async throws {
        let library = try await TestLibrary()
        for number in 0..<20 { _ = try await library.login("user\(number)") }
        try await serving(library) {
            let silent = try (0..<100).map { _ in try #require(try UnixSocket.connect(to: path)) }
            defer { silent.forEach { close($0) } }
            for connection in silent.dropFirst(50) {
                var small: Int32 = 1
                setsockopt(connection, SOL_SOCKET, SO_RCVBUF, &small, 4)
                try UnixSocket.write(OperatorRequest.list.json, to: connection)
                shutdown(connection, Int32(SHUT_WR))
            }
            for _ in 0..<20 {
                let list: UserList = try await ask(.list)
                #expect(list.users.count == 20)
            }
        }
    }

    @Test func whatCannotBeDoneTwiceAtOnceIsRefused() async throws {
        let turns = OperatorTurns()
        let value = try await turns.alone("backup") {
            let error = await #expect(throws: CommandError.self) { try await turns.alone("backup") { 1 } }
            #expect(
                error
                    == CommandError(
                        .temporaryFailure, "another backup is under way", hint: "try again when it has ended"))
            return try await turns.alone("import-flask") { 2 }
        }
        #expect(value == 2)
        #expect(try await turns.alone("backup") { 3 } == 3)
    }

    /// A daemon that does not accept a connection, or does not answer, is reported after the timeout.
    @Test(arguments: [true, false])
    func aDaemonThatDoesNotAnswerIsNotWaitedForForEver(accepts: Bool) async throws {
        let listener = try UnixSocket.listen(at: path)
        defer { close(listener) }
        var connections: [Int32] = []
        defer { connections.forEach { close($0) } }
        while !accepts, let connection = try? UnixSocket.connect(to: path, patience: 1) {
            connections.append(connection)
        }
        let error = #expect(throws: CommandError.self) {
            let _: UserList? = try OperatorSocket.ask(.list, at: path, within: 1)
        }
        #expect(error?.exit == .temporaryFailure)
        #expect(error?.reason.hasSuffix("the daemon does not answer") == true)
    }

    /// A folder whose path leaves no room for a socket in an address (unix(7)).
    @Test(arguments: [93, 94, 107, 300]) func aLongFolderIsNoObstacle(length: Int) async throws {
        var long = folder.path
        while long.utf8.count < length - 1 {
            long += "/" + String(repeating: "x", count: min(200, length - long.utf8.count - 1))
        }
        try FileManager.default.createDirectory(atPath: long, withIntermediateDirectories: true)
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        let path = long + "/operator.sock"
        #expect(try UnixSocket.connect(to: path) == nil)
        try await serving(library, at: path) {
            let list = try await Program.withoutBlocking { Result { try OperatorSocket.ask(.list, at: path) } }.get()
            #expect(list?.users.map(\.name) == ["ada"])
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: long) == [])
    }

    @Test func theNameOfSomethingElseIsNotTaken() throws {
        try FileContents.write([1], to: path)
        let error = #expect(throws: CommandError.self) { try UnixSocket.listen(at: path) }
        #expect(error == CommandError(.conflict, "\(path) is a regular file, not a socket", hint: "move it away"))
        #expect(try FileContents.read(path, limit: 10) == [1])
    }

    /// A stop of the daemon cancels long work, which leaves nothing unfinished.
    @Test func workIsGivenUpWhenTheDaemonStops() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        _ = try await library.create("A", "B", as: token)
        let cancellation = Cancellation()
        cancellation.request()
        let backup = try Backup(path: folder.path + "/b", keep: 1, library: library.sqlite.path)
        let stopped = CommandError(
            .temporaryFailure, "the daemon is stopping, so the work was given up", hint: "try again")
        #expect(throws: stopped) {
            try library.sqlite.readers.read {
                _ = try backup.make(from: $0, at: library.time.now, until: cancellation)
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        try FlaskDatabase.make(folder.path + "/old.db", fixture: "werkzeug2")
        #expect(throws: stopped) { try Digest.sha256(file: folder.path + "/old.db", until: cancellation) }
        try FlaskDatabase.make(
            folder.path + "/old.db",
            """
            WITH RECURSIVE c (n) AS (SELECT 100 UNION ALL SELECT n + 1 FROM c WHERE n < 2000)
            INSERT INTO authors (name, book, country, user_id) SELECT 'A' || n, 'B' || n, 'C', 1 FROM c
            """)
        #expect(throws: stopped) { try FlaskLibrary(path: folder.path + "/old.db", until: cancellation) }
    }
}
