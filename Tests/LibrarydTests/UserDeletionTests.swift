import GRDB
import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport

/// Users who are deleted in many transactions.
@Suite(.serialized) struct UserDeletionTests {
    /// A kill may leave a closed account whose unfinished change has lost its older events. It goes, and so do others.
    @Test func aClosedAccountIsNotTakenBack() async throws {
        let folder = TemporaryFolder()
        do {
            let library = try await TestLibrary(folder: folder)
            let store = try library.sqlite
            for name in ["ada", "bob"] {
                let token = try await library.login(name).token
                for name in ["A", "B"] { _ = try await library.create(name, "x", as: token) }
            }
            let token = try await library.login("ada").token
            for (id, name) in [(1, "T"), (2, "A"), (1, "B")] {
                #expect(try await library.patch(id, #"{"name":"\#(name)"}"#, as: token).status == 200)
            }
            let (change, now) = (try await store.beginUnfinished(owner: 1), library.time.now)
            try await store.writer.write { db in
                try change.part(db) {
                    let plan = try UndoPlan(UndoRequest(last: 3), of: UndoneLibrary(db, 1), at: now)
                    try SQLiteStore.perform(plan, plan.steps.indices, db, owner: 1, from: nil, at: now)
                }
                for user in [1, 2] as [Int64] { try SQLiteStore.close(db, user: user) }
                try db.execute(sql: "DELETE FROM author_event WHERE owner = 1 AND sequence <= 6")
            }
        }
        let library = try await TestLibrary(folder: folder)
        let store = try library.sqlite
        try await wait(until: "the end of the deletions") {
            try store.readers.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM user") } == 0
        }
        try await wait(until: "the end of the start's work") { !store.readers.hidesUnfinished }
        #expect(try store.readers.read { try Inspection($0, searchIndex: true) }.faults == [])
    }

    /// A user who has much is gone at once, though the rows go later, after a restart too.
    @Test(arguments: [false, true]) func aUserIsDeletedInParts(isInterrupted: Bool) async throws {
        let folder = TemporaryFolder()
        var library = try await TestLibrary(folder: folder)
        let (ada, bob) = (try await library.login("ada").token, try await library.login("bob").token)
        _ = try await library.sendFile(TestLibrary.lines(0..<3000), "?atomic=true", as: ada)
        _ = try await library.create("Kept", "B", as: bob)
        if isInterrupted {
            // The first step alone, as before a kill.
            let store = try library.sqlite
            try await store.writer.write { db in
                let isDone = try SQLiteStore.deletePart(db, of: 1)
                #expect(!isDone)
                try SQLiteStore.close(db, user: 1)
            }
            store.sessions.end(user: 1)
        } else {
            try await library.store.deleteUser(
                .name("ada"), passwordHash: nil, by: .operator, at: library.time.now)
        }
        #expect(try await library.store.users().map(\.name) == ["bob"])
        #expect(try await library.store.user(.name("deleted 1")) == nil)
        #expect(try await library.store.user(.id(1)) == nil)
        #expect(try await library.send("GET", "/authors", headers: [bearer(ada)]).status == 401)
        if isInterrupted { library = try await TestLibrary(folder: folder) }
        let again = try await library.login("ada").token
        _ = try await library.create("New", "B", as: again)
        let store = try library.sqlite
        try await wait(until: "the end of the deletion") {
            try store.readers.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM user") } == 2
        }
        #expect(try library.count("author") == 2)
        #expect(try library.count("author_event") == 2)
        #expect(try store.readers.read { try Inspection($0, searchIndex: true) }.faults == [])
    }
}
