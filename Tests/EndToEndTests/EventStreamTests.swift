import Foundation
import Shared
import TestSupport
import Testing

/// Event streams of the real daemon, read by the real curl.
@Suite(.serialized) struct EventStreamTests {
    private let home = TemporaryFolder()

    /// A curl that writes the stream to a file.
    private final class Listener {
        private let process = Process()
        private let path: String

        init(_ daemon: Daemon, token: String, after id: String? = nil, into path: String) throws {
            self.path = path
            try Data().write(to: URL(fileURLWithPath: path))
            process.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
            process.arguments =
                ["-sN", "-H", "Authorization: Bearer \(token)"] + (id.map { ["-H", "Last-Event-ID: \($0)"] } ?? [])
                + [daemon.address + "/authors/events"]
            process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            process.standardInput = FileHandle.nullDevice
            try process.run()
        }

        deinit { stop() }

        var text: String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
        var ids: [String] {
            text.split(separator: "\n").filter { $0.hasPrefix("id: ") }.map { String($0.dropFirst(4)) }
        }

        func wait(for isThere: (Listener) -> Bool) async throws {
            for _ in 0..<600 where !isThere(self) { try await Task.sleep(for: .milliseconds(50)) }
            if !isThere(self) { throw Missing(what: "what was waited for, in: \(text)") }
        }

        func stop() { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

        /// Waits until the daemon has ended the stream. Returns the exit code of curl.
        func end() -> Int32 {
            process.waitUntilExit()
            return process.terminationStatus
        }
    }

    private func token(_ daemon: Daemon) async throws -> String {
        try await daemon.login("ada", home: home)
        return try await daemon.libctl("token", home: home).output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func add(_ name: String, _ daemon: Daemon) async throws {
        let added = try await daemon.libctl(
            "authors", "add", "--name", name, "--book", "B", "--country", "C", home: home)
        #expect(added.code == 0, "\(added.error)")
    }

    @Test func aKillLosesAndRepeatsNothing() async throws {
        var daemon = try await Daemon()
        let token = try await token(daemon)
        var told: [String] = []
        var last: String?
        for round in 0..<3 {
            let listener = try Listener(daemon, token: token, after: last, into: home.path + "/events-\(round)")
            try await listener.wait { !$0.text.isEmpty }
            // One event is received, one is perhaps sent before the kill, and one happens while no client listens.
            try await add("\(round)-live", daemon)
            try await listener.wait { $0.text.contains("\(round)-live") }
            try await add("\(round)-late", daemon)
            #expect(try await daemon.end(SIGKILL) == 128 + SIGKILL)
            _ = listener.end()
            daemon = try await Daemon(folder: daemon.folder, arguments: ["--listen", "127.0.0.1:\(daemon.port)"])
            try await add("\(round)-alone", daemon)
            // An event that the kill cut off was not received.
            let whole = listener.text.components(separatedBy: "\n\n").dropLast()
            last = try #require(whole.compactMap { $0.split(separator: "\n").first { $0.hasPrefix("id: ") } }.last)
                .dropFirst(4).description
            told += whole.filter { $0.contains("data: ") }
        }
        let listener = try Listener(daemon, token: token, after: last, into: home.path + "/rest")
        try await listener.wait { $0.text.contains("2-alone") }
        told += listener.text.components(separatedBy: "\n\n").filter { $0.contains("data: ") }
        let names = try told.map { event in
            let data = try #require(event.split(separator: "\n").first { $0.hasPrefix("data: ") }).dropFirst(6)
            return try AuthorEvent(json: Array(data.utf8), unknownMembers: .rejected).author.name
        }
        #expect(names == (0..<3).flatMap { ["\($0)-live", "\($0)-late", "\($0)-alone"] })
    }

    @Test func theDaemonStopsWhoeverListens() async throws {
        let daemon = try await Daemon()
        let token = try await token(daemon)
        let listeners = try (0..<8).map { try Listener(daemon, token: token, into: home.path + "/events-\($0)") }
        for listener in listeners { try await listener.wait { !$0.text.isEmpty } }
        let start = ContinuousClock.now
        #expect(try await daemon.end(SIGTERM) == 0)
        #expect(start.duration(to: .now) < .seconds(5))
        // curl saw a proper end of each stream.
        for listener in listeners { #expect(listener.end() == 0) }
    }

    /// A closed connection frees its share of the limit at once, long before the next write to it.
    @Test func whoIsGoneIsNoticed() async throws {
        let daemon = try await Daemon()
        let token = try await token(daemon)
        func status() async throws -> String {
            try await Program.run(
                "/usr/bin/curl",
                [
                    "-sI", "-H", "Authorization: Bearer \(token)", "-o", "/dev/null", "-w", "%{http_code}",
                    daemon.address + "/authors/events",
                ]
            ).output
        }
        let listeners = try (0..<16).map { try Listener(daemon, token: token, into: home.path + "/events-\($0)") }
        for listener in listeners { try await listener.wait { $0.text.hasPrefix("retry: ") } }
        #expect(try await status() == "503")
        let start = ContinuousClock.now
        listeners.forEach { $0.stop() }
        while try await status() == "503", start.duration(to: .now) < .seconds(30) {
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(try await status() == "200")
        #expect(start.duration(to: .now) < .seconds(10))
    }
}
