import Foundation
import GRDB
import TestSupport
import Testing

@testable import LibraryStore
@testable import Shared

/// Random changes by several users, against a model that only knows what the replies said.
@Suite(.serialized) struct HistoryPropertyTests {
    /// An author without its version and times.
    struct Row: Equatable, CustomStringConvertible {
        let values: AuthorValues
        let createdAt: Int64

        init(_ author: Author) { (values, createdAt) = (author.draft.values, author.createdAt.milliseconds) }

        static func == (left: Row, right: Row) -> Bool {
            left.values.isSame(as: right.values) && left.createdAt == right.createdAt
        }

        var description: String { String(decoding: values.json, as: UTF8.self) }
    }

    typealias Library = [Int64: Row]

    /// One user, and what the replies said of the library after some of its events.
    struct Actor {
        let store: SQLiteStore
        let owner: Int64
        var random: SeededGenerator
        var states: [Int64: Library] = [0: [:]]
        var last: Int64 = 0
        var library: Library = [:]
        var time: Int64 = 1000
        var imports: [(id: String, first: Int64)] = []

        private mutating func now() -> Timestamp {
            time += 1
            return Timestamp(milliseconds: time)
        }

        private mutating func draft() -> AuthorDraft {
            AuthorDraft(
                name: ["Ada", "ada", "Ørsted", "Émile", "村上", "Zoë"].randomElement(using: &random) ?? "",
                book: "B\(Int.random(in: 0..<12, using: &random))",
                country: ["UK", "Eire", "日本"].randomElement(using: &random) ?? "",
                bookerPrize: Bool.random(using: &random))
        }

        private mutating func changed(_ number: Int64 = 1) {
            last += number
            states[last] = library
        }

        mutating func change() async throws {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<42: try await create()
            case 42..<68: try await update()
            case 68..<88: try await delete()
            case 88..<93: try await importFile()
            default: try await undo()
            }
        }

        private mutating func create() async throws {
            guard
                let author = try await unlessConflict({ [store, owner, draft = draft(), now = now()] in
                    try await store.createAuthor(draft, owner: owner, at: now)
                })
            else { return }
            library[author.id] = Row(author)
            changed()
        }

        private mutating func update() async throws {
            guard let id = library.keys.sorted().randomElement(using: &random) else { return }
            var values = draft().values
            if Bool.random(using: &random) { values[text: .name] = nil }
            if Bool.random(using: &random) { values[text: .book] = nil }
            let patch = AuthorPatch(values)
            guard
                let (author, isChanged) = try await unlessConflict({ [store, owner, now = now()] in
                    try await store.updateAuthor(
                        id: id, owner: owner, patch, ifVersion: { _ in true }, at: now)
                }), isChanged
            else { return }
            library[id] = Row(author)
            changed()
        }

        private mutating func delete() async throws {
            guard let id = library.keys.sorted().randomElement(using: &random) else { return }
            _ = try await store.deleteAuthor(id: id, owner: owner, ifVersion: { _ in true }, at: now())
            library[id] = nil
            changed()
        }

        /// Whole files and batches.
        private mutating func importFile() async throws {
            var options = BulkOptions()
            options.onConflict = [.skip, .update].randomElement(using: &random) ?? .skip
            options.atomic = Bool.random(using: &random)
            let id = "import\(imports.count)"
            let origin = ImportOrigin(nil, import: id)
            let drafts = (0..<Int.random(in: 1...6, using: &random)).map { _ in draft() }
            let text = drafts.map { String(decoding: $0.json, as: UTF8.self) }.joined(separator: "\n")
            let results: [BulkResult]
            if options.atomic {
                let spool = store.spool()
                try spool.append(Array(text.utf8))
                let report = try await store.createAuthors(
                    of: spool, .ndjson, owner: owner, from: origin, options: options, at: now())
                results = try BulkResult.list(ndjson: try report.results.bytes(from: 0))
            } else {
                var lines: [AuthorLines.Line] = []
                for (number, draft) in drafts.enumerated() {
                    lines.append(.init(number: number + 1, text: nil, entry: .success(draft.values)))
                }
                results = try await store.createAuthors(
                    lines, owner: owner, from: origin, options: options, at: now())
            }
            let count = Int64(results.count(where: \.isChange))
            guard count > 0 else { return }
            imports.append((id, last + 1))
            for result in results where result.isChange {
                let id = try #require(result.id)
                library[id] = try await store.author(id: id, owner: owner) { Row(author($0)) }
            }
            changed(count)
        }

        /// The last changes, which nothing can be in the way of; one change, and an import, which may be refused.
        private mutating func undo() async throws {
            var request = UndoRequest()
            let kind = Int.random(in: 0..<4, using: &random)
            if kind == 0, let known = imports.randomElement(using: &random) {
                request.importID = known.id
            } else if kind == 1, last > 0 {
                let epoch = try store.lastEvent(owner: owner).epoch
                request.event = "\(epoch)-\(Int64.random(in: max(1, last - 20)...last, using: &random))"
            } else if last > 0 {
                request.last = Int64.random(in: 1...min(last, 30), using: &random)
            } else {
                return
            }
            if request.last == nil, Bool.random(using: &random) { request.force = true }
            let before = try store.lastEvent(owner: owner)
            let trial = try await trial(request)
            let expected = request.last.flatMap { states[last - $0] }
            guard
                let report = try await unlessConflict({ [store, owner, request, now = now()] in
                    try await store.undo(request, owner: owner, at: now)
                })
            else {
                // The trial has said so too, and nothing has changed. The last changes can always be taken back, unless
                // only a part of an undo is: two authors that swap their names have the same one in between.
                #expect(trial == nil && expected == nil)
                #expect(try store.lastEvent(owner: owner) == before)
                return
            }
            #expect(trial?.changes.count == report.changes.count && trial?.undone == report.undone)
            #expect(report.skipped == 0 || request.force == true)
            for change in report.changes {
                library[change.author.id] = change.event == AuthorEvent.deleted ? nil : Row(change.author)
            }
            if let expected { #expect(library == expected) }
            if !report.changes.isEmpty { changed(Int64(report.changes.count)) }
        }

        private func trial(_ request: UndoRequest) async throws -> UndoReport? {
            var trial = request
            trial.dryRun = true
            return try await unlessConflict { [store, owner, trial] in
                try await store.undo(trial, owner: owner, at: Timestamp(milliseconds: 1))
            }
        }

        private func unlessConflict<Value>(_ body: () async throws -> Value) async throws -> Value? {
            do {
                return try await body()
            } catch let error as StoreError where [.authorExists, .undoConflict].contains(error.code) {
                return nil
            }
        }
    }

    static func author(_ row: AuthorRow) -> Author {
        var values = AuthorValues()
        for field in AuthorField.writable {
            if field.kind == .flag {
                values[flag: field] = row.integer(field) != 0
            } else {
                values[text: field] = String(decoding: row.text(field), as: UTF8.self)
            }
        }
        return Author(
            id: row.integer(.id), AuthorDraft(values), createdAt: Timestamp(milliseconds: row.integer(.createdAt)),
            updatedAt: Timestamp(milliseconds: row.integer(.updatedAt)), version: row.integer(.version))
    }

    /// The library after an event, read in pages.
    private func library(
        _ store: SQLiteStore, _ owner: Int64, after event: EventPosition, sort: AuthorSort = AuthorSort(),
        limit: Int = 1000
    ) async throws -> [(id: Int64, row: Row)] {
        var query = AuthorQuery()
        (query.at, query.sort, query.limit) = (.event(event.description), sort, limit)
        var found: [(Int64, Row)] = []
        repeat {
            let (page, next) = try await store.authors(query, owner: owner) { rows in
                var page: [(Int64, Row)] = []
                let next = try rows.forEach { row in
                    let author = Self.author(row)
                    page.append((author.id, Row(author)))
                }
                return (page, next)
            }
            found += page
            query.after = next
        } while query.after != nil
        return found
    }

    /// What the events say, from the first to each.
    private func replay(_ store: SQLiteStore, _ owner: Int64) async throws -> [Library] {
        var states: [Library] = [[:]]
        var position = EventPosition(epoch: try store.lastEvent(owner: owner).epoch, sequence: 0)
        while true {
            let (changes, page) = try await store.events(after: position, owner: owner) { rows in
                var changes: [(String, Author)] = []
                let page = try rows.forEach { changes.append(($0.kind, Self.author($0.author))) }
                return (changes, page)
            }
            for (kind, author) in changes {
                var state = try #require(states.last)
                state[author.id] = kind == AuthorEvent.deleted ? nil : Row(author)
                states.append(state)
            }
            position = page.position
            if !page.isFull { return states }
        }
    }

    @Test func everyStateCanBeShownAndUndone() async throws {
        let folder = TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/library.db", history: HistoryLimit(events: 1_000_000))
        defer { store.close() }
        let seed = UInt64.random(in: .min ... .max)
        for owner in 1...3 {
            try await store.createUser(
                publicID: "u\(owner)", name: "user\(owner)", passwordHash: "", by: .operator,
                at: Timestamp(milliseconds: 1))
        }
        let actors = try await withThrowingTaskGroup(of: Actor.self) { group in
            for owner in 1...3 as ClosedRange<Int64> {
                group.addTask {
                    var actor = Actor(store: store, owner: owner, random: SeededGenerator(seed: seed &+ UInt64(owner)))
                    while actor.last < 3400 { try await actor.change() }
                    return actor
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(try store.readers.read { try Inspection($0, searchIndex: true) }.faults == [], "seed \(seed)")
        for actor in actors { try await check(actor, seed) }
        #expect(try store.readers.read { try Inspection($0, searchIndex: true) }.faults == [], "seed \(seed)")
    }

    private func check(_ actor: Actor, _ seed: UInt64) async throws {
        let (store, owner) = (actor.store, actor.owner)
        let epoch = try store.lastEvent(owner: owner).epoch
        #expect(try store.lastEvent(owner: owner).sequence == actor.last)
        let states = try await replay(store, owner)
        #expect(states.count == Int(actor.last) + 1)
        for (number, state) in actor.states {
            #expect(states[Int(number)] == state, "seed \(seed), event \(number)")
        }
        // At every event would take minutes.
        let numbers = [0, 1, actor.last - 1, actor.last] + (0..<100).map { _ in Int64.random(in: 0...actor.last) }
        for number in numbers {
            let event = EventPosition(epoch: epoch, sequence: number)
            let found = try await library(store, owner, after: event)
            #expect(Dictionary(uniqueKeysWithValues: found) == states[Int(number)], "seed \(seed), event \(number)")
            #expect(found.map(\.id) == found.map(\.id).sorted())
        }
        let middle = EventPosition(epoch: epoch, sequence: actor.last / 2)
        for sort in ["name", "book:desc", "country", "name:bytes", "updated_at:desc", "created_at"] {
            let sort = try #require(AuthorSort(sort))
            let all = try await library(store, owner, after: middle, sort: sort)
            let paged = try await library(store, owner, after: middle, sort: sort, limit: 7)
            #expect(all.map(\.id) == paged.map(\.id), "seed \(seed), \(sort)")
            #expect(Dictionary(uniqueKeysWithValues: all) == states[Int(middle.sequence)])
        }
        // All is taken back, and that too.
        let now = Timestamp(milliseconds: actor.time + 1)
        let empty = try await store.undo(UndoRequest(last: actor.last), owner: owner, at: now)
        #expect(empty.deleted == Int64(actor.library.count) && empty.created + empty.updated == 0, "seed \(seed)")
        let position = try store.lastEvent(owner: owner)
        #expect(try await library(store, owner, after: position).isEmpty)
        #expect(position.description == empty.eventID)
        let count = position.sequence - actor.last
        _ = try await store.undo(UndoRequest(last: count), owner: owner, at: now)
        let again = try await library(store, owner, after: try store.lastEvent(owner: owner))
        #expect(Dictionary(uniqueKeysWithValues: again) == actor.library, "seed \(seed)")
    }
}
