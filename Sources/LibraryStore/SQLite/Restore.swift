import GRDB
import Glibc
package import Shared

/// Puts a backup in the place of the library. The folder's lock keeps every daemon away meanwhile.
///
/// A backup with an older schema is migrated when the daemon starts, like any other library. All logins end,
/// and all API keys: those that were ended after the backup would be alive again. The search index is made anew from
/// the authors, so that one that is damaged, or was made to harm, is not used.
package struct Restore {
    /// Where the library is that was there before.
    package let kept: String?
    package let inspection: Inspection

    /// - Throws: ``CommandError``; the library is then as it was.
    package init(from backup: String, into folder: borrowing DataFolder, at now: Timestamp) throws {
        let library = folder.databasePath
        let incoming = library + ".incoming"
        defer { for suffix in SQLiteStore.databaseSuffixes { unlink(incoming + suffix) } }
        do {
            try SQLiteStore.requireLibrary(at: backup)
            try BackupManifest.requireUnchanged(backup)
            let source = try SQLiteStore.openForeign(path: backup)
            defer { try? source.close() }
            inspection = try source.unsafeRead { try Backup.copy($0, to: incoming) }
        } catch {
            throw CommandError.ofBackup(error, backup)
        }
        try inspection.requireNoFaults(in: backup, hint: "restore another backup")
        try Self.beginAnew(incoming, backup, at: now)
        kept = try Self.keep(library, as: "\(library).replaced-\(now.description.replacing(":", with: ""))")
        try FileContents.rename(incoming, to: library)
    }

    /// Ends all sessions and API keys, and begins a new epoch of events: clients have seen later events than the backup
    /// has.
    private static func beginAnew(_ path: String, _ backup: String, at now: Timestamp) throws {
        do {
            let connection = try DatabaseQueue(path: path)
            defer { try? connection.close() }
            try connection.write { db in
                try db.execute(sql: "DELETE FROM session")
                // An older schema has neither.
                if try db.tableExists("api_key") {
                    try db.execute(sql: "DELETE FROM api_key")
                    try SQLiteStore.note(db, .restored, user: nil, by: .operator, backup, at: now)
                }
                // The migration to schema 8 makes the index of an older one.
                if try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0 >= 8 { try SearchIndex.makeAnew(db) }
                // An older schema gets its epoch when it is migrated.
                if try db.tableExists("library") {
                    try db.execute(sql: "UPDATE library SET epoch = \(Migrations.newEpoch)")
                }
            }
        } catch let error as DatabaseError {
            throw CommandError(database: error, path: path)
        }
    }

    /// Gives the library a second name, with all that it consists of. A log must not stay beside another database.
    private static func keep(_ library: String, as name: String) throws -> String? {
        // Moves the log into the library if it can be read at all.
        if try FileStatus(path: library) != nil { try? SQLiteStore(path: library).close() }
        let present = try ["", "-wal", "-journal"].filter { try FileStatus(path: library + $0) != nil }
        for suffix in present {
            guard link(library + suffix, name + suffix) == 0 else {
                let failure = CommandError(.ioError, "\(name + suffix): \(systemError())")
                for suffix in present.prefix(while: { $0 != suffix }) { unlink(name + suffix) }
                throw failure
            }
        }
        try FileContents.syncFolder(of: name)
        for suffix in ["-wal", "-journal", "-shm"] { unlink(library + suffix) }
        return present.isEmpty ? nil : name
    }
}
