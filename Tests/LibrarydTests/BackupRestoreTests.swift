import Foundation
import GRDB
import Shared
import TestSupport
import Testing

@testable import LibraryStore

extension BackupTests {
    private func restore(_ path: String) throws -> Restore {
        try Restore(from: path, into: DataFolder(path: home), at: now)
    }

    // MARK: Restore

    @Test func aRestoredLibraryIsTheOneThatWasBackedUp() async throws {
        try await makeLibrary(authors: 3)
        _ = try await withStore { store in
            let manifest = try await store.backUp(to: file, keep: 1, at: now)
            try await Self.add(77, to: store)
            return manifest
        }
        let restored = try restore(file)
        #expect(restored.inspection.authors == 3)
        let names = try await withStore { store in
            try store.readers.read { try String.fetchAll($0, sql: "SELECT name FROM author ORDER BY id") }
        }
        #expect(names == ["0", "1", "2"])
        let kept = try #require(restored.kept)
        #expect(kept == home + "/library.db.replaced-2026-11-24T003809.319Z")
        #expect(try Inspection(file: kept).authors == 4)
        // The library that was replaced can be restored too.
        let back = try Restore(from: kept, into: DataFolder(path: home), at: now.adding(seconds: 1))
        #expect(back.inspection.authors == 4)
    }

    @Test func aRestoreEndsAllLogins() async throws {
        try await makeLibrary(authors: 0)
        try await withStore { store in
            let user = try #require(try store.user(.id(1)))
            _ = try await store.createSession(
                id: "s", user: user, refreshHash: [1], client: "", at: now, expiresAt: now.adding(seconds: 60),
                idle: 60, by: .operator
            )
            _ = try await store.backUp(to: file, keep: 1, at: now)
        }
        #expect(try integers("SELECT count(*) FROM session", in: file) == [1])
        _ = try restore(file)
        #expect(try integers("SELECT count(*) FROM session", in: home + "/library.db") == [0])
    }

    /// After a restore, the numbers of events are used again for other events, so the library gets another epoch. A
    /// restored backup without events gets one too.
    @Test(arguments: [Migrations.all.count, 3])
    func aRestoreBeginsAnotherEpoch(schema: Int) async throws {
        try await makeLibrary(authors: 1)
        let before = try await withStore { store in
            _ = try await store.backUp(to: file, keep: 1, at: now)
            return try store.lastEvent(owner: 1)
        }
        #expect(before.sequence == 1)
        let older = outer.path + "/older.db"
        try SQLiteStore(path: older, migrations: Array(Migrations.all.prefix(schema))).close()
        _ = try restore(schema == 3 ? older : file)
        let after = try await withStore { try $0.lastEvent(owner: 1) }
        #expect(after.epoch != before.epoch)
        #expect(EventPosition("\(after)") == after)
        #expect(after.sequence == (schema == 3 ? 0 : 1))
    }

    /// No damage of the search index stops a backup or a restore: it is made anew.
    @Test(arguments: [
        "INSERT INTO author_search (rowid, words) VALUES (99, '1:x 1:y')",
        "UPDATE author_search_data SET block = x'00'", "UPDATE author_search_config SET v = 77",
        "DELETE FROM author_search_config", "INSERT INTO author_search_config VALUES ('pgsz', 'x')",
    ])
    func theSearchIndexIsMadeAnew(sql: String) async throws {
        try await makeLibrary(authors: 20)
        try execute(sql, in: home + "/library.db")
        let damaged = try Inspection(file: home + "/library.db", isBackup: false)
        #expect(damaged.isRepairedByRestore)
        _ = try await withStore { try await $0.backUp(to: file, keep: 1, at: now) }
        _ = try restore(file)
        #expect(try Inspection(file: home + "/library.db", isBackup: false).faults == [])
        try await withStore { store in
            #expect(try await store.names("q=7") == ["7"])
            try await Self.add(77, to: store)
        }
    }

    /// The index of an older schema is of another kind, and damaged here. The migration to schema 13 removes authors of
    /// an unfinished file, and their words.
    @Test(arguments: [8, 12, 13])
    func theSearchIndexOfAnOlderBackupIsMadeAnew(schema: Int) async throws {
        let older = outer.path + "/older.db"
        try SQLiteStore(path: older, migrations: Array(Migrations.all.prefix(schema))).close()
        try execute(
            """
            INSERT INTO user (id, public_id, name, password_hash, created_at, updated_at) VALUES (1, 'p', 'ada', 'h', 1, 1);
            INSERT INTO author VALUES (1, 1, '7', 'B', 'C', 0, 1, 1, 1, 0, '7', 'b', 'c'),
                (1, 2, '8', 'B', 'C', 0, 1, 1, 1, 0, '8', 'b', 'c');
            INSERT INTO author_search (rowid, name, book) VALUES (99, '1:x', '1:y');
            UPDATE author_search_config SET v = 77;
            """, in: older)
        if schema == 12 { try execute("UPDATE user SET first_staged = 2", in: older) }
        _ = try restore(older)
        #expect(try Inspection(file: home + "/library.db", isBackup: false).faults == [])
        let all = try await withStore { try await $0.names("sort=id") }
        #expect(all == (schema == 12 ? ["7"] : ["7", "8"]))
        let found = try await withStore { try await $0.names("q=7") }
        #expect(found == ["7"])
        #expect(try Inspection(file: home + "/library.db", isBackup: false).faults == [])
    }

    @Test func aMachineWithoutALibraryIsRestored() async throws {
        try await makeLibrary(authors: 2)
        _ = try await withStore { try await $0.backUp(to: file, keep: 1, at: now) }
        try FileManager.default.removeItem(atPath: home)
        #expect(try restore(file).kept == nil)
        #expect(try Inspection(file: home + "/library.db").authors == 2)
    }

    @Test func aDamagedLibraryIsReplacedAndKept() async throws {
        try await makeLibrary(authors: 2)
        _ = try await withStore { try await $0.backUp(to: file, keep: 1, at: now) }
        let garbage = Data(repeating: 7, count: 20_000)
        try garbage.write(to: URL(fileURLWithPath: home + "/library.db"))
        try garbage.write(to: URL(fileURLWithPath: home + "/library.db-wal"))
        let kept = try #require(try restore(file).kept)
        #expect(try bytes(kept) == garbage)
        #expect(try bytes(kept + "-wal") == garbage)
        #expect(try Inspection(file: home + "/library.db").authors == 2)
    }

    enum Harm: CaseIterable { case flippedByte, truncated, text, foreign, empty, newer, missing, dangling }

    /// Whatever is wrong with the backup, the library stays as it is.
    @Test(arguments: Harm.allCases, [true, false])
    func aBackupThatIsNotRightReplacesNothing(harm: Harm, manifest: Bool) async throws {
        try await makeLibrary(authors: 50)
        _ = try await withStore { try await $0.backUp(to: file, keep: 1, at: now) }
        if !manifest { try FileManager.default.removeItem(atPath: file + ".manifest") }
        var data = try bytes(file)
        var exit = Shared.ExitStatus.dataError
        switch harm {
        case .flippedByte:
            // Only pages after the first, so that the header still identifies a library.
            for offset in stride(from: 4096, to: data.count, by: 512) { data[offset] ^= 0x55 }
        case .truncated: data = data.prefix(20_000)
        case .text: data = Data("not a database".utf8)
        case .empty: data = Data()
        case .foreign, .newer, .dangling, .missing: break
        }
        try data.write(to: URL(fileURLWithPath: file))
        switch harm {
        case .foreign: try execute("PRAGMA application_id = 5", in: file)
        case .newer:
            try execute("PRAGMA user_version = 99", in: file)
            exit = .configuration
        case .dangling:
            try execute("PRAGMA foreign_keys = OFF; DELETE FROM user", in: file)
        case .missing:
            try FileManager.default.removeItem(atPath: file)
            exit = .noInput
        default: break
        }
        let before = try bytes(home + "/library.db")
        let error = #expect(throws: CommandError.self) { try restore(file) }
        #expect(error?.exit == exit, "\(error?.reason ?? "")")
        #expect(try bytes(home + "/library.db") == before)
        let left = try FileManager.default.contentsOfDirectory(atPath: home)
        #expect(Set(left) == ["library.db", "libraryd.lock"])
    }

    @Test func aLibraryInUseIsNotReplaced() async throws {
        try await makeLibrary(authors: 1)
        _ = try await withStore { try await $0.backUp(to: file, keep: 1, at: now) }
        let folder = try DataFolder(path: home)
        let error = #expect(throws: CommandError.self) { try restore(file) }
        #expect(error?.exit == .temporaryFailure)
        _ = consume folder
    }
}
