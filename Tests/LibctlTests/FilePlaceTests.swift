import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

/// A command fails at once if the path of a file leads to something else.
@Suite(.serialized) struct FilePlaceTests {
    enum Thing: String, CaseIterable, Sendable { case pipe, folder, device, socket }

    /// Creates something at the path that is not a regular file. A device is a link, because only root can create a
    /// device.
    private func put(_ thing: Thing, at path: String) throws {
        try? FileManager.default.removeItem(atPath: path)
        switch thing {
        case .pipe: #expect(mkfifo(path, 0o600) == 0)
        case .folder: try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        case .device: try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/zero")
        case .socket:
            let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            #expect(result == 0)
        }
    }

    @Test(arguments: Thing.allCases)
    func aFileOfOursIsAFile(thing: Thing) async throws {
        let ctl = try await Ctl.loggedIn()
        let folder = ctl.home.path + "/.config/libctl"
        for (name, line, code) in [
            ("config.json", "whoami", thing == .socket ? Int32(77) : 78), ("config.lock", "config set user ada", 77),
            ("credentials.lock", "login ada --password-stdin", 77), ("credentials.json", "whoami", 77),
        ] {
            let path = folder + "/" + name
            try put(thing, at: path)
            let result = try await ctl.line(line, input: "correct horse\n")
            #expect(result.code == code, "\(name): \(result.error)")
            #expect(result.error.contains("\(path) is not a regular file"), "\(result.error)")
            #expect(result.error.contains("\n  hint: rm -r \(path)\n"))
            #expect(result.output == "")
            try FileManager.default.removeItem(atPath: path)
        }
    }

    @Test func theFolderOfOursIsAFolder() async throws {
        let ctl = Ctl(try await TestLibrary())
        _ = try await ctl.line("register ada --no-login --password-stdin", input: "correct horse\n")
        try FileManager.default.createDirectory(atPath: ctl.home.path + "/.config", withIntermediateDirectories: false)
        try put(.pipe, at: ctl.home.path + "/.config/libctl")
        let result = try await ctl.line("login ada --password-stdin", input: "correct horse\n")
        #expect(result.code != 0)
        #expect(ctl.record.lines("POST /login") == [])
    }

    @Test(arguments: [Thing.pipe, .folder, .device])
    func whatIsNoSocketOrFolderIsNotWaitedFor(thing: Thing) throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/place"
        try put(thing, at: path)
        let curl = Curl(server: try Server("unix:" + path))
        let failure = #expect(throws: CommandError.self) {
            try curl.send(TransportRequest(method: "GET", path: "/", headers: [], body: nil))
        }
        #expect(failure?.exit == .unavailable)
        if thing != .folder {
            let spool = SpooledFile(folder: path)
            let failure = #expect(throws: SpooledFile.Failure.self) {
                try spool.append([UInt8](repeating: 0, count: SpooledFile.largestPiece + 1))
            }
            #expect(failure?.code == ENOTDIR)
        }
    }

    /// A pipe is read to its end, as with `<(command)` in bash.
    @Test func aPipeIsAnInput() async throws {
        let ctl = try await Ctl.loggedIn()
        let pipe = ctl.home.path + "/pipe"
        try put(.pipe, at: pipe)
        func feed(_ text: String) {
            Thread.detachNewThread { try? Data(text.utf8).write(to: URL(fileURLWithPath: pipe), options: []) }
        }
        feed("name,book,country\nA,B,C\n")
        #expect(try await ctl.line("authors import \(pipe)").error == "created 1, 0 failed\n")
        feed("correct horse\n")
        #expect(try await ctl.line("login ada --password-file \(pipe)").code == 0)
        feed(#"{"name":"D","book":"E","country":"F"}"#)
        #expect(try await ctl.line("api POST /authors --input \(pipe)").code == 0)
    }

    @Test func aFolderIsNoInput() async throws {
        let ctl = try await Ctl.loggedIn()
        let home = ctl.home.path
        for line in [
            "authors import \(home)", "login ada --password-file \(home)", "api POST /authors --input \(home)",
            "authors add -f \(home)",
        ] {
            let result = try await ctl.line(line)
            #expect(result.code == 66)
            #expect(result.error.contains("\(home) is a folder\n"), "\(result.error)")
        }
        #expect(try await ctl.line("authors export \(home)").code == 74)
        for line in ["authors import /dev/zero", "login ada --password-file /dev/zero", "authors add -f /dev/urandom"] {
            let result = try await ctl.line(line)
            #expect(result.code == 66)
            #expect(result.error.contains(" is a device\n"), "\(result.error)")
        }
        #expect(try await ctl.line("authors import /dev/null").code == 0)
        #expect(try await ctl.line("login ada --password-file /dev/null").code == 64)
    }

    @Test func aPipeThatNobodyReadsIsNotWaitedForForEver() async throws {
        var ctl = try await Ctl.loggedIn()
        ctl.patience = .milliseconds(20)
        let pipe = ctl.home.path + "/pipe"
        try put(.pipe, at: pipe)
        for line in ["authors export \(pipe)", "authors import - --rejects \(pipe)"] {
            let result = try await ctl.line(line, input: "x\n")
            #expect(result.code == 74)
            #expect(result.error.contains(": nobody reads from \(pipe)\n"), "\(result.error)")
        }
        #expect(ctl.record.lines("GET /authors") == [])
        #expect(ctl.record.lines("POST /authors") == [])
    }

    @Test func aLineWithoutAnEndEndsTheImport() async throws {
        let ctl = try await Ctl.loggedIn()
        let result = try await ctl.line("authors import -", input: String(repeating: "x", count: 65 << 20))
        #expect(result.code == 65)
    }

    /// A process may be stopped while it holds the lock: the wait for the lock has a timeout.
    @Test func aLockIsWaitedForSoLongOnly() async throws {
        var ctl = try await Ctl.loggedIn()
        ctl.patience = .milliseconds(20)
        for (name, line) in [
            ("credentials.lock", "login ada --password-stdin"), ("config.lock", "config set user ada"),
        ] {
            let path = ctl.home.path + "/.config/libctl/" + name
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            #expect(flock(descriptor, LOCK_EX) == 0)
            let result = try await ctl.line(line, input: "correct horse\n")
            #expect(result.code == 75)
            #expect(result.error.contains("another process keeps \(path) locked\n  hint: fuser -v \(path)"))
            // A program that another test starts at this moment has a copy of the descriptor, so closing would not
            // unlock.
            #expect(flock(descriptor, LOCK_UN) == 0)
            close(descriptor)
            #expect(try await ctl.line(line, input: "correct horse\n").code == 0)
        }
    }
}
