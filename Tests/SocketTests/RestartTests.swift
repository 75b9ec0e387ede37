import Foundation
import Synchronization
import TestSupport
import Testing

/// A daemon that is started again on a socket that it was given.
@Suite(.serialized) struct RestartTests {
    private final class Progress: Sendable {
        let isOver = Atomic(false)
        let answers = Atomic(0)
        let faults = Mutex<[String]>([])
    }

    /// Clients that ask all the time notice none of ten restarts.
    @Test func nobodyIsRefused() async throws {
        let listener = try InheritedListener()
        let progress = Progress()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    while !progress.isOver.load(ordering: .relaxed) {
                        do {
                            let client = try RawClient(port: listener.port)
                            client.send("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                            let answer = await client.receiveAll()
                            if answer.hasPrefix("HTTP/1.1 200 OK\r\n"), answer.hasSuffix(#"{"status":"ok"}"#) {
                                progress.answers.add(1, ordering: .relaxed)
                            } else {
                                progress.faults.withLock { $0.append(answer.isEmpty ? "no answer" : answer) }
                            }
                        } catch {
                            progress.faults.withLock { $0.append("\(error)") }
                        }
                    }
                }
            }
            for _ in 0..<10 {
                let answered = progress.answers.load(ordering: .relaxed)
                let daemon = try listener.start()
                for _ in 0..<1000 where progress.answers.load(ordering: .relaxed) < answered + 20 {
                    try await Task.sleep(for: .milliseconds(10))
                }
                #expect(progress.answers.load(ordering: .relaxed) >= answered + 20)
                #expect(await listener.stop(daemon) == 0)
            }
            let last = try listener.start()
            progress.isOver.store(true, ordering: .relaxed)
            try await group.waitForAll()
            #expect(await listener.stop(last) == 0)
        }
        #expect(progress.faults.withLock { $0 } == [])
        #expect(listener.output.components(separatedBy: "listening on http://127.0.0.1:\(listener.port)\n").count == 12)
    }

    /// A socket unit may have the address that the settings have too.
    @Test func anAddressIsListenedOnOnce() async throws {
        let listener = try InheritedListener()
        let daemon = try listener.start("--listen", "127.0.0.1:\(listener.port)")
        let client = try RawClient(port: listener.port)
        client.send("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(await client.receiveAll().hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(await listener.stop(daemon) == 0)
        #expect(listener.output == "libraryd: listening on http://127.0.0.1:\(listener.port)\n")
    }

    @Test func whatIsNoSocketIsRefused() async throws {
        let home = TemporaryFolder()
        let script = #"exec 3< /dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" serve --data "$1""#
        let result = try await Program.run(
            "/bin/sh", ["-c", script, Program.path("libraryd"), home.path + "/data"], environment: ["HOME": home.path])
        #expect(result.code == 78)
        #expect(result.error.contains("descriptor 3 of LISTEN_FDS is not a stream socket that listens"))
    }

    @Test func aFileInTheSocketsPlaceIsLeftAlone() async throws {
        let home = TemporaryFolder()
        try Data("mine".utf8).write(to: URL(fileURLWithPath: home.path + "/file"))
        let result = try await Program.run(
            Program.path("libraryd"), ["--data", home.path + "/data", "--socket", home.path + "/file"],
            environment: ["HOME": home.path])
        #expect(result.code == 64)
        #expect(result.error.contains("/file is a regular file, not a socket"))
        #expect(try String(contentsOfFile: home.path + "/file", encoding: .utf8) == "mine")
    }

    /// Whatever clients have begun with and not gone on with, a stop ends in time and with 0.
    @Test(arguments: ["", "GET /li", "POST /register HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n{"])
    func aStopWaitsForNoOne(beginning: String) async throws {
        let daemon = try await Daemon()
        let clients = try (0..<20).map { _ in try RawClient(port: daemon.port) }
        for client in clients { client.send(beginning) }
        #expect(try await daemon.end(SIGTERM) == 0)
        for client in clients { #expect(await client.waitForClose()) }
    }
}
