import GRDB
import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport

/// Taking changes back, over HTTP.
@Suite(.serialized) struct UndoTests {
    private func undo(
        _ library: TestLibrary, _ body: String, headers: [(String, String)] = [], as token: String
    ) async throws -> TestReply {
        try await library.post("/authors/undo", body, headers: headers + [bearer(token)])
    }

    private func report(_ library: TestLibrary, _ body: String, as token: String) async throws -> UndoReport {
        let reply = try await undo(library, body, as: token)
        #expect(reply.status == 200, "\(reply.text)")
        return try UndoReport(json: reply.body, unknownMembers: .rejected)
    }

    private func epoch(_ library: TestLibrary) async throws -> String {
        try await library.store.lastEvent(owner: 1).epoch
    }

    @Test func eachKindOfChangeIsTakenBack() async throws {
        let library = try await TestLibrary()
        let ada = try await library.login("ada").token
        let created = try await library.create("A", "B", as: ada)
        let epoch = try await epoch(library)
        library.time.advance(seconds: 60)
        _ = try await library.patch(1, #"{"country":"Eire","booker_prize":true}"#, as: ada)
        _ = try await library.send("DELETE", "/authors/1", headers: [bearer(ada)])

        let trial = try await report(library, #"{"last":1,"dry_run":true}"#, as: ada)
        #expect(trial.message == "nothing was changed" && trial.eventID == "\(epoch)-3")
        #expect([trial.undone, trial.created, trial.updated, trial.deleted, trial.skipped] == [1, 1, 0, 0, 0])
        #expect(try await library.list(as: ada) == [])

        let back = try await report(library, #"{"last":1}"#, as: ada)
        #expect(back.message == "changes undone" && back.eventID == "\(epoch)-4")
        #expect(back.changes.map(\.event) == ["created"] && back.changes[0].author.version == 3)
        #expect(back.changes[0].author.createdAt == created.createdAt)
        #expect(try await library.list(as: ada) == ["A B Eire true 3"])
        #expect(try await library.send("GET", "/authors?q=a", headers: [bearer(ada)]).page.authors.count == 1)

        // The second change can be undone by its id: what came after was taken back, but it did happen.
        let refused = try await undo(library, #"{"event":"\#(epoch)-2"}"#, as: ada)
        #expect(refused.status == 409 && refused.code == "undo_conflict")
        #expect(try refused.problem.detail == "author 1 has changed since")
        #expect(try refused.problem.errors.map { "\($0.field) \($0.message)" } == ["author 1 has changed since"])

        let update = try await report(library, #"{"last":3}"#, as: ada)
        #expect(update.changes.map(\.event) == ["updated"])
        #expect(
            update.changes[0].old.map { String(decoding: $0.json, as: UTF8.self) }
                == #"{"country":"Eire","booker_prize":true}"#)
        #expect(try await library.list(as: ada) == ["A B UK false 4"])

        let all = try await report(library, #"{"last":5}"#, as: ada)
        #expect([all.undone, all.created, all.updated, all.deleted] == [5, 0, 0, 1])
        #expect(try await library.list(as: ada) == [])
        let redone = try await report(library, #"{"last":1}"#, as: ada)
        #expect(redone.created == 1)
        #expect(try await library.list(as: ada) == ["A B UK false 5"])
        #expect(try library.sqlite.readers.read { try Inspection($0, searchIndex: true) }.faults == [])
    }

    @Test func aWholeImportIsTakenBackOrNone() async throws {
        let library = try await TestLibrary()
        let ada = try await library.login("ada").token
        _ = try await library.create("N1", "B", country: "Old", as: ada)
        _ = try await library.sendFile(TestLibrary.lines(0..<3), "?import=i&on_conflict=update", as: ada)
        _ = try await library.patch(2, #"{"country":"Mine"}"#, as: ada)
        #expect(try await undo(library, #"{"import":"other"}"#, as: ada).code == "import_not_found")
        let refused = try await undo(library, #"{"import":"i"}"#, as: ada)
        #expect(refused.code == "undo_conflict")
        #expect(try refused.problem.errors.map { "\($0.field) \($0.message)" } == ["author 2 has changed since"])
        #expect(try await library.list(as: ada).count == 3)
        let forced = try await report(library, #"{"import":"i","force":true}"#, as: ada)
        #expect([forced.undone, forced.updated, forced.deleted, forced.skipped] == [2, 1, 1, 1])
        #expect(forced.obstacles == [UndoObstacle(id: 2, name: "N0", book: "B", reason: "has changed since")])
        #expect(try await library.list(as: ada) == ["N1 B Old false 3", "N0 B Mine false 2"])
    }

    /// Authors that swap their names, and a name that another author has by now.
    @Test func namesAreFreedBeforeTheyAreTaken() async throws {
        let library = try await TestLibrary()
        let ada = try await library.login("ada").token
        for name in ["X", "Y"] { _ = try await library.create(name, "B", as: ada) }
        for (id, name) in [(1, "T"), (2, "X"), (1, "Y")] {
            _ = try await library.patch(id, #"{"name":"\#(name)"}"#, as: ada)
        }
        let swapped = try await report(library, #"{"last":3}"#, as: ada)
        #expect(swapped.updated == 2)
        #expect(try await library.list(as: ada) == ["X B UK false 4", "Y B UK false 3"])

        _ = try await library.send("DELETE", "/authors/1", headers: [bearer(ada)])
        let deletion = try await library.send("GET", "/authors/changes?limit=1", headers: [bearer(ada)])
        let event = try ChangePage(json: deletion.body, unknownMembers: .rejected).changes[0].id
        _ = try await library.patch(2, #"{"name":"X"}"#, as: ada)
        let refused = try await undo(library, #"{"event":"\#(event)"}"#, as: ada)
        #expect(
            try refused.problem.errors.map { "\($0.field) \($0.message)" } == [
                "author 1 had the name and the book that author 2 has"
            ])
        // Both are taken back, so nothing is in the way.
        #expect(try await report(library, #"{"last":2}"#, as: ada).created == 1)
        #expect(try await library.list(as: ada) == ["X B UK false 5", "Y B UK false 5"])
    }

    /// What stays as it is keeps its name from the others, however many follow from it.
    @Test func conflictsAreFollowed() async throws {
        let library = try await TestLibrary()
        let ada = try await library.login("ada").token
        for number in 0..<50 { _ = try await library.create("N\(number)", "B", as: ada) }
        // Each gets the name of the one before it; the first gets a new one.
        for number in 0..<50 {
            _ = try await library.patch(
                number + 1, #"{"name":"\#(number == 0 ? "first" : "N\(number - 1)")"}"#, as: ada)
        }
        _ = try await library.create("N49", "B", as: ada)
        let epoch = try await epoch(library)
        let before = try await library.list(as: ada)
        var events: [String] = []
        for number in 51...100 { events.append("\(epoch)-\(number)") }
        // The name of the last one is taken, so that it keeps the name of the one before it, and so on.
        let refused = try await undo(library, #"{"last":51,"dry_run":true}"#, as: ada)
        #expect(refused.status == 200)
        _ = try await library.sendFile(#"{"name":"N0","book":"C","country":"C"}"#, as: ada)
        #expect(try await undo(library, #"{"event":"\#(events[49])"}"#, as: ada).code == "undo_conflict")
        #expect(try await library.list(as: ada).prefix(51) == before[...])
    }

    @Test func nothingIsUndoneThatTheClientHasNotSeen() async throws {
        let library = try await TestLibrary()
        let ada = try await library.login("ada").token
        _ = try await library.create("A", "B", as: ada)
        let seen = try await report(library, #"{"last":1,"dry_run":true}"#, as: ada).eventID
        _ = try await library.create("C", "D", as: ada)
        let body = #"{"last":1,"expected_event":"\#(seen)"}"#
        let refused = try await undo(library, body, as: ada)
        #expect(refused.status == 412 && refused.code == "library_changed")
        #expect(try await library.list(as: ada).count == 2)
    }

    @Test func theSameRequestIsPerformedOnce() async throws {
        let library = try await TestLibrary()
        let ada = try await library.login("ada").token
        for name in ["A", "B", "C"] { _ = try await library.create(name, "1", as: ada) }
        let key = [("Idempotency-Key", "k")]
        let first = try await undo(library, #"{"last":1}"#, headers: key, as: ada)
        #expect(try await undo(library, #"{"last":1}"#, headers: key, as: ada).differences(from: first) == [])
        #expect(try await library.list(as: ada).count == 2)
        #expect(try await undo(library, #"{"last":2}"#, headers: key, as: ada).code == "idempotency_key_reused")
    }

    @Test func onlyOnesOwnChangesAreTakenBack() async throws {
        let library = try await TestLibrary()
        let (ada, bob) = (try await library.login("ada").token, try await library.login("bob").token)
        _ = try await library.sendFile(TestLibrary.lines(0..<2), "?import=i", as: ada)
        #expect(try await undo(library, #"{"import":"i"}"#, as: bob).code == "import_not_found")
        let event = "\(try await epoch(library))-1"
        #expect(try await undo(library, #"{"event":"\#(event)"}"#, as: bob).code == "event_not_found")
        #expect(try await undo(library, #"{"last":1}"#, as: bob).code == "event_not_found")
        let reader = try await library.key(APIKeyRequest(name: "reader", scope: .read), as: ada)
        #expect(try await undo(library, #"{"last":1}"#, as: reader.secret).code == "insufficient_scope")
        #expect(try await library.list(as: ada).count == 2)
    }

    @Test(arguments: [
        (#"{}"#, "invalid_fields"), (#"{"last":0}"#, "invalid_fields"), (#"{"last":1,"import":"i"}"#, "invalid_fields"),
        (#"{"last":9223372036854775807}"#, "invalid_fields"), (#"{"last":-1}"#, "invalid_fields"),
        (#"{"event":"1"}"#, "invalid_fields"), (#"{"import":"a b"}"#, "invalid_fields"), (#"[]"#, "invalid_fields"),
        (#"{"last":1,"dryrun":true}"#, "invalid_fields"), (#"{"last":2}"#, "event_not_found"),
        (#"{"last":100000}"#, "event_not_found"), (#"{"event":"EPOCH-0"}"#, "event_not_found"),
        (#"{"event":"EPOCH-2"}"#, "event_not_found"), (#"{"event":"0123456789abcdef-1"}"#, "event_not_found"),
        (#"{"last":1,"expected_event":"EPOCH-0"}"#, "library_changed"),
    ])
    func whatCannotBeUndoneIsRefused(body: String, code: String) async throws {
        let library = try await TestLibrary()
        let ada = try await library.login("ada").token
        _ = try await library.create("A", "B", as: ada)
        let reply = try await undo(library, body.replacing("EPOCH", with: try await epoch(library)), as: ada)
        #expect(reply.code == code, "\(reply.text)")
        #expect(try await library.list(as: ada).count == 1)
    }

    /// An import of which some changes are gone is not undone by half.
    @Test func whatIsNoLongerKeptIsNotUndone() async throws {
        let library = try await TestLibrary(keptEvents: 3)
        let ada = try await library.login("ada").token
        _ = try await library.sendFile(TestLibrary.lines(0..<4), "?import=i", as: ada)
        try await library.store.pruneHistory(at: library.time.now)
        for body in [#"{"import":"i"}"#, #"{"last":4}"#, #"{"event":"\#(try await epoch(library))-1"}"#] {
            let reply = try await undo(library, body, as: ada)
            #expect(reply.status == 410 && reply.code == "history_gone")
        }
        #expect(try await report(library, #"{"last":3}"#, as: ada).deleted == 3)
    }

    /// A file that creates more authors than events are kept has no events for the first ones.
    @Test func aFileThatIsLargerThanTheHistoryIsNotUndone() async throws {
        let library = try await TestLibrary(keptEvents: 3)
        let ada = try await library.login("ada").token
        _ = try await library.create("N0", "B", as: ada)
        _ = try await library.sendFile(TestLibrary.lines(0..<6), "?import=i&atomic=true&on_conflict=update", as: ada)
        try await library.store.pruneHistory(at: library.time.now)
        for body in [#"{"import":"i"}"#, #"{"last":6}"#, #"{"last":4}"#] {
            #expect(try await undo(library, body, as: ada).code == "history_gone")
        }
        #expect(try await report(library, #"{"last":3}"#, as: ada).deleted == 3)
        // The same id begins another import.
        try await library.store.pruneHistory(at: library.time.now)
        _ = try await library.sendFile(TestLibrary.lines(10..<12), "?import=i", as: ada)
        #expect(try await report(library, #"{"import":"i"}"#, as: ada).deleted == 2)
    }

    /// A client that has lost the reply knows no id of the request.
    @Test func aRepeatedFileIsOneImport() async throws {
        let library = try await TestLibrary()
        let ada = try await library.login("ada").token
        for query in ["", "?atomic=true"] {
            for _ in 0..<2 {
                _ = try await library.sendFile(TestLibrary.lines(0..<2), query, key: "k\(query)", as: ada)
            }
            let reply = try await library.send("GET", "/authors/changes?limit=2", headers: [bearer(ada)])
            let ids = try ChangePage(json: reply.body, unknownMembers: .rejected).changes.map(\.origin.importID)
            #expect(ids[0] == ids[1] && ids[0]?.wholeMatch(of: /[0-9a-f]{16}/) != nil)
            #expect(try await report(library, #"{"import":"\#(ids[0] ?? "")"}"#, as: ada).deleted == 2)
        }
    }

    /// Large undos and whole files of one owner come one after the other.
    @Test func filesAndUndosWaitForEachOther() async throws {
        let library = try await TestLibrary()
        let ada = try await library.login("ada").token
        _ = try await library.sendFile(TestLibrary.lines(0..<600), as: ada)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<3 {
                group.addTask {
                    try await library.sendFile(
                        TestLibrary.lines(1000 * (number + 1)..<1000 * (number + 1) + 600),
                        number < 2 ? "?atomic=true" : "", as: ada
                    ).status
                }
                group.addTask { try await undo(library, #"{"last":300}"#, as: ada).status }
            }
            for try await status in group { #expect(status == 200) }
        }
        let changes = try await library.store.lastEvent(owner: 1).sequence
        #expect(changes == 600 + 3 * 600 + 3 * 300)
        #expect(try library.sqlite.readers.read { try Inspection($0, searchIndex: true) }.faults == [])
    }

    /// A library from before schema 10 does not know what an author was before its oldest event that is kept, but
    /// what it was before all later changes.
    @Test func whatWasNeverKeptIsNotUndone() async throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/library.db"
        try OlderLibrary.make(path)
        let queue = try DatabaseQueue(path: path)
        try await queue.write { try $0.execute(sql: "DELETE FROM author_event WHERE owner = 1 AND sequence = 2") }
        try queue.close()
        let store = try SQLiteStore(path: path)
        defer { store.close() }
        let epoch = try store.lastEvent(owner: 1).epoch
        func names(at event: Int64) async throws -> [String] {
            var query = AuthorQuery()
            query.at = .event("\(epoch)-\(event)")
            return try await store.names(query)
        }
        // The sixth event has updated author 2.
        await #expect(throws: StoreError.historyGone(since: nil)) { try await names(at: 5) }
        #expect(try await names(at: 6) == ["Ørsted", "anne", "Émile"])
        let now = Timestamp(milliseconds: 100)
        await #expect(throws: StoreError.self) {
            try await store.undo(UndoRequest(event: "\(epoch)-6"), owner: 1, at: now)
        }
        // Author 6 is older than all events.
        var values = AuthorValues()
        values[text: .name] = "New"
        for id in [2, 6] as [Int64] {
            _ = try await store.updateAuthor(id: id, owner: 1, AuthorPatch(values), ifVersion: { _ in true }, at: now)
        }
        #expect(try await names(at: 7) == ["New", "anne", "Émile"])
        #expect(try await store.undo(UndoRequest(last: 2), owner: 1, at: now).updated == 2)
        #expect(try await names(at: 10) == ["Ørsted", "anne", "Émile"])
        #expect(try Inspection(file: path, isBackup: false).faults == [])
    }
}
