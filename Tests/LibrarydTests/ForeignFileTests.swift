import Foundation
import Shared
import Testing

@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// What `check` and `restore` say of a file that is no backup, and where `backup` writes.
extension BackupTests {
    private func command(_ path: String, _ line: String) async throws {
        let result = try await Program.run(
            "/bin/sh", ["-c", line], environment: ["PATH": "/usr/bin:/bin"], folder: path)
        #expect(result.code == 0, "\(result.error)")
    }

    private func restoreError(_ path: String) -> CommandError? {
        #expect(throws: CommandError.self) {
            _ = try Restore(from: path, into: try DataFolder(path: home), at: now)
        }
    }

    @Test(arguments: [
        ("gzip -c backup.db > other", "is compressed with gzip", "gunzip -c FILE > FILE.db"),
        ("sqlite3 backup.db .dump > other", "is SQL text, as .dump writes it", "name a file that libraryd backup made"),
        (
            "sqlite3 backup.db .dump | sqlite3 other",
            "has the tables of a library but not its number, as a .dump that was read back",
            "name a file that libraryd backup made"
        ),
        ("sqlite3 other 'CREATE TABLE x (y)'", "is not a libraryd database", "choose another file or --data folder"),
        (
            "cp backup.db.manifest other", "is the manifest of a backup, not the backup",
            "name a file that libraryd backup made"
        ),
        ("printf 'PK\\003\\004' > other", "is a zip archive", "name a file that libraryd backup made"),
    ])
    func aFileIsSaidToBeWhatItIs(making line: String, reason: String, hint: String) async throws {
        try await makeLibrary(authors: 3)
        _ = try await withStore { try await $0.backUp(to: file, keep: 1, at: now) }
        try await command(outer.path, line)
        let other = outer.path + "/other"
        let before = try FileManager.default.contentsOfDirectory(atPath: home).sorted()
        let error = restoreError(other)
        #expect(error == CommandError(.dataError, "\(other) \(reason)", hint: hint.replacing("FILE", with: other)))
        #expect(try FileManager.default.contentsOfDirectory(atPath: home).sorted() == before)
        let check = #expect(throws: CommandError.self) { try Inspection(file: other) }
        #expect(check == error)
    }

    /// A library that was copied while the daemon ran lacks what its log has. It is restored, with a warning, and
    /// nothing is made beside it.
    @Test func aCopyWithoutItsLogIsSaidToBeOne() async throws {
        try await makeLibrary(authors: 3)
        let copy = outer.path + "/cöpy ?#%41.db"
        try await withStore { store in
            try await Self.add(100, to: store)
            try FileManager.default.copyItem(atPath: home + "/library.db", toPath: copy)
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: outer.path).sorted()
        #expect(try Inspection(file: copy).authors == 3)
        #expect(try SQLiteStore.warning(ofCopy: copy)?.hasPrefix("\(copy) is a copy of library.db without ") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: outer.path).sorted() == names)
        _ = try await withStore { try await $0.backUp(to: file, keep: 1, at: now) }
        #expect(try SQLiteStore.warning(ofCopy: file) == nil)
        #expect(try Restore(from: copy, into: try DataFolder(path: home), at: now).inspection.authors == 3)
    }

    /// The file that a link names is written, and the link stays.
    @Test(arguments: [true, false]) func aBackupFollowsALink(exists: Bool) async throws {
        try await makeLibrary(authors: 3)
        let real = outer.path + "/disk/real.db"
        try FileManager.default.createDirectory(atPath: outer.path + "/disk", withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(atPath: outer.path + "/between", withDestinationPath: "disk/real.db")
        try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: outer.path + "/between")
        if exists { _ = try await withStore { try await $0.backUp(to: real, keep: 1, at: now) } }
        _ = try await withStore { try await $0.backUp(to: file, keep: 2, at: now) }
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: file) == outer.path + "/between")
        #expect(try Inspection(file: real).authors == 3)
        let made = ["real.db", "real.db.manifest"] + (exists ? ["real.db.1", "real.db.1.manifest"] : [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: outer.path + "/disk").sorted() == made.sorted())
    }

    /// The hint of a damaged library is to restore a backup. Who restores is told to take another one.
    @Test func aBackupThatIsNoDatabaseHasItsOwnHint() async throws {
        try await makeLibrary(authors: 3)
        try await command(outer.path, "printf 'name,book,country\\nA,B,C\\n' > other")
        let path = outer.path + "/other"
        let error = CommandError(.dataError, "\(path) is damaged or not a database", hint: "restore another backup")
        #expect(restoreError(path) == error)
        #expect(throws: error) { try Inspection(file: path) }
    }

    /// A folder in place of the file is said to be one.
    @Test func aFolderIsNoBackup() async throws {
        try await makeLibrary(authors: 0)
        let error = await #expect(throws: CommandError.self) {
            try await withStore { try await $0.backUp(to: outer.path, keep: 1, at: now) }
        }
        let hint = "libraryd backup \(outer.path)/library.db"
        #expect(error == CommandError(.conflict, "\(outer.path) is a folder", hint: hint))
    }

    /// A manifest is a text file: its last line has an end.
    @Test func aManifestEndsItsLine() async throws {
        try await makeLibrary(authors: 3)
        _ = try await withStore { try await $0.backUp(to: file, keep: 1, at: now) }
        let manifest = try String(contentsOfFile: file + ".manifest", encoding: .utf8)
        #expect(manifest.hasSuffix("}\n"))
        try await command(
            outer.path, #"jq -r '"\(.sha256)  backup.db"' backup.db.manifest | sha256sum --check --quiet"#)
    }

    @Test func aFolderThatIsMissingIsNamed() async throws {
        try await makeLibrary(authors: 0)
        let path = outer.path + "/no such/b.db"
        let error = await #expect(throws: CommandError.self) {
            try await withStore { try await $0.backUp(to: path, keep: 1, at: now) }
        }
        #expect(
            error
                == CommandError(
                    .noInput, "there is no folder \(outer.path)/no such", hint: "mkdir -p '\(outer.path)/no such'"))
    }
}
