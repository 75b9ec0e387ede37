import Foundation
import GRDB
import Shared
import TestSupport
import Testing

@testable import LibraryStore

/// Libraries of older releases, with what their users had in them.
@Suite(.serialized) struct MigrationTests {
    private let folder = TemporaryFolder()
    private var path: String { folder.path + "/library.db" }

    private func events(_ store: SQLiteStore, of owner: Int64, after number: Int64) async throws -> [String] {
        let epoch = try store.lastEvent(owner: owner).epoch
        return try await store.events(after: EventPosition(epoch: epoch, sequence: number), owner: owner) { rows in
            var lines: [String] = []
            _ = try rows.forEach { event in
                let fields = AuthorField.all.map { field in
                    field.kind == .text
                        ? String(decoding: event.author.text(field), as: UTF8.self) : "\(event.author.integer(field))"
                }
                lines.append("\(event.position.sequence) \(event.kind) " + fields.joined(separator: "|"))
            }
            return lines
        }
    }

    @Test func authorsAndEventsStayAsTheyWere() async throws {
        try OlderLibrary.make(path)
        let store = try SQLiteStore(path: path)
        defer { store.close() }
        #expect(try Inspection(file: path, isBackup: false).faults == [])
        #expect(try await store.names("sort=name") == ["anne", "Émile", "Ørsted"])
        #expect(try await store.names("sort=id") == ["Ørsted", "anne", "Émile"])
        #expect(try await store.names("q=orsted") == ["Ørsted"])
        #expect(try await store.names("q=zola") == [])
        #expect(
            try await events(store, of: 1, after: 1) == [
                "2 created 2|Orsted|Ånden|Danmark|0|10|10|1", "3 created 4|gone|B|C|0|11|11|1",
                "4 created 5|anne|B|C|1|12|12|1", "5 deleted 4|gone|B|C|0|11|11|1",
                "6 updated 2|Ørsted|Ånden|Danmark|0|10|30|2",
            ])
        #expect(try await events(store, of: 2, after: 0) == ["1 created 3|Zola|Nana|France|1|11|11|1"])
    }

    /// Schema 12 had authors that nobody could see yet, above an id of their owner.
    @Test func authorsOfAnUnfinishedFileGo() async throws {
        try await DatabaseQueue(path: path).writeWithoutTransaction { db in
            try SQLiteStore.migrate(db, from: 0, Array(Migrations.all.prefix(12)))
        }
        let queue = try DatabaseQueue(path: path)
        try await queue.write { db in
            SearchIndex.addFunctions(db)
            for (user, staged) in [(1, 2), (2, nil)] as [(Int, Int?)] {
                try db.execute(
                    sql: """
                        INSERT INTO user (public_id, name, password_hash, created_at, updated_at, first_staged)
                        VALUES (?1, 'user' || ?1, '', 1, 1, ?2)
                        """, arguments: [user, staged])
            }
            for (id, owner) in [(1, 1), (2, 1), (3, 2), (4, 1)] {
                try db.execute(
                    sql: """
                        INSERT INTO author (owner, id, name, book, country, booker_prize, created_at, event)
                        VALUES (?1, ?2, 'N' || ?2, 'B', 'C', 0, 1, 1)
                        """, arguments: [owner, id])
                let isSeen = owner == 2 || id < 2
                guard isSeen else { continue }
                try db.execute(
                    sql: "INSERT INTO author_event (owner, sequence, change, at, id) VALUES (?, 1, 0, 1, ?)",
                    arguments: [owner, id])
            }
            try db.execute(
                sql: """
                    INSERT INTO author_search (rowid, name, book)
                    SELECT id, search_words(owner, name), search_words(owner, book) FROM author
                    """)
        }
        try queue.close()
        #expect(try Inspection(file: path, isBackup: false).authors == 2)
        let store = try SQLiteStore(path: path)
        defer { store.close() }
        let ids = try store.readers.read { try Int.fetchAll($0, sql: "SELECT id FROM author ORDER BY id") }
        #expect(ids == [1, 3])
        #expect(try store.readers.read { try Inspection($0, searchIndex: true) }.faults == [])
        #expect(try await store.users().map(\.authors) == [1, 1])
    }

    /// What happens after the migration, to authors whose last event is kept and to one whose event is not.
    @Test func whatFollowsIsRecordedAsBefore() async throws {
        try OlderLibrary.make(path)
        let store = try SQLiteStore(path: path)
        defer { store.close() }
        func now(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }
        let added = try await store.createAuthor(
            AuthorDraft(name: "N", book: "B", country: "C", bookerPrize: false), owner: 1, at: now(40))
        #expect(added.id == 10)
        for id in [2, 6] as [Int64] {
            var values = AuthorValues()
            values[text: .name] = "X"
            values[text: .book] = "\(id)"
            _ = try await store.updateAuthor(
                id: id, owner: 1, AuthorPatch(values), ifVersion: { _ in true }, at: now(50))
        }
        _ = try await store.deleteAuthor(id: 5, owner: 1, ifVersion: { _ in true }, at: now(60))
        #expect(
            try await events(store, of: 1, after: 3) == [
                "4 created 5|anne|B|C|1|12|12|1", "5 deleted 4|gone|B|C|0|11|11|1",
                "6 updated 2|Ørsted|Ånden|Danmark|0|10|30|2", "7 created 10|N|B|C|0|40|40|1",
                "8 updated 2|X|2|Danmark|0|10|50|3", "9 updated 6|X|6|C|1|13|50|2", "10 deleted 5|anne|B|C|1|12|12|1",
            ])
        #expect(try await store.names("q=orsted") == [])
        #expect(try await store.names("q=x&sort=book") == ["X", "X"])
        #expect(try Inspection(file: path, isBackup: false).faults == [])
    }

    /// The file has the tables as the first seven migrations made them when they were released.
    @Test func releasedMigrationsStayAsTheyAre() async throws {
        let fixture = Program.repository + "/Tests/Fixtures/library-schema-7.db.gz"
        let unpacked = try await Program.run("/bin/sh", ["-c", "gunzip < \(fixture) > \(folder.path)/old.db"])
        #expect(unpacked.code == 0, "\(unpacked.error)")
        try SQLiteStore(path: path, migrations: Array(Migrations.all.prefix(7))).close()
        func tables(_ path: String) throws -> [String] {
            let queue = try DatabaseQueue(path: path)
            defer { try? queue.close() }
            return try queue.read {
                try String.fetchAll($0, sql: "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
            }
        }
        #expect(try tables(path) == tables(folder.path + "/old.db"))
    }
}
