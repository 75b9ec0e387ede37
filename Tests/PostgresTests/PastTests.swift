import TestSupport
import Testing

@testable import LibraryPostgres
@testable import LibraryStore
@testable import Shared

/// Earlier states of a library, and its history, are those of SQLite after the same changes.
@Suite(.serialized) struct PastTests {
    /// A library that was changed at random, and the texts that it has had.
    private struct Changed {
        let twins: Twins
        let epoch: String
        let last: Int64
        let ids: [Int64]
        let texts: [String]
        let seed: UInt64
    }

    private struct Actor {
        let twins: Twins
        var random: SeededGenerator
        var time: Int64 = 1000
        /// Of each owner, by id.
        var authors: [Int64: [Int64: AuthorDraft]] = [1: [:], 2: [:]]
        /// Those that were deleted, with the event.
        var deleted: [(id: Int64, event: Int64, author: AuthorDraft)] = []
        var texts: [String] = []
        var ids: Set<Int64> = []

        private mutating func draft() -> AuthorDraft {
            AuthorDraft(
                random.chance(50) ? random.pick(["Ada", "ada", "Ørsted", "Émile", "村上", "Zoë"]) : random.text(),
                random.chance(50) ? "B\(Int.random(in: 0..<12, using: &random))" : random.text(),
                random.pick(["UK", "Éire", "eire", "日本"]), prize: random.chance(50))
        }

        private func isTaken(_ draft: AuthorDraft, _ owner: Int64, except id: Int64? = nil) -> Bool {
            (authors[owner] ?? [:]).contains { other in
                other.key != id && other.value.name.utf8.elementsEqual(draft.name.utf8)
                    && other.value.book.utf8.elementsEqual(draft.book.utf8)
            }
        }

        mutating func change() async throws {
            let owner: Int64 = random.chance(80) ? 1 : 2
            // Several changes may have one time, and the clock is set back sometimes.
            time += random.chance(5) ? -3 : random.pick([0, 1, 5])
            let draft = draft()
            let known = (authors[owner] ?? [:]).keys.sorted()
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<45 where !isTaken(draft, owner):
                let author = try await twins.create(draft, owner: owner, at: time)
                set(author.id, draft, owner)
            case 45..<70 where !known.isEmpty:
                let id = random.pick(known)
                var values = draft.values
                for field in AuthorField.writable where random.chance(40) {
                    values[text: field] = nil
                    values[flag: field] = nil
                }
                guard let before = authors[owner]?[id] else { return }
                let after = AuthorDraft(values.filled(from: before.values))
                guard !isTaken(after, owner, except: id) else { return }
                try await twins.update(id, values, owner: owner, at: time)
                set(id, after, owner)
            case 70..<90 where !known.isEmpty:
                let id = random.pick(known)
                try await twins.delete(id, owner: owner, at: time)
                let event = try twins.sqlite.lastEvent(owner: owner).sequence
                if let author = authors[owner]?.removeValue(forKey: id), owner == 1 {
                    deleted.append((id, event, author))
                }
            default:
                guard let index = deleted.indices.randomElement(using: &random) else { return }
                let (id, event, author) = deleted[index]
                guard !isTaken(author, 1) else { return }
                try await twins.undoDeletion(of: id, event, at: time)
                deleted.remove(at: index)
                set(id, author, 1)
            }
        }

        private mutating func set(_ id: Int64, _ draft: AuthorDraft, _ owner: Int64) {
            authors[owner, default: [:]][id] = draft
            texts += [draft.name, draft.book]
            ids.insert(id)
        }
    }

    private func changed(_ count: Int) async throws -> Changed {
        let seed = UInt64.random(in: .min ... .max)
        var actor = Actor(twins: try await Twins(), random: SeededGenerator(seed: seed))
        for _ in 0..<count { try await actor.change() }
        let last = try actor.twins.sqlite.lastEvent(owner: 1)
        return Changed(
            twins: actor.twins, epoch: last.epoch, last: last.sequence, ids: actor.ids.sorted(), texts: actor.texts,
            seed: seed)
    }

    @Test func everyStateIsThatOfSQLite() async throws {
        let library = try await changed(330)
        let (twins, seed) = (library.twins, library.seed)
        var random = SeededGenerator(seed: seed)
        var rows = 0
        for number in 0...library.last {
            let point = HistoryPoint.event("\(library.epoch)-\(number)")
            rows += try await twins.list(AuthorQuery(at: point), "seed \(seed)").count
            var query = AuthorQuery(random.pick(AuthorSort.every), limit: random.pick([1, 3, 10, 1000]), at: point)
            if random.chance(30) { query.search = random.query(from: library.texts) }
            if random.chance(20) { query.values[text: .country] = random.pick(["UK", "Éire", "eire"]) }
            if random.chance(10) { query.values[text: .name] = random.pick(library.texts) }
            if random.chance(20) { query.values[flag: .bookerPrize] = random.chance(50) }
            rows += try await twins.list(query, "seed \(seed)").count
        }
        for time in stride(from: Int64(990), to: 1900, by: 13) {
            let point = HistoryPoint.time(Twins.time(time))
            rows += try await twins.list(AuthorQuery(random.pick(AuthorSort.every), limit: 20, at: point)).count
            await twins.both("seed \(seed)") {
                try await $0.position(of: point, owner: 1)
            } _: {
                try await $0.position(of: point, owner: 1)
            }
        }
        #expect(rows > 5000)
        #expect(try await twins.list(AuthorQuery(at: .time(Twins.time(.max)))) == twins.list(AuthorQuery()))
    }

    @Test func theHistoryIsThatOfSQLite() async throws {
        let library = try await changed(330)
        let (twins, seed) = (library.twins, library.seed)
        var random = SeededGenerator(seed: seed)
        var told = 0
        for id in library.ids + [0, -1, .max, .min, 999] {
            for owner in [1, 2, 3] as [Int64] {
                for limit in [1, 2, 100] {
                    var query = ChangeQuery()
                    query.limit = limit
                    told += try await pages(query) { query in
                        await twins.both("author \(id) of \(owner), \(query), seed \(seed)") {
                            try await $0.history(of: id, query, owner: owner, Dump.page)
                        } _: {
                            try await $0.history(of: id, query, owner: owner, Dump.page)
                        }
                    }
                }
            }
        }
        for _ in 0..<100 {
            var query = ChangeQuery()
            query.limit = random.pick([1, 10, 1000])
            if random.chance(60) {
                query.since =
                    random.chance(50)
                    ? .time(Twins.time(Int64.random(in: 990...1800, using: &random)))
                    : .event("\(library.epoch)-\(Int64.random(in: 0...library.last + 2, using: &random))")
            }
            if random.chance(30) {
                query.after = "\(library.epoch)-\(Int64.random(in: 0...library.last + 2, using: &random))"
            }
            if random.chance(5) { query.after = "0123456789abcdef-1" }
            let owner: Int64 = random.pick([1, 1, 2, 3])
            told += try await pages(query) { query in
                await twins.both("\(query) of \(owner), seed \(seed)") {
                    try await $0.changes(query, owner: owner, Dump.page)
                } _: {
                    try await $0.changes(query, owner: owner, Dump.page)
                }
            }
            let id = random.pick(library.ids)
            await twins.both("author \(id), \(query), seed \(seed)") {
                try await $0.history(of: id, query, owner: owner, Dump.page)
            } _: {
                try await $0.history(of: id, query, owner: owner, Dump.page)
            }
        }
        #expect(told > 1000)
    }

    /// Follows the pages.
    /// - Returns: the number of changes.
    private func pages(
        _ query: ChangeQuery, _ read: (ChangeQuery) async throws -> Outcome<Dump.Page>
    ) async throws -> Int {
        var query = query
        var count = 0
        repeat {
            guard let page = try await read(query).success else { return count }
            count += page.rows.count
            query.after = page.next
        } while query.after != nil
        return count
    }

    /// What is no longer kept cannot be shown, and says since when it can.
    @Test func onlySomeOfThePastIsKept() async throws {
        let library = try await changed(150)
        let twins = library.twins
        func look() async throws -> Int {
            var gone = 0
            for number in 0...library.last + 1 {
                let point = HistoryPoint.event("\(library.epoch)-\(number)")
                try await twins.list(AuthorQuery(AuthorSort(.name), limit: 20, at: point))
                let page = await twins.both {
                    try await $0.authors(AuthorQuery(at: point), owner: 1, Dump.page)
                } _: {
                    try await $0.authors(AuthorQuery(at: point), owner: 1, Dump.page)
                }
                if page.failure?.contains("historyGone") == true { gone += 1 }
            }
            for id in library.ids {
                await twins.both("author \(id)") {
                    try await $0.history(of: id, ChangeQuery(), owner: 1, Dump.page)
                } _: {
                    try await $0.history(of: id, ChangeQuery(), owner: 1, Dump.page)
                }
            }
            for owner in [1, 2, 3] as [Int64] {
                await twins.both {
                    try await $0.changes(ChangeQuery(), owner: owner, Dump.page)
                } _: {
                    try await $0.changes(ChangeQuery(), owner: owner, Dump.page)
                }
                await twins.both {
                    try $0.history(owner: owner).since
                } _: {
                    try await $0.history(owner: owner).since
                }
            }
            return gone
        }
        #expect(try await look() == 0)
        for kept in [40, 1] as [Int64] {
            try await twins.keep(events: kept)
            #expect(try await look() == library.last - kept)
        }
        let connection = try twins.library.connect()
        try connection.run(#"UPDATE "user" SET history_start = $1"#, [.integer(library.last)])
        let range = try await twins.postgres.history(owner: 1)
        #expect(range.since == nil && range.events == 100_000)
    }

    /// A cursor keeps to the state of its list, whatever else it says.
    @Test func aCursorOfThePastBelongsToItsState() async throws {
        let library = try await changed(60)
        let twins = library.twins
        for sort in [AuthorSort(), AuthorSort(.name, descending: true)] {
            let values = sort.fields.map { _ in ColumnValue.text("B") }
            for event in [
                EventPosition(epoch: library.epoch, sequence: 5), EventPosition(epoch: library.epoch, sequence: 9999),
                EventPosition(epoch: "0123456789abcdef", sequence: 5),
            ] {
                let cursor = Cursor(sort: sort, id: 3, values: values, event: event).text
                for point in ["\(library.epoch)-5", "\(library.epoch)-6", "0123456789abcdef-5"] {
                    try await twins.list(AuthorQuery(sort, after: cursor, at: .event(point)))
                }
                try await twins.list(AuthorQuery(sort, after: cursor, at: .time(Twins.time(1010))))
                try await twins.list(AuthorQuery(sort, after: cursor))
            }
            let present = Cursor(sort: sort, id: 3, values: values).text
            try await twins.list(AuthorQuery(sort, after: present, at: .event("\(library.epoch)-5")))
        }
    }

    /// What a list of an earlier state reads is of one state, whatever is deleted meanwhile.
    @Test func aListOfThePastIsOfOneState() async throws {
        let library = try await changed(100)
        let twins = library.twins
        let point = HistoryPoint.event("\(library.epoch)-50")
        let known = try await twins.postgres.authors(AuthorQuery(at: point), owner: 1, Dump.page)
        let page = try await twins.postgres.authors(AuthorQuery(at: point), owner: 1) { rows in
            let connection = try twins.library.connect()
            defer { connection.close() }
            try connection.run("DELETE FROM author WHERE owner = 1")
            try connection.run("DELETE FROM author_event WHERE owner = 1")
            return try Dump.page(rows)
        }
        #expect(page == known && !known.rows.isEmpty)
    }
}

extension Twins {
    /// Creates an author again whose deletion was that event.
    fileprivate func undoDeletion(of id: Int64, _ event: Int64, at time: Int64) async throws {
        let now = Self.time(time)
        var request = UndoRequest()
        request.event = "\(try sqlite.lastEvent(owner: 1).epoch)-\(event)"
        _ = try await sqlite.undo(request, owner: 1, from: nil, as: nil, at: now, clock: nil)
        let author = try await sqlite.author(id: id, owner: 1) { Dump($0).author }
        try await postgres.write(owner: 1) { change in
            let number = change.nextEvent()
            try change.connection.run(
                Statement(
                    """
                    INSERT INTO author (owner, id, \(PostgresStore.columns.joined(separator: ", ")), created_at,
                        updated_at, version, event)
                    VALUES ($1, $2, \(PostgresStore.parameters(from: 3).joined(separator: ", ")), $11, $12, $13, $14)
                    """),
                [.integer(1), .integer(id)] + PostgresStore.values(of: author.draft, owner: 1) + [
                    .integer(author.createdAt.milliseconds), .integer(author.updatedAt.milliseconds),
                    .integer(author.version), .integer(number),
                ])
            try PostgresStore.record(
                change, AuthorEvent.created, of: id, number: number, after: event, nil, from: nil, at: now)
        }
    }

    /// Deletes all but the last events of owner 1.
    fileprivate func keep(events: Int64) async throws {
        let last = try sqlite.lastEvent(owner: 1).sequence
        try await sqlite.writer.write { db in
            while try SQLiteStore.deleteEvents(db, owner: 1, through: last - events) {}
        }
        try library.connect().run(
            "DELETE FROM author_event WHERE owner = 1 AND sequence <= $1", [.integer(last - events)])
    }
}
