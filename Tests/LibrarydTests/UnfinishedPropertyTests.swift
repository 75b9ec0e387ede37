import Foundation
import GRDB
import TestSupport
import Testing

@testable import LibraryStore
@testable import Shared

/// Random changes in parts, none of which anybody may see.
@Suite(.serialized) struct UnfinishedPropertyTests {
    private static let owner: Int64 = 1

    /// The rows of one owner, and what else an unfinished change could leave behind.
    private func rows(_ store: SQLiteStore) throws -> [String] {
        try store.readers.read { db in
            try [
                "SELECT * FROM author ORDER BY owner, id", "SELECT * FROM author_event ORDER BY owner, sequence",
                "SELECT * FROM origin ORDER BY user, number", "SELECT * FROM user",
            ].flatMap { try Row.fetchAll(db, sql: $0).map(\.description) }
        }
    }

    /// What a list shows, in pages of 7.
    private func list(_ store: SQLiteStore, _ query: AuthorQuery) async throws -> [String] {
        var (query, found) = (query, [String]())
        query.limit = 7
        repeat {
            let (page, next) = try await store.authors(query, owner: Self.owner) { rows in
                var page: [String] = []
                let next = try rows.forEach { page.append("\(HistoryPropertyTests.author($0))") }
                return (page, next)
            }
            found += page
            query.after = next
        } while query.after != nil
        return found
    }

    private static let queries: [AuthorQuery] = {
        let sorts = AuthorField.sortable.flatMap { field in
            [false, true].flatMap { bytewise in
                [false, true].map { AuthorSort(field, bytewise: bytewise, descending: $0) }
            }
        }
        let orders = Set(sorts).map { sort in
            var query = AuthorQuery()
            query.sort = sort
            return query
        }
        let texts =
            ["q=ad", "q=村", "q=ad&sort=name", "q=b1&sort=updated_at:desc", "name=Ada", "country=UK&sort=book"]
            + ["booker_prize=true", "booker_prize=false&country=日本&sort=created_at", "q=z&country=UK&sort=book:desc"]
            // Words that follow each other.
            + ["q=村上", "q=村上&country=UK&sort=name", "q=上村"]
        return orders + texts.compactMap { try? AuthorQuery(items: QueryItem.parse($0) ?? []) }
    }()

    /// All that an owner can see.
    private func view(_ store: SQLiteStore) async throws -> [String: [String]] {
        let owner = Self.owner
        var view: [String: [String]] = [:]
        for query in Self.queries { view["\(query)"] = try await list(store, query) }
        let last = try store.lastEvent(owner: owner)
        view["last event"] = [last.description]
        for number in [0, last.sequence / 2, max(0, last.sequence - 1)] {
            for text in ["", "sort=name", "sort=updated_at:desc", "q=ad", "country=UK"] {
                var query = try AuthorQuery(items: QueryItem.parse(text) ?? [])
                query.at = .event(EventPosition(epoch: last.epoch, sequence: number).description)
                view["\(text) at \(number)"] = try await list(store, query)
            }
        }
        var latest = AuthorQuery()
        latest.at = .time(Timestamp(milliseconds: 1_000_000))
        view["at a later time"] = try await list(store, latest)
        for id in 1...400 as ClosedRange<Int64> {
            let author = try? await store.author(id: id, owner: owner) { "\(HistoryPropertyTests.author($0))" }
            view["author \(id)"] = [author ?? "none"]
            view["history of \(id)"] = try? await store.history(of: id, ChangeQuery(), owner: owner, Self.describe)
        }
        view["changes"] = try await store.changes(ChangeQuery(), owner: owner, Self.describe)
        var since = ChangeQuery()
        since.since = .time(Timestamp(milliseconds: 1050))
        view["changes since"] = try await store.changes(since, owner: owner, Self.describe)
        for start in [0, max(0, last.sequence - 2), last.sequence] {
            let position = EventPosition(epoch: last.epoch, sequence: start)
            view["events after \(start)"] = try await store.events(after: position, owner: owner) { rows in
                var events: [String] = []
                let page = try rows.forEach { events.append(Self.describe($0)) }
                return events + ["\(page)"]
            }
        }
        view["profile"] = ["\(try await store.profile(.id(owner)))"]
        return view
    }

    private static func describe(_ event: EventRow) -> String {
        let before = event.before.map { "\(HistoryPropertyTests.author($0))" }
        return
            "\(event.position) \(event.kind) \(event.at) \(HistoryPropertyTests.author(event.author)) \(before ?? "")"
    }

    @Sendable private static func describe(_ changes: ChangeRows) throws -> [String] {
        var events: [String] = []
        let next = try changes.forEach { events.append(describe($0)) }
        return events + ["next: \(next?.description ?? "")"]
    }

    /// One random change in a transaction: a creation, an update, a deletion, or a deletion that is taken back.
    private static func change(_ db: Database, _ random: inout SeededGenerator, at now: Timestamp) throws {
        let draft = AuthorDraft(
            name: ["Ada", "ada", "Ørsted", "村上", "Zoë", "New"].randomElement(using: &random) ?? "",
            book: "B\(Int.random(in: 0..<20, using: &random))",
            country: ["UK", "Eire", "日本"].randomElement(using: &random) ?? "",
            bookerPrize: Bool.random(using: &random))
        let kind = Int.random(in: 0..<4, using: &random)
        do {
            if kind == 0 {
                let numbers = try AuthorNumbers.next(db, owner: owner)
                _ = try SQLiteStore.insertAuthor(db, draft, owner: owner, numbers, from: nil, at: now)
                return
            }
            if kind == 1 {
                let sql = """
                    SELECT \(AuthorRow.columns), sequence FROM author_event
                    WHERE owner = ? AND kind = 'deleted' AND next IS NULL LIMIT 1
                    """
                guard let row = try Row.fetchOne(db, sql: sql, arguments: [owner]) else { return }
                let author = try Author(row)
                let event = try SQLiteStore.nextEvent(db, owner: owner)
                try SQLiteStore.insert(db, author, owner: owner, event: event)
                return try SQLiteStore.record(
                    db, AuthorEvent.created, of: author.id, number: event, after: row["sequence"], nil, owner: owner,
                    from: nil, at: now)
            }
            let ids = try Int64.fetchAll(db, sql: "SELECT id FROM author WHERE owner = ?", arguments: [owner])
            guard let id = ids.randomElement(using: &random) else { return }
            let before = try SQLiteStore.author(db, id: id, owner: owner)
            if kind == 2 {
                guard let after = before.changed(by: AuthorPatch(draft.values), at: now) else { return }
                return try SQLiteStore.replace(db, before, with: after, owner: owner, from: nil)
            }
            let event = try SQLiteStore.nextEvent(db, owner: owner)
            let last = try SQLiteStore.lastEvent(db, of: id, owner: owner)
            try SQLiteStore.remove(db, before, owner: owner)
            try SQLiteStore.record(
                db, AuthorEvent.deleted, of: id, number: event, after: last, before, owner: owner, from: nil, at: now)
        } catch let error as StoreError where error.code == .authorExists {
        }
    }

    /// Takes the last changes back, of which some give authors the names of others.
    private static func undo(_ db: Database, _ random: inout SeededGenerator, at now: Timestamp) throws {
        let library = UndoneLibrary(db, owner)
        let position = try library.position()
        guard position.sequence > 0 else { return }
        let last = Int64.random(in: 1...min(position.sequence, 80), using: &random)
        var request = UndoRequest(last: last)
        request.force = true
        let plan = try UndoPlan(request, of: library, at: now)
        var done = 0
        while done < plan.steps.count {
            let end = plan.endOfPart(from: done, count: 7)
            try SQLiteStore.perform(plan, done..<end, db, owner: owner, from: nil, at: now)
            done = end
        }
    }

    @Test(arguments: 0..<6) func nothingIsSeenAndAllIsTakenBack(round: Int) async throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/library.db"
        let seed = UInt64.random(in: .min ... .max)
        var before: [String: [String]] = [:]
        var stored: [String] = []
        do {
            let store = try SQLiteStore(path: path)
            defer { store.close() }
            try store.begin()
            try await store.createUser(
                publicID: "u", name: "ada", passwordHash: "", by: .operator, at: Timestamp(milliseconds: 1))
            var actor = HistoryPropertyTests.Actor(
                store: store, owner: Self.owner, random: SeededGenerator(seed: seed))
            while actor.last < round * 50 { try await actor.change() }
            try await wait(until: "the end of the start's work") { !store.readers.hidesUnfinished }
            before = try await view(store)
            stored = try rows(store)
            await store.readers.hideUnfinished()
            let change = try await store.beginUnfinished(owner: Self.owner)
            for part in 0..<6 {
                let now = Timestamp(milliseconds: actor.time + 1)
                try await store.writer.write { [seed] db in
                    var random = SeededGenerator(seed: seed &+ UInt64(part))
                    try change.part(db) {
                        if part.isMultiple(of: 2) {
                            for _ in 0..<100 { try Self.change(db, &random, at: now) }
                        } else {
                            try Self.undo(db, &random, at: now)
                        }
                    }
                }
                let seen = try await view(store)
                for (what, found) in seen { #expect(found == before[what], "seed \(seed), part \(part): \(what)") }
                #expect(seen.count == before.count)
            }
            #expect(try store.readers.read { try Inspection($0, searchIndex: true) }.faults == [], "seed \(seed)")
        }
        // As after a kill.
        let store = try SQLiteStore(path: path)
        defer { store.close() }
        #expect(try await view(store) == before, "seed \(seed)")
        for part in 0... {
            let count = part % 3 + 1
            let isDone = try await store.writer.write { db in
                try SQLiteStore.takeBackPart(db, owner: Self.owner, count: count)
            }
            if isDone { break }
            if part % 40 == 0 { #expect(try await view(store) == before, "seed \(seed), part \(part)") }
            #expect(try store.readers.read { try Inspection($0, searchIndex: true) }.faults == [], "seed \(seed)")
        }
        try store.begin()
        try await wait(until: "the end of the start's work") { !store.readers.hidesUnfinished }
        #expect(try rows(store) == stored, "seed \(seed)")
        #expect(try await view(store) == before, "seed \(seed)")
        #expect(try store.readers.read { try Inspection($0, searchIndex: true) }.faults == [], "seed \(seed)")
    }
}
