import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

/// Which requests are sent again, and which are not.
@Suite(.serialized) struct RepeatTests {
    private func busy(_ seconds: String?, status: Int = 503) -> TransportReply {
        let problem = Problem(
            status: status, title: "t", code: "busy", message: "m", detail: "Too much at once.", requestID: "r")
        var headers = ["content-type": Problem.mediaType]
        headers["retry-after"] = seconds
        return TransportReply(status: status, headers: headers, body: problem.json)
    }

    @Test func aLostAnswerIsAskedForAgainUnderTheSameKey() async throws {
        var ctl = Ctl(try await TestLibrary())
        try await ctl.login("ada")
        ctl.lost = "/authors"
        let added = try await ctl.line("authors add --name A --book B --country C")
        #expect(added.code == 0, "\(added.error)")
        #expect(added.output == "1\tA\tB\tC\tfalse\n")
        let posts = ctl.record.lines("POST /authors")
        #expect(posts.count == 2)
        #expect(Set(posts).count == 1)
        #expect(posts[0].count > "POST /authors ".count + 20)
        ctl.lost = nil
        _ = try await ctl.line("authors add --name D --book E --country F")
        #expect(Set(ctl.record.lines("POST /authors")).count == 2)
        #expect(try await ctl.line("authors list -o id").output == "1\n2\n")
    }

    @Test func accountsAndFilesAreMadeOnceToo() async throws {
        let library = try await TestLibrary()
        var ctl = Ctl(library)
        for (path, line) in [("/register", "register ada --no-login"), ("/login", "login ada")] {
            ctl.lost = path
            let result = try await ctl.line("\(line) --password-stdin", input: "correct horse")
            #expect(result.code == 0, "\(result.error)")
        }
        #expect(try library.sessionCount == 1)
        ctl.lost = "/login"
        #expect(try await ctl.line("register bob --password-stdin", input: "correct horse").code == 0)
        #expect(try library.sessionCount == 2)
        ctl.lost = "/authors"
        let lines = (1...3000).map { #"{"name":"N\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n")
        let imported = try await ctl.line("authors import -", input: lines)
        #expect(imported.error == "created 3000, 0 failed\n")
    }

    /// Loses the answer to the first `POST /authors`. No daemon answers the next `tries` of them.
    private func falling(for tries: Int) async throws -> Ctl {
        var ctl = try await Ctl.loggedIn()
        let record = ctl.record
        record.clear()
        ctl.lost = "/authors"
        ctl.answer = { _ in
            guard (2...tries + 1).contains(record.lines("POST /authors").count) else { return nil }
            throw CommandError(.unavailable, "nobody there")
        }
        return ctl
    }

    @Test func aDaemonThatFellIsWaitedFor() async throws {
        let ctl = try await falling(for: 3)
        let added = try await ctl.line("authors add --name A --book B --country C")
        #expect(added.code == 0, "\(added.error)")
        #expect(ctl.record.lines("wait") == ["wait 1", "wait 2", "wait 4"])
        let posts = ctl.record.lines("POST /authors")
        #expect(posts.count == 5)
        #expect(Set(posts).count == 1)
        #expect(try await ctl.line("authors list -o id").output == "1\n")
    }

    /// The first repeat may still reach the daemon while it shuts down.
    @Test(arguments: [(2, 0), (3, 76)] as [(Int, Int32)])
    func anAnswerMayBeLostTwice(losses: Int, code: Int32) async throws {
        var ctl = try await Ctl.loggedIn()
        let record = ctl.record
        record.clear()
        ctl.answer = { _ in
            guard record.lines("POST /authors").count <= losses else { return nil }
            throw CommandError(.protocolError, "not whole")
        }
        let added = try await ctl.line("authors add --name A --book B --country C")
        #expect(added.code == code, "\(added.error)")
        #expect(record.lines("wait") == ["wait 1"])
        #expect(record.lines("POST /authors").count == 3)
    }

    private var unknown: TransportReply {
        let problem = Problem(
            status: 504, title: "t", code: "outcome_unknown", message: "m", detail: "It is not known.", requestID: "r")
        return TransportReply(status: 504, headers: ["content-type": Problem.mediaType], body: problem.json)
    }

    /// A daemon that does not know whether it was done finds out when it is asked again.
    @Test(arguments: [(2, 0), (3, 75)] as [(Int, Int32)])
    func anUnknownOutcomeIsALostAnswer(losses: Int, code: Int32) async throws {
        var ctl = try await Ctl.loggedIn()
        let (record, unknown) = (ctl.record, unknown)
        record.clear()
        ctl.answer = { _ in record.lines("POST /authors").count <= losses ? unknown : nil }
        let added = try await ctl.line("authors add --name A --book B --country C")
        #expect(added.code == code, "\(added.error)")
        #expect(record.lines("wait") == ["wait 1", "wait 2"])
        #expect(record.lines("POST /authors").count == 3)
        #expect(Set(record.lines("POST /authors")).count == 1)
        #expect(code == 0 || added.error.contains("the daemon may have done it all the same"))
    }

    @Test func anUnknownOutcomeOfAChangeIsNotSentAgain() async throws {
        var ctl = try await Ctl.loggedIn()
        _ = try await ctl.line("authors add --name A --book B --country C")
        let unknown = unknown
        ctl.answer = { ["PATCH", "DELETE"].contains($0.method) ? unknown : nil }
        for line in ["edit 1 --country D", "rm 1 --yes"] {
            ctl.record.clear()
            let result = try await ctl.line("authors \(line)")
            #expect(result.code == 75)
            #expect(result.error.contains("the daemon may have done it all the same"), "\(result.error)")
            #expect(ctl.record.lines("PATCH").count + ctl.record.lines("DELETE").count == 1)
        }
    }

    @Test func aRefreshWhoseOutcomeIsUnknownIsSentAgain() async throws {
        var ctl = try await Ctl.loggedIn()
        let (record, unknown) = (ctl.record, unknown)
        ctl.library.time.advance(seconds: 3600)
        record.clear()
        ctl.answer = { $0.path == "/token/refresh" && record.lines("POST /token/refresh").count == 1 ? unknown : nil }
        #expect(try await ctl.line("authors list").code == 0)
        #expect(record.lines("POST /token/refresh").count == 2)
    }

    /// The daemon stops between two requests of one command, when no answer can be lost.
    @Test func aDaemonThatIsGoneMeanwhileIsWaitedFor() async throws {
        var ctl = try await Ctl.loggedIn()
        let record = ctl.record
        record.clear()
        ctl.answer = { _ in
            guard (2...3).contains(record.lines("POST /authors").count) else { return nil }
            throw CommandError(.unavailable, "nobody there")
        }
        let lines = (1...3000).map { #"{"name":"N\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n")
        let imported = try await ctl.line("authors import -", input: lines)
        #expect(imported.error == "created 3000, 0 failed\n")
        #expect(record.lines("wait") == ["wait 1", "wait 2"])
    }

    @Test func notForEverEither() async throws {
        var ctl = try await falling(for: .max - 1)
        let added = try await ctl.line("authors add --name A --book B --country C")
        #expect(added.code == 69)
        #expect(added.error.hasSuffix("hint: the daemon may have done it all the same: look before you try again\n"))
        #expect(ctl.record.lines("wait") == ["wait 1", "wait 2", "wait 4"])
        // A command to which no daemon has answered yet does not wait for one, and nothing was done.
        ctl.record.clear()
        ctl.lost = nil
        ctl.answer = { _ in throw CommandError(.unavailable, "nobody there") }
        let other = try await ctl.line("authors add --name A --book B --country C")
        #expect(other.code == 69)
        #expect(!other.error.contains("may have done it"))
        #expect(ctl.record.lines("wait") == [])
    }

    @Test(arguments: ["edit 1 --country D", "rm 1 --yes"])
    func whatCouldHappenTwiceIsNotSentAgain(line: String) async throws {
        var ctl = Ctl(try await TestLibrary())
        try await ctl.login("ada")
        _ = try await ctl.line("authors add --name A --book B --country C")
        ctl.answer = { request in
            if ["PATCH", "DELETE"].contains(request.method) { throw CommandError(.protocolError, "not whole") }
            return nil
        }
        let result = try await ctl.line("authors \(line)")
        #expect(result.code == 76)
        #expect(result.error.contains("the daemon may have done it all the same"))
        #expect(ctl.record.lines("PATCH").count + ctl.record.lines("DELETE").count == 1)
    }

    @Test func aBusyDaemonIsWaitedForAsItSays() async throws {
        var ctl = Ctl(try await TestLibrary())
        try await ctl.login("ada")
        let record = ctl.record
        let busy = busy("2")
        ctl.answer = { request in
            request.method == "DELETE" && record.lines("wait").count < 3 ? busy : nil
        }
        _ = try await ctl.line("authors add --name A --book B --country C")
        #expect(try await ctl.line("authors rm 1 --yes").code == 0)
        #expect(ctl.record.lines("wait") == ["wait 2", "wait 2", "wait 2"])
        #expect(ctl.record.lines("DELETE").count == 4)
    }

    @Test(
        arguments: [
            ("60", [], "try again in 60 s"), ("4", ["wait 4", "wait 4"], "try again in 4 s"), (nil, [], "try again"),
        ] as [(String?, [String], String)])
    func notForEver(retryAfter: String?, waits: [String], hint: String) async throws {
        var ctl = Ctl(try await TestLibrary())
        try await ctl.login("ada")
        let busy = busy(retryAfter, status: retryAfter == "60" ? 429 : 503)
        ctl.answer = { _ in busy }
        let result = try await ctl.line("authors list")
        #expect(result.code == 75)
        #expect(ctl.record.lines("wait") == waits)
        #expect(result.error.hasSuffix("hint: \(hint)\n"))
    }

    @Test func statusTellsAtOnce() async throws {
        var ctl = Ctl(try await TestLibrary())
        let busy = busy("1")
        ctl.answer = { _ in busy }
        #expect(try await ctl.line("status").code == 75)
        #expect(ctl.record.lines("wait").isEmpty)
    }

    @Test func aChangeThatWasNotSeenIsNotOverwritten() async throws {
        var ctl = Ctl(try await TestLibrary())
        try await ctl.login("ada")
        _ = try await ctl.line("authors add --name A --book B --country C")
        #expect(try await ctl.line("authors edit 1 --country D --if-version 2").code == 6)
        #expect(try await ctl.line("authors rm 1 --yes --if-version 2").code == 6)
        #expect(try await ctl.line("authors edit 1 --country D --if-version 1").code == 0)
        // Another client changes the author between the read and the change of this command.
        let other = ctl
        ctl.answer = { request in
            if request.method == "PATCH" {
                _ = try Ctl.wait { try await other.line("authors edit 1 --country E").code == 0 }
            }
            return nil
        }
        #expect(try await ctl.line("authors edit 1 --country F").code == 6)
        #expect(try await other.line("authors show 1 --fields country").output == "E\n")
    }

    @Test func aFilterDeletesOnlyWhatItFound() async throws {
        var ctl = Ctl(try await TestLibrary())
        try await ctl.login("ada")
        _ = try await ctl.line("authors add --name A --book B --country C")
        let other = ctl
        ctl.answer = { request in
            if request.method == "DELETE" {
                _ = try Ctl.wait { try await other.line("authors edit 1 --country Kept").code == 0 }
            }
            return nil
        }
        #expect(try await ctl.line("authors rm --country C --yes").code == 6)
        #expect(try await other.line("authors list -o id").output == "1\n")
    }
}
