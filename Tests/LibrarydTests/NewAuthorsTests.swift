import GRDB
import Glibc
import Shared
import Synchronization
import TestSupport
import Testing

@testable import LibraryStore

/// Authors that are added one by one, and whose events are stored together.
@Suite(.serialized) struct NewAuthorsTests {
    private let folder = TemporaryFolder()
    private var path: String { folder.path + "/library.db" }

    private func now() -> Timestamp { Timestamp(milliseconds: 1) }

    /// Authors of three owners and of three origins in groups with other writes, with some that fail before they change
    /// anything: ids and events are without gaps.
    /// - Parameter loses: whether some fail after they have changed something, so that groups are performed once more.
    @Test(arguments: [false, true])
    func newAuthorsFollowEachOtherWhateverIsBetween(loses: Bool) async throws {
        struct Refused: Error {}
        let store = try SQLiteStore(path: path)
        defer { store.close() }
        for (owner, name) in [(1, "ada"), (2, "bob"), (3, "eve")] {
            try await store.createUser(publicID: "\(owner)", name: name, passwordHash: "h", by: .operator, at: now())
        }
        let time = now()
        @Sendable func at(_ number: Int) -> Timestamp {
            Timestamp(milliseconds: time.milliseconds + Int64(number))
        }
        @Sendable func origin(_ number: Int) -> Int64? { number % 3 == 0 ? nil : Int64(number % 3) }
        @Sendable func create(_ number: Int, _ owner: Int64, key: String? = nil) async throws -> Author {
            let draft = AuthorDraft(name: "N\(number)", book: "B", country: "C")
            let request = key.flatMap { IdempotentRequest($0, "author", content: draft.json) }
            return try await withCheckedThrowingContinuation { continuation in
                store.createAuthor(draft, owner: owner, from: origin(number), as: request, at: at(number)) {
                    continuation.resume(with: $0)
                }
            }
        }
        async let writer: Void = occupyWriter(of: store, until: 200)
        try await wait(until: "the writer is occupied") { store.writer.isOccupied }
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<450 {
                group.addTask {
                    let owner = Int64(number / 2 % 2 + 1)
                    switch number % 9 {
                    case 7 where number % 2 == 0 && loses:
                        // Undone by a rollback, after which the numbers are given once more.
                        _ = try? await store.writer.write(from: .user(owner)) { db in
                            let numbers = try AuthorNumbers.next(db, owner: owner)
                            let draft = AuthorDraft(name: "Lost \(number)", book: "B", country: "C")
                            _ = try SQLiteStore.insertAuthor(db, draft, owner: owner, numbers, from: nil, at: time)
                            throw Refused()
                        }
                    case 8:
                        guard let author = try? await create(number, owner, key: "k\(number)") else { return }
                        var values = AuthorValues()
                        values[text: .country] = "D"
                        let patch = AuthorPatch(values)
                        _ = try? await store.updateAuthor(
                            id: author.id, owner: owner, patch, ifVersion: { _ in true }, at: time)
                    case 5:
                        // An import of a third user adds authors in this way.
                        try? await store.writer.write(from: .user(3)) { db in
                            let numbers = try AuthorNumbers.next(db, owner: 3)
                            let draft = AuthorDraft(name: "N\(number)", book: "B", country: "C")
                            _ = try SQLiteStore.insertAuthor(
                                db, draft, owner: 3, numbers, from: origin(number), at: at(number))
                        }
                    case 6: _ = try? await create(0, owner)
                    default: _ = try? await create(number, owner)
                    }
                }
            }
        }
        try await writer
        try store.readers.read { db in
            #expect(try Inspection(db, searchIndex: true).faults == [])
            for owner in 1...3 {
                let events = try Int.fetchAll(
                    db, sql: "SELECT sequence FROM author_event WHERE owner = ? ORDER BY sequence", arguments: [owner])
                #expect(events == Array(1...events.count))
            }
            let ids = try Int.fetchAll(db, sql: "SELECT id FROM author ORDER BY id")
            #expect(ids == Array(1...ids.count))
            #expect(ids.count > 300)
            #expect(try Int.fetchOne(db, sql: "SELECT last_author FROM library") == ids.count)
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM author WHERE name LIKE 'Lost%'") == 0)
            let created = try Row.fetchAll(
                db,
                sql: """
                    SELECT CAST(substr(a.name, 2) AS INTEGER), at, e.origin, e.sequence, a.event, a.version
                    FROM author AS a JOIN author_event AS e ON e.owner = a.owner AND e.id = a.id AND e.change = 0
                    """)
            #expect(created.count == ids.count)
            for row in created {
                let (number, milliseconds, from): (Int, Int64, Int64?) = (row[0], row[1], row[2])
                let (sequence, event, version): (Int64, Int64, Int64) = (row[3], row[4], row[5])
                #expect(milliseconds == at(number).milliseconds)
                #expect(from == origin(number))
                #expect(version == 2 || sequence == event)
            }
        }
    }

    /// Occupies the writer until so many writes wait for the next group.
    private func occupyWriter(of store: SQLiteStore, until count: Int) async throws {
        try await store.writer.write { [writer = store.writer] _ in
            for _ in 0..<60_000 where writer.waitingCount < count { usleep(1000) }
        }
    }

    /// The event of an author is stored with those of others. If it cannot be, the author is not added, and the others
    /// are.
    /// - Parameter others: writes between the authors, before each of which the events are stored.
    @Test(arguments: [0, 5])
    func anAuthorWhoseEventCannotBeStoredFailsAlone(others: Int) async throws {
        let store = try SQLiteStore(path: path)
        defer { store.close() }
        for (owner, name) in [(1, "ada"), (2, "bob")] {
            try await store.createUser(publicID: "\(owner)", name: name, passwordHash: "h", by: .operator, at: now())
        }
        try await store.writer.write {
            try $0.execute(
                sql: """
                    CREATE TRIGGER fault BEFORE INSERT ON author_event WHEN new.owner = 2
                    BEGIN SELECT RAISE(ABORT, 'a fault'); END
                    """)
        }
        let time = now()
        async let writer: Void = occupyWriter(of: store, until: 30 + others)
        try await wait(until: "the writer is occupied") { store.writer.isOccupied }
        let added = await withTaskGroup(of: Int64?.self) { group in
            for _ in 0..<others {
                group.addTask {
                    try? await store.writer.write { try $0.execute(sql: "UPDATE user SET admin = 1") }
                    return nil
                }
            }
            for number in 0..<30 {
                group.addTask {
                    let draft = AuthorDraft(name: "N\(number)", book: "B", country: "C")
                    return try? await store.createAuthor(draft, owner: Int64(number % 3 / 2 + 1), at: time).id
                }
            }
            return await group.reduce(into: [Int64]()) { if let id = $1 { $0.append(id) } }
        }
        try await writer
        #expect(added.sorted() == Array(1...20))
        try await store.writer.write { try $0.execute(sql: "DROP TRIGGER fault") }
        let faults = try store.readers.read { try Inspection($0, searchIndex: true).faults }
        #expect(faults == [])
        for table in ["author", "author_event"] {
            let owners = try store.readers.read { try Int.fetchAll($0, sql: "SELECT owner FROM \(table)") }
            #expect(owners == Array(repeating: 1, count: 20))
        }
    }
}

extension Writer {
    fileprivate var isOccupied: Bool { state.withLock { $0.busySince != nil } }
}
