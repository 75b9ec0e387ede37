import Foundation
import GRDB
import Shared
import TestSupport
import Testing

@testable import LibraryStore

@Suite(.serialized) struct WriterTests {
    private let folder = TemporaryFolder()
    private var path: String { folder.path + "/library.db" }

    private func now() -> Timestamp { Timestamp(milliseconds: 1) }

    private static let insert = """
        INSERT INTO author (
            owner, id, name, book, country, booker_prize, created_at, event
        ) VALUES (?, ?, ?, 'b', 'c', 0, 0, 0)
        """

    @Test func anOperationThatFailsHarmsNoNeighbour() async throws {
        struct Refused: Error {}
        let store = try SQLiteStore(path: path)
        defer { store.close() }
        try await store.createUser(publicID: "p", name: "ada", passwordHash: "h", by: .operator, at: now())
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    do {
                        _ = try await store.writer.write { db in
                            try db.execute(sql: Self.insert, arguments: [1, number, "\(number)"])
                            if number % 3 == 0 { throw Refused() }
                        }
                        return number % 3 != 0
                    } catch {
                        return number % 3 == 0 && error is Refused
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count == 200)
        #expect(outcomes.allSatisfy { $0 })
        let stored = try store.readers.read { try Int.fetchAll($0, sql: "SELECT CAST(name AS INTEGER) FROM author") }
        #expect(Set(stored) == Set((0..<200).filter { $0 % 3 != 0 }))
    }

    @Test func aGroupThatCannotBeCommittedFailsAsAWhole() async throws {
        let store = try SQLiteStore(path: path)
        defer { store.close() }
        await #expect(throws: StoreError.self) {
            try await store.writer.write { db in
                // A deferred violation shows only at the commit.
                try db.execute(sql: "PRAGMA defer_foreign_keys = ON")
                try db.execute(sql: Self.insert, arguments: [77, 1, "a"])
            }
        }
        #expect(try store.readers.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM author") } == 0)
        try await store.createUser(publicID: "p", name: "ada", passwordHash: "h", by: .operator, at: now())
        #expect(try store.user(.name("ada")) != nil)
    }

    @Test func aWriteTooManyIsRefusedAtOnceAndHarmsNone() async throws {
        let writer = try Writer(DatabaseQueue(), queueLength: 3)
        defer { writer.close() }
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let gate = DispatchSemaphore(value: 0)
        // The first write is running, so it does not count as waiting.
        async let first = writer.write { _ in
            start.finish()
            gate.wait()
            return 0
        }
        for await _ in started {}
        let outcomes = await withTaskGroup(of: String.self) { group in
            for _ in 0..<5 {
                group.addTask {
                    do {
                        try await writer.write { _ in }
                        return "done"
                    } catch let failure as StoreError {
                        return failure == .busy ? "busy" : "another"
                    } catch {
                        return "\(error)"
                    }
                }
            }
            // The two refused writes return while the thread is still busy.
            let refused = [await group.next(), await group.next()]
            gate.signal()
            return await group.reduce(into: refused) { $0.append($1) }
        }
        #expect(outcomes == ["busy", "busy", "done", "done", "done"])
        #expect(try await first == 0)
    }

    private func add(
        _ name: String, _ origin: WriteOrigin, isLong: Bool = false, to waiting: inout WaitingWrites<String>
    ) {
        let hasRoom = waiting.append(name, from: origin, isLong: isLong, limit: 2000)
        #expect(hasRoom)
    }

    /// A user who has hundreds waiting delays another's write by one group.
    @Test func aGroupHasWritesOfEachUser() {
        var waiting = WaitingWrites<String>()
        for number in 0..<600 { add("a\(number)", .user(1), to: &waiting) }
        for number in 0..<2 { add("b\(number)", .user(2), to: &waiting) }
        add("c0", .daemon, to: &waiting)
        var group = waiting.takeGroup(upTo: 6)
        #expect(group == ["a0", "b0", "c0", "a1", "b1", "a2"])
        group = waiting.takeGroup(upTo: 1000)
        #expect(group == (3..<600).map { "a\($0)" })
        #expect(waiting.count == 0)
        group = waiting.takeGroup(upTo: 6)
        #expect(group == [])
    }

    /// However many users flood the writer, another finds room.
    @Test func noUsersCanTakeAllPlaces() {
        var waiting = WaitingWrites<Int>()
        func fill(_ origin: WriteOrigin) -> Int {
            var count = 0
            while waiting.append(0, from: origin, isLong: false, limit: 1024) { count += 1 }
            return count
        }
        #expect(fill(.user(1)) == 512)
        #expect((2...8).map { fill(.user($0)) } == [256, 128, 64, 32, 16, 8, 4])
        #expect(fill(.user(9)) == 2)
        while !waiting.takeGroup(upTo: 512).isEmpty {}
        #expect(fill(.user(10)) == 512)
        // The daemon's own may take the rest.
        #expect(fill(.daemon) == 512)
    }

    @Test func longWritesLetOthersGoBetween() {
        var waiting = WaitingWrites<String>()
        for user in Int64(1)...3 { add("long \(user)", .user(user), isLong: true, to: &waiting) }
        add("after long 1", .user(1), to: &waiting)
        add("short", .user(4), to: &waiting)
        var group = waiting.takeGroup(upTo: 9)
        #expect(group == ["long 1", "short", "after long 1"])
        add("next", .user(4), to: &waiting)
        group = waiting.takeGroup(upTo: 9)
        #expect(group == ["next"])
        group = waiting.takeGroup(upTo: 9)
        #expect(group == ["long 2"])
        // Nobody else waits, so the last may go at once.
        group = waiting.takeGroup(upTo: 9)
        #expect(group == ["long 3"])
        group = waiting.takeGroup(upTo: 9)
        #expect(group == [])
    }

    /// While a file of a user is stored, the user's other writes wait in their order.
    @Test func theWritesOfAUserCanBeHeld() {
        var waiting = WaitingWrites<String>()
        add("a1", .user(1), to: &waiting)
        var isHeld = waiting.hold(1)
        #expect(isHeld)
        isHeld = waiting.hold(1)
        #expect(!isHeld)
        add("a2", .user(1), to: &waiting)
        #expect(waiting.isIdle)
        add("file", .file(of: 1), to: &waiting)
        add("b", .user(2), to: &waiting)
        var group = waiting.takeGroup(upTo: 9)
        #expect(group == ["file", "b"])
        #expect(waiting.isIdle)
        waiting.release(1)
        group = waiting.takeGroup(upTo: 9)
        #expect(group == ["a1", "a2"])
        _ = waiting.hold(1)
        add("a3", .user(1), to: &waiting)
        group = waiting.takeHeld()
        #expect(group == ["a3"])
        #expect(waiting.count == 0)
    }

    /// Writes that wait for a file must not wait for ever when the daemon stops.
    @Test func closingRefusesWhatIsHeld() async throws {
        let writer = try Writer(DatabaseQueue())
        try await writer.write(from: .user(1)) { _ in
        } committed: {
            #expect(writer.hold(1))
        }
        let held = Task { try await writer.write(from: .user(1)) { _ in } }
        try await wait(until: "a held write") { writer.waitingCount == 1 }
        writer.close()
        await #expect(throws: StoreError.closed) { try await held.value }
    }

    /// Writes that were accepted before closing are done; later ones get an error.
    @Test func closingFinishesWhatWasAccepted() async throws {
        for _ in 0..<20 {
            let path = folder.path + "/\(UUID())"
            let connection = try DatabaseQueue(path: path)
            try await connection.write { try $0.execute(sql: "CREATE TABLE t (x INTEGER)") }
            let writer = try Writer(connection)
            try await withThrowingTaskGroup(of: (acknowledged: Int, end: String).self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        for acknowledged in 0... {
                            do {
                                try await writer.write { try $0.execute(sql: "INSERT INTO t VALUES (1)") }
                            } catch { return (acknowledged, "\(error)") }
                        }
                        return (0, "")
                    }
                }
                group.addTask {
                    try await writer.write { _ in }
                    writer.close()
                    return (0, "closed")
                }
                var acknowledged = 0
                for try await writer in group {
                    #expect(writer.end == "closed")
                    acknowledged += writer.acknowledged
                }
                let stored = try await DatabaseQueue(path: path).read {
                    try Int.fetchOne($0, sql: "SELECT count(*) FROM t")
                }
                #expect(stored == acknowledged)
            }
        }
    }
}
