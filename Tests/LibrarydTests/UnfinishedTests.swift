import GRDB
import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// Changes that are stored in many transactions: whole files, and undos.
@Suite(.serialized) struct UnfinishedTests {
    private static let count = 4000

    private func contents(_ library: TestLibrary, _ lines: String) throws -> SpooledFile {
        let contents = SpooledFile(folder: library.folder.path)
        try contents.append(Array(lines.utf8))
        return contents
    }

    /// What the owner's readers see at one moment, each in a way of its own.
    private func seen(_ library: TestLibrary, as token: String) async throws -> [Int] {
        let store = try library.sqlite
        func count(_ query: String) async throws -> Int {
            var query = try AuthorQuery(items: QueryItem.parse(query) ?? [])
            query.limit = 5000
            return try await store.authors(query, owner: 1) { rows in
                var count = 0
                _ = try rows.forEach { _ in count += 1 }
                return count
            }
        }
        var counts: [Int] = []
        for query in ["", "sort=name", "sort=created_at", "q=n", "country=C"] {
            counts.append(try await count(query))
        }
        counts.append(Int(try await store.profile(.id(1)).authors))
        return counts
    }

    /// While a file is stored or an import is undone, its owner's readers see nothing of it, others go on, and the
    /// owner's writes wait.
    @Test(arguments: Kind.allCases) func nothingIsSeenBeforeTheEnd(kind: Kind) async throws {
        let library = try await TestLibrary()
        let (ada, bob) = (try await library.login("ada").token, try await library.login("bob").token)
        let store = try library.sqlite
        let lines = TestLibrary.lines(0..<Self.count)
        if kind != .creations { _ = try await library.sendFile(lines, "?atomic=true&import=i", as: ada) }
        let before = kind == .creations ? 0 : Self.count
        let after = kind == .undo ? 0 : Self.count
        try await wait(until: "the end of the start's work") { !store.readers.hidesUnfinished }
        let last = try store.lastEvent(owner: 1)
        func country() async -> String? {
            try? await store.author(id: 1, owner: 1) { HistoryPropertyTests.author($0).country }
        }
        async let change = Task {
            if kind == .undo {
                try await library.post("/authors/undo", #"{"import":"i"}"#, headers: [bearer(ada)])
            } else {
                try await library.sendFile(
                    lines.replacing(#""C""#, with: #""D""#), "?atomic=true&on_conflict=update", as: ada)
            }
        }.value
        async let own = Task {
            try await wait(until: "an unfinished change") { store.readers.hidesUnfinished }
            return try await library.create("Own", "B", as: ada)
        }.value
        var others = 0
        while true {
            let (seen, country) = (try await seen(library, as: ada), await country())
            guard try store.lastEvent(owner: 1) == last else { break }
            #expect(seen == [before, before, before, before, before, before])
            #expect(country == (before == 0 ? nil : "C"))
            _ = try await library.create("Other \(others)", "B", as: bob)
            others += 1
        }
        #expect(try await change.status == 200)
        _ = try await own
        #expect(others > 0)
        #expect(try await seen(library, as: ada) == [after + 1, after + 1, after + 1, after, 0, after + 1])
        if kind == .updates { #expect(await country() == "D") }
        // Events without gaps, each change of many with one time.
        let events = try store.readers.read {
            try Row.fetchAll($0, sql: "SELECT sequence, at FROM author_event WHERE owner = 1 ORDER BY sequence")
        }
        #expect(events.map { $0[0] as Int } == Array(1...(kind == .creations ? 1 : 2) * Self.count + 1))
        #expect(events.map { $0[1] as Int } == events.map { $0[1] as Int }.sorted())
        #expect(Set(events.map { $0[1] as Int }).count <= 3)
        #expect(!store.readers.hidesUnfinished)
        #expect(try store.readers.read { try Inspection($0, searchIndex: true) }.faults == [])
    }

    enum Kind: CaseIterable { case creations, updates, undo }

    /// A file that updates authors is all or nothing too.
    @Test(.onSQLite("ids have no gaps")) func aFileMayUpdateWhatItCreates() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        _ = try await library.create("Old", "B", as: token)
        let lines = ["Old", "New", "New", "New"].enumerated().map {
            #"{"name":"\#($1)","book":"B","country":"\#($0 == 2 ? "C1" : "C\($0)")"}"#
        }.joined(separator: "\n")
        let query = "&on_conflict=update"
        let trial = try await library.sendFile(lines, "?dry_run=true" + query, as: token)
        let reply = try await library.sendFile(lines, "?atomic=true" + query, as: token)
        #expect(try reply.results == ["1 updated 1", "2 created 2", "3 unchanged 2", "4 updated 2"])
        #expect(trial.body == reply.body)
        #expect(try await library.sendFile(lines, "?dry_run=true" + query, as: token).results.last == "4 updated 2")
        #expect(try library.sqlite.readers.read { try Inspection($0, searchIndex: true) }.faults == [])
    }

    private func begin(_ store: SQLiteStore, _ count: Int, at now: Timestamp) async throws {
        let change = try await store.beginUnfinished(owner: 1)
        try await store.writer.write { db in
            try change.part(db) {
                var target = StoredAuthors(db, owner: 1, from: ImportOrigin(), at: now)
                for number in 0..<count {
                    _ = try target.create(AuthorDraft(name: "N unfinished \(number)", book: "B", country: "C"))
                }
                try target.recordCreated()
            }
        }
    }

    /// As after a kill in the middle of an import.
    @Test func whatIsUnfinishedGoesAtTheNextStart() async throws {
        let folder = TemporaryFolder()
        do {
            let library = try await TestLibrary(folder: folder)
            let token = try await library.login("ada").token
            _ = try await library.create("A", "B", as: token)
            let store = try library.sqlite
            try await wait(until: "the end of the start's work") { !store.readers.hidesUnfinished }
            await store.readers.hideUnfinished()
            try await begin(store, 1200, at: library.time.now)
            #expect(try library.count("author") == 1201)
            let sight = try await seen(library, as: token)
            #expect(sight == [1, 1, 1, 0, 0, 1])
            let draft = AuthorDraft(name: "C", book: "B", country: "C")
            await #expect(throws: StoreError.busy) {
                try await store.createAuthor(draft, owner: 1, at: library.time.now)
            }
            #expect(try store.readers.read { try Inspection($0, searchIndex: true) }.faults == [])
        }
        let library = try await TestLibrary(folder: folder)
        try await wait(until: "the end of the start's work") { try !library.sqlite.readers.hidesUnfinished }
        #expect(try library.count("author") == 1)
        #expect(try library.sqlite.readers.read { try Inspection($0, searchIndex: true) }.faults == [])
        let token = try await library.login("ada").token
        // No id is used again.
        #expect(try await library.create("N unfinished 5", "B", as: token).id == 1202)
    }

    /// After a kill, until the change is taken back: an author is as it was, and every write, and each plan of one, is
    /// refused, also if it would change nothing.
    @Test func nothingIsWrittenBeforeTheChangeIsTakenBack() async throws {
        let library = try await TestLibrary(keptFor: 20)
        let token = try await library.login("ada").token
        let author = try await library.create("A", "B", country: "Old", as: token)
        let store = try library.sqlite
        try await wait(until: "the end of the start's work") { !store.readers.hidesUnfinished }
        await store.readers.hideUnfinished()
        let (change, now) = (try await store.beginUnfinished(owner: 1), library.time.now)
        try await store.writer.write { db in
            try change.part(db) {
                var target = StoredAuthors(db, owner: 1, from: ImportOrigin(), at: now)
                let entry = AuthorDraft(name: "A", book: "B", country: "New", bookerPrize: false).values
                let isChanged = try target.update(author.id, entry)
                #expect(isChanged)
            }
        }
        let line = #"{"name":"A","book":"B","country":"New"}"#
        let replies = [
            try await library.patch(Int(author.id), #"{"country":"New"}"#, as: token),
            try await library.patch(Int(author.id), #"{"country":"Old"}"#, as: token),
            try await library.send("DELETE", "/authors/\(author.id)", headers: [bearer(token)]),
            try await library.sendFile(line, "?atomic=true&on_conflict=update", as: token),
            try await library.sendFile(line, "?atomic=true&on_conflict=skip", as: token),
            try await library.sendFile(line, "?dry_run=true&on_conflict=update", as: token),
            try await library.post("/authors/undo", #"{"last":1}"#, headers: [bearer(token)]),
            try await library.post("/authors/undo", #"{"last":1,"dry_run":true}"#, headers: [bearer(token)]),
        ]
        for reply in replies { #expect(reply.status == 503 && reply.code == "busy", "\(reply.text)") }
        let batch = try await library.sendFile(line, "?on_conflict=update", as: token)
        #expect(batch.text.contains("busy"), "\(batch.text)")
        // What is needed to take it back is kept, also if all is too old.
        library.time.pass(seconds: 3600)
        try await store.pruneHistory(at: library.time.now)
        let reply = try await library.send("GET", "/authors/\(author.id)", headers: [bearer(token)])
        #expect(try Author(json: reply.body, unknownMembers: .ignored) == author)
        try await store.takeBackUnfinished()
        store.readers.showUnfinished()
        let again = try await library.send("GET", "/authors/\(author.id)", headers: [bearer(token)])
        #expect(again.body == reply.body)
        #expect(try store.lastEvent(owner: 1).sequence == 1)
        #expect(try await library.patch(Int(author.id), #"{"country":"New"}"#, as: token).status == 200)
    }

    /// A change that cannot be taken back for now is told of in the log, and taken back later.
    @Test func whatCannotBeTakenBackIsToldOf() async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        let store = try library.sqlite
        let watch = StoreWatch(store: store, logger: library.app.logger)
        try await wait(until: "the end of the start's work") { !store.readers.hidesUnfinished }
        try await store.writer.write {
            try $0.execute(
                sql: "CREATE TRIGGER fault BEFORE DELETE ON author BEGIN SELECT RAISE(ABORT, 'a fault'); END")
        }
        let (now, start) = (library.time.now, library.log.lines.count)
        await #expect(throws: CancellationError.self) {
            try await store.unfinished(owner: 1) { _ in
                try await begin(store, 3, at: now)
                throw CancellationError()
            } finish: { _, _ in
            }
        }
        try await wait(until: "the failure") { !store.failingWork.isEmpty }
        let failing = watch.lookAtWork(store.failingWork, last: [:])
        let failure = BackgroundWork.Failure(account: "ada", reason: "a fault (sqlite 1811)")
        #expect(failing == [BackgroundWork(kind: .takingBack, user: 1): failure])
        #expect(watch.lookAtWork(store.failingWork, last: failing) == failing)
        let draft = AuthorDraft(name: "C", book: "B", country: "C")
        await #expect(throws: StoreError.busy) { try await store.createAuthor(draft, owner: 1, at: now) }
        try await store.writer.write { try $0.execute(sql: "DROP TRIGGER fault") }
        try await wait(until: "the end of the failure") { store.failingWork.isEmpty }
        #expect(watch.lookAtWork(store.failingWork, last: failing) == [:])
        #expect(
            library.log.lines[start...].filter { $0.contains("background") } == [
                "error work in the background fails, and is tried again",
                "notice work in the background no longer fails",
            ])
        #expect(try library.count("author") == 0)
    }

    /// Two authors that have swapped their names, and one that has got the name of another, get them back together.
    @Test func namesThatWerePassedOnAreTakenBackTogether() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        var ids: [Int] = []
        for name in ["A", "B", "C", "D"] { ids.append(Int(try await library.create(name, "x", as: token).id)) }
        for (place, name) in [(0, "T"), (1, "A"), (0, "B"), (2, "E"), (3, "C")] {
            #expect(try await library.patch(ids[place], #"{"name":"\#(name)"}"#, as: token).status == 200)
        }
        let store = try library.sqlite
        let (before, now) = (try await library.list(as: token), library.time.now)
        let change = try await store.beginUnfinished(owner: 1)
        try await store.writer.write { db in
            try change.part(db) {
                let plan = try UndoPlan(UndoRequest(last: 5), of: UndoneLibrary(db, 1), at: now)
                let end = plan.endOfPart(from: 0, count: 1)
                try SQLiteStore.perform(plan, 0..<end, db, owner: 1, from: nil, at: now)
            }
        }
        let names = "SELECT name FROM author ORDER BY id"
        #expect(try store.readers.read { try String.fetchAll($0, sql: names) } == ["A", "B", "C", "D"])
        while try await !store.writer.write({ try SQLiteStore.takeBackPart($0, owner: 1, count: 1) }) {}
        #expect(try await library.list(as: token) == before)
        #expect(try store.lastEvent(owner: 1).sequence == 9)
        #expect(try store.readers.read { try Inspection($0, searchIndex: true) }.faults == [])
    }

    /// An atomic file that changes nothing is not kept as a reply.
    @Test func whatChangesNothingIsNotKept() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let query = "?atomic=true&on_conflict=update"
        _ = try await library.sendFile(TestLibrary.lines(0..<3), query, key: "a", as: token)
        let reply = try await library.sendFile(TestLibrary.lines(0..<3), query, key: "b", as: token)
        #expect(reply.status == 200)
        #expect(try library.count("idempotency_key") == 1)
    }
}
