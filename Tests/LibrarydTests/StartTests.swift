import Foundation
import GRDB
import Shared
import Synchronization
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// A start checks the files before it changes any of them.
@Suite(.serialized) struct StartTests {
    private let folder = TemporaryFolder()
    private var home: String { folder.path + "/home" }
    private var library: String { home + "/library.db" }

    private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

    private func makeLibrary() async throws -> DataFolder {
        let folder = try DataFolder(path: home)
        let store = try SQLiteStore(path: library)
        for number in 0..<20 {
            try await store.createUser(
                publicID: "p\(number)", name: "u\(number)", passwordHash: "h", by: .operator,
                at: Timestamp(milliseconds: 1))
            for book in 0..<10 {
                let draft = AuthorDraft(name: "Author \(book)", book: "Book \(number)", country: "UK")
                _ = try await store.createAuthor(draft, owner: Int64(number + 1), at: Timestamp(milliseconds: 1))
            }
        }
        store.close()
        return folder
    }

    /// Whichever page is damaged, a start that finds the damage names the file and does not change it.
    @Test func aDamagedPageIsFoundAndNothingIsChanged() async throws {
        _ = try await makeLibrary()
        let whole = try bytes(library)
        var refused = 0
        for page in stride(from: 4096, to: whole.count, by: 4096) {
            var damaged = whole
            // The same bytes on each run, and no valid page of SQLite.
            for offset in page..<(page + 4096) {
                damaged[offset] = UInt8(truncatingIfNeeded: offset &* 2_654_435_761 >> 7)
            }
            try damaged.write(to: URL(fileURLWithPath: library))
            do {
                try SQLiteStore(path: library).close()
                // No table and no index uses the page.
            } catch let error as CommandError {
                refused += 1
                #expect(error.exit == .dataError)
                #expect(error.reason.hasPrefix("\(library) is damaged"))
                #expect(try bytes(library) == damaged)
            }
        }
        #expect(refused >= whole.count / 4096 - 2)
    }

    @Test func aLibraryThatHasBecomeEmptyIsALoss() async throws {
        _ = try await makeLibrary()
        try Data().write(to: URL(fileURLWithPath: library))
        let folder = try DataFolder(path: home)
        let error = Self.loss(folder)
        #expect(error?.exit == .dataError)
        #expect(error?.reason == "\(library) is empty, and there was a library in this folder")
        #expect(try bytes(library) == Data())
    }

    /// An empty database is a loss only if another file shows that there was a library.
    @Test(arguments: ["", "signing.key", "signing.key.retired", "library.db.schema-3", "library.db.replaced-X"])
    func anEmptyFileIsNoLossInAnEmptyFolder(evidence: String) throws {
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        for name in ["library.db", evidence] where !name.isEmpty {
            try Data().write(to: URL(fileURLWithPath: home + "/" + name))
        }
        let folder = try DataFolder(path: home)
        if evidence.isEmpty {
            try folder.requireLibraryNotLost()
            try SQLiteStore(path: library).close()
        } else {
            #expect(Self.loss(folder)?.exit == .dataError)
        }
    }

    private static func loss(_ folder: borrowing DataFolder) -> CommandError? {
        do {
            try folder.requireLibraryNotLost()
            return nil
        } catch {
            return error as? CommandError
        }
    }

    /// SQLite would take the log for that of the new database, and delete it.
    @Test(arguments: [true, false], ["-wal", "-journal"])
    func aLogWithoutItsDatabaseIsKept(isEmpty: Bool, suffix: String) async throws {
        _ = try await makeLibrary()
        try FileManager.default.removeItem(atPath: library)
        if isEmpty { try Data().write(to: URL(fileURLWithPath: library)) }
        let log = Data("the last changes".utf8)
        try log.write(to: URL(fileURLWithPath: library + suffix))
        let error = #expect(throws: CommandError.self) { try SQLiteStore(path: library) }
        #expect(error?.exit == .dataError)
        #expect(try bytes(library + suffix) == log)
    }

    /// Otherwise SQLite would apply the log to the restored library.
    @Test(arguments: ["-wal", "-journal"])
    func aRestoreMovesALogWithoutItsDatabaseAway(suffix: String) async throws {
        _ = try await makeLibrary()
        let backup = folder.path + "/backup.db"
        try FileManager.default.moveItem(atPath: library, toPath: backup)
        let log = Data("the last changes".utf8)
        try log.write(to: URL(fileURLWithPath: library + suffix))
        let restored = try Restore(from: backup, into: try DataFolder(path: home), at: Timestamp(milliseconds: 1))
        let kept = try #require(restored.kept)
        #expect(try bytes(kept + suffix) == log)
        #expect(!FileManager.default.fileExists(atPath: library + suffix))
        #expect(try Inspection(file: library).authors == 200)
    }

    /// The library is elsewhere, on a disk that is not mounted.
    @Test(arguments: [true, false])
    func aLinkToNothingStaysALink(isEmpty: Bool) throws {
        _ = try DataFolder(path: home)
        let target = folder.path + "/elsewhere.db"
        if isEmpty { try Data().write(to: URL(fileURLWithPath: target)) }
        try FileManager.default.createSymbolicLink(atPath: library, withDestinationPath: target)
        let error = #expect(throws: CommandError.self) { try SQLiteStore(path: library) }
        #expect(error?.reason == "\(library) is a link, and there is no library behind it")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: library) == target)
        try SQLiteStore(path: target + "2").close()
        try FileManager.default.removeItem(atPath: library)
        try FileManager.default.createSymbolicLink(atPath: library, withDestinationPath: target + "2")
        try SQLiteStore(path: library).close()
    }

    /// A start replaces the unfinished file of a start that was killed while it made a new library.
    @Test func anUnfinishedLibraryIsMadeAnew() throws {
        _ = try DataFolder(path: home)
        try Data("half".utf8).write(to: URL(fileURLWithPath: library + ".new"))
        try SQLiteStore(path: library).close()
        #expect(try Inspection(file: library).faults == [])
        #expect(!FileManager.default.fileExists(atPath: library + ".new"))
    }

    // MARK: Readiness

    /// Readiness is answered at once from what the daemon knows, without waiting for the disk.
    @Test func aCommitThatTakesLongIsToldOf() async throws {
        let library = try await TestLibrary()
        let store = try library.sqlite
        #expect(try await library.send("GET", "/readyz").status == 200)
        #expect(store.writer.obstacle(at: .now) == nil)
        let gate = CommitGate()
        gate.isClosed.store(true, ordering: .relaxed)
        let write = Task {
            try await store.writer.write { db in
                db.add(transactionObserver: gate, extent: .nextTransaction)
                try db.execute(sql: "UPDATE library SET epoch = epoch")
            }
        }
        for await _ in gate.arrivals { break }
        #expect(store.writer.obstacle(at: .now) == nil)
        #expect(store.writer.obstacle(at: .now + .seconds(3)) == .slowCommit(seconds: 3))
        let failure = #expect(throws: StoreError.self) { try store.checkReadiness(at: .now + .seconds(3)) }
        #expect(failure?.code == .notReady)
        gate.open()
        try await write.value
        try store.checkReadiness(at: .now + .seconds(3))
    }

    /// A write that does not come to its commit keeps all others waiting.
    @Test func aWriteThatTakesLongIsToldOf() async throws {
        let writer = try Writer(DatabaseQueue())
        defer { writer.close() }
        let before = ContinuousClock.now
        let held = await HeldWrite(writer)
        #expect(writer.obstacle(at: before + .seconds(9)) == nil)
        guard case .slowWrite(let seconds)? = writer.obstacle(at: .now + .seconds(60)) else {
            Issue.record("no obstacle")
            return try await held.letGo()
        }
        #expect((60..<120).contains(seconds))
        try await held.letGo()
        #expect(writer.obstacle(at: .now + .seconds(60)) == nil)
    }

    /// After a write that could not be stored, the daemon is not ready until a write is stored.
    @Test func aFullDiskIsToldUntilAWriteIsStored() async throws {
        let library = try await TestLibrary()
        let store = try library.sqlite
        try await store.writer.write { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            try db.execute(sql: "PRAGMA max_page_count = \(pages)")
        }
        await #expect(throws: (any Error).self) {
            try await store.writer.write {
                try $0.execute(sql: "CREATE TABLE x (n); INSERT INTO x VALUES (zeroblob(1000000))")
            }
        }
        let failure = #expect(throws: StoreError.self) { try store.checkReadiness() }
        #expect(failure?.detail == "the daemon is not ready: the disk is full")
        try await store.writer.write { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
        try store.checkReadiness()
    }
}
