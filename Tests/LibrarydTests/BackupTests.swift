import Foundation
import GRDB
import Shared
import TestSupport
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import libraryd

@Suite(.serialized) struct BackupTests {
    let outer = TemporaryFolder()
    var file: String { outer.path + "/backup.db" }
    var home: String { outer.path + "/home" }
    let now = Timestamp(milliseconds: 1_795_480_689_319)

    /// Makes a library with one user and so many authors, and closes it.
    func makeLibrary(authors: Int) async throws {
        let folder = try DataFolder(path: home)
        let store = try SQLiteStore(path: folder.databasePath)
        defer { store.close() }
        try await store.createUser(publicID: "p", name: "ada", passwordHash: "h", by: .operator, at: now)
        for number in 0..<authors { try await Self.add(number, to: store) }
    }

    static func add(_ number: Int, to store: SQLiteStore) async throws {
        let draft = AuthorDraft(name: "\(number)", book: "b", country: "c", bookerPrize: false)
        _ = try await store.createAuthor(draft, owner: 1, at: Timestamp(milliseconds: 1))
    }

    func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

    func withStore<Value>(_ body: (SQLiteStore) async throws -> Value) async throws -> Value {
        let store = try SQLiteStore(path: home + "/library.db")
        defer { store.close() }
        return try await body(store)
    }

    func execute(_ sql: String, in path: String) throws {
        try DatabaseQueue(path: path).writeWithoutTransaction { try $0.execute(sql: sql) }
    }

    func integers(_ sql: String, in path: String) throws -> [Int64] {
        try SQLiteStore.openForReading(path: path).read { try Int64.fetchAll($0, sql: sql) }
    }

    // MARK: Backup

    @Test func aBackupHasAManifestAndIsPrivate() async throws {
        try await makeLibrary(authors: 3)
        let manifest = try await withStore { try await $0.backUp(to: file, keep: 1, at: now) }
        #expect(manifest.authors == 3)
        #expect(manifest.users == 1)
        #expect(manifest.schema == Migrations.all.count)
        #expect(manifest.bytes == Int64(try bytes(file).count))
        let sum = try await Program.run("/usr/bin/sha256sum", [file]).output.prefix(64)
        #expect(manifest.sha256 == sum)
        let written = try bytes(file + ".manifest")
        #expect(try BackupManifest(json: Array(written), unknownMembers: .rejected) == manifest)
        for path in [file, file + ".manifest"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: outer.path).sorted() == [
                "backup.db", "backup.db.manifest", "home",
            ])
    }

    /// A backup has every author that was acknowledged before it began, and is undamaged.
    @Test func aBackupUnderLoadIsWhole() async throws {
        try await makeLibrary(authors: 0)
        try await withStore { store in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for writer in 0..<4 {
                    group.addTask {
                        var number = writer * 1_000_000
                        while !Task.isCancelled {
                            try await Self.add(number, to: store)
                            number += 1
                        }
                        return number
                    }
                }
                for age in 0..<5 {
                    let before = try store.readers.read { try Int64.fetchAll($0, sql: "SELECT id FROM author") }
                    let path = "\(file)-\(age)"
                    let manifest = try await store.backUp(to: path, keep: 1, at: now)
                    let copied = try integers("SELECT id FROM author", in: path)
                    #expect(Set(before).isSubset(of: copied))
                    #expect(manifest.authors == Int64(copied.count))
                    #expect(try Inspection(file: path).faults == [])
                }
                group.cancelAll()
                for try await number in group { #expect(number % 1_000_000 > 0) }
            }
        }
    }

    @Test func olderBackupsArePushedBackAndTheOldestGoes() async throws {
        try await makeLibrary(authors: 0)
        try await withStore { store in
            for number in 1...5 {
                try await Self.add(number, to: store)
                _ = try await store.backUp(to: file, keep: 3, at: now)
            }
        }
        #expect(try [file, file + ".1", file + ".2"].map { try Inspection(file: $0).authors } == [5, 4, 3])
        for path in [file, file + ".1", file + ".2"] {
            let manifest = try BackupManifest(json: Array(try bytes(path + ".manifest")), unknownMembers: .rejected)
            #expect(try manifest.sha256 == Digest.sha256(file: path))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: outer.path).count == 7)
    }

    @Test(arguments: [
        ("home/library.db", Shared.ExitStatus.usage), ("home/library.db-wal", .usage),
        ("home/../home/library.db-x", .usage),
        ("home/signing.key", .conflict), ("home", .conflict), ("other.db", .conflict), ("link", .conflict),
        ("nowhere/x", .noInput),
    ])
    func aBackupDestroysNothing(name: String, exit: Shared.ExitStatus) async throws {
        try await makeLibrary(authors: 1)
        _ = try DataFolder(path: home).keys.load().current
        try execute("CREATE TABLE t (x)", in: outer.path + "/other.db")
        try FileManager.default.linkItem(atPath: home + "/library.db", toPath: outer.path + "/link")
        try await withStore { store in
            let error = await #expect(throws: CommandError.self) {
                try await store.backUp(to: outer.path + "/" + name, keep: 1, at: now)
            }
            #expect(error?.exit == exit)
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: outer.path)
        #expect(Set(left) == ["home", "link", "other.db"])
    }

    enum Neighbour: CaseIterable { case text, folder, manifest, olderManifest }

    /// Files that are no backup or no manifest, at the paths of an older backup or of a manifest.
    @Test(arguments: Neighbour.allCases)
    func aBackupDestroysNothingBesideIt(neighbour: Neighbour) async throws {
        try await makeLibrary(authors: 1)
        try await withStore { _ = try await $0.backUp(to: file, keep: 1, at: now) }
        let name =
            switch neighbour {
            case .text, .folder: file + ".1"
            case .manifest: file + ".manifest"
            case .olderManifest: file + ".1.manifest"
            }
        try? FileManager.default.removeItem(atPath: name)
        if neighbour == .folder {
            try FileManager.default.createDirectory(atPath: name, withIntermediateDirectories: false)
        } else {
            try Data("mine".utf8).write(to: URL(fileURLWithPath: name))
        }
        let before = try bytes(file)
        let error = try await withStore { store in
            await #expect(throws: CommandError.self) { try await store.backUp(to: file, keep: 3, at: now) }
        }
        #expect(error?.exit == .conflict)
        #expect(try bytes(file) == before)
        if neighbour != .folder { #expect(try bytes(name) == Data("mine".utf8)) }
    }

    // MARK: Check

    @Test(arguments: [
        ("DROP INDEX author_book", "the schema lacks index author_book"),
        ("CREATE TABLE extra (x)", "the schema has an unknown table extra"),
        (
            "DROP INDEX author_book; CREATE INDEX author_book ON author (book)",
            "the schema of index author_book is another"
        ),
        (
            "INSERT INTO author_search (author_search, rowid, words) VALUES ('delete', 2, '1:1 1:b')",
            "author 2 is missing in the search index"
        ),
        ("UPDATE author SET name = 'x' WHERE id = 2", "the search index has other words of author 2"),
        (
            "UPDATE author_search_data SET block = x'00' WHERE id > 10",
            "the search index cannot be read"
        ),
        (
            "INSERT INTO author_search (rowid, words) VALUES (99, '1:x 1:y')",
            "the search index has an author 99 that does not exist"
        ),
        ("PRAGMA foreign_keys = OFF; DELETE FROM user", "a row of author refers to a missing row of user"),
        ("PRAGMA foreign_keys = OFF; DELETE FROM user", "a row of author_event refers to a missing row of user"),
        ("UPDATE author SET event = 7 WHERE id = 2", "event 2 of user 1 has no author"),
    ])
    func aFaultIsNamed(sql: String, fault: String) async throws {
        try await makeLibrary(authors: 3)
        #expect(try Inspection(file: home + "/library.db", isBackup: false).faults == [])
        try execute(sql, in: home + "/library.db")
        let faults = try Inspection(file: home + "/library.db", isBackup: false).faults
        #expect(faults.contains(fault))
    }

    /// Reading all words does not use the table that leads a search to them.
    @Test(arguments: ["DELETE FROM author_search_idx", "UPDATE author_search_idx SET pgno = 2"])
    func aSearchThatFindsNothingIsAFault(sql: String) async throws {
        try await makeLibrary(authors: 1500)
        #expect(try Inspection(file: home + "/library.db", isBackup: false).faults == [])
        try execute("INSERT INTO author_search (author_search) VALUES ('optimize'); " + sql, in: home + "/library.db")
        let inspection = try Inspection(file: home + "/library.db", isBackup: false)
        #expect(inspection.faults == ["a search does not find what the search index has"])
        #expect(inspection.isRepairedByRestore)
    }

    // MARK: Migration

    private static let newest = Migrations.all.count
    private static let next = Migrations.all + ["CREATE TABLE novelty (x INTEGER) STRICT"]

    @Test(arguments: 1..<newest)
    func eachOlderSchemaIsMigrated(schema: Int) throws {
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        let path = home + "/library.db"
        try SQLiteStore(path: path, migrations: Array(Migrations.all.prefix(schema))).close()
        try execute(
            "INSERT INTO user (id, public_id, name, password_hash, created_at, updated_at) VALUES (1, 'p', 'ada', 'h', 1, 1)",
            in: path)
        if schema < 8 {
            try execute("INSERT INTO author VALUES (1, 1, 'A', 'B', 'C', 0, 1, 1, 1)", in: path)
            try execute("INSERT INTO author_search (rowid, owner, name, book) VALUES (1, 1, 'A', 'B')", in: path)
        } else {
            try execute("INSERT INTO author VALUES (1, 1, 'A', 'B a', 'C', 0, 1, 1, 1, 0, 'a', 'b a', 'c')", in: path)
            try execute("INSERT INTO author_search (rowid, name, book) VALUES (1, '1:a', '1:b 1:a')", in: path)
        }
        #expect(try Inspection(file: path, isBackup: false).faults == [])
        try SQLiteStore(path: path).close()
        let inspection = try Inspection(file: path, isBackup: false)
        #expect(inspection.faults == [])
        #expect(inspection.schema == Self.newest)
        #expect(inspection.authors == 1)
        #expect(try Inspection(file: path + ".schema-\(schema)").faults == [])
    }

    @Test func aCopyIsKeptBeforeAMigration() async throws {
        try await makeLibrary(authors: 2)
        try SQLiteStore(path: home + "/library.db", migrations: Self.next).close()
        let inspection = try Inspection(file: home + "/library.db.schema-\(Self.newest)")
        #expect(inspection.schema == Self.newest)
        #expect(inspection.authors == 2)
        #expect(try integers("PRAGMA user_version", in: home + "/library.db") == [Int64(Self.newest + 1)])
    }

    @Test func aMigrationThatFailsChangesNothing() async throws {
        try await makeLibrary(authors: 2)
        #expect(throws: CommandError.self) {
            try SQLiteStore(path: home + "/library.db", migrations: Self.next + ["CREATE TABLE broken (", "SELECT 1"])
        }
        // The first migration is committed, and the second is rolled back as a whole.
        #expect(try integers("PRAGMA user_version", in: home + "/library.db") == [Int64(Self.newest + 1)])
        #expect(try Inspection(file: home + "/library.db.schema-\(Self.newest)").authors == 2)
    }

    @Test func aDamagedLibraryIsNotMigrated() async throws {
        try await makeLibrary(authors: 50)
        let path = home + "/library.db"
        try execute("PRAGMA foreign_keys = OFF; DELETE FROM user", in: path)
        let error = #expect(throws: CommandError.self) { try SQLiteStore(path: path, migrations: Self.next) }
        #expect(error?.exit == .dataError)
        #expect(try integers("PRAGMA user_version", in: path) == [Int64(Self.newest)])
    }
}
