import GRDB
package import Shared

extension SQLiteStore {
    package func publicIDs() async throws -> Set<String> {
        try await readers.readSlowly { Set(try String.fetchAll($0, sql: "SELECT public_id FROM user")) }
    }

    package func importFlask(
        _ users: [ImportedUser], _ authors: [FlaskLibrary.Author], owner: String?, dryRun: Bool, at now: Timestamp
    ) async throws -> FlaskImportReport {
        let changes = changes
        do {
            return try await Cancellation.following { cancellation in
                try await writer.write(isLong: true) { db in
                    var work = FlaskImport(into: Target(db: db), at: now)
                    try work.run(users, authors, owner: owner, until: cancellation)
                    if dryRun { throw FlaskDryRun(work.report) }
                    try Self.note(db, .flaskImported, user: owner, by: .operator, work.summary, at: now)
                    return (work.report, work.owners)
                } committed: { _, owners in
                    owners.forEach(changes.advance)
                }.0
            }
        } catch let dryRun as FlaskDryRun {
            return dryRun.report
        }
    }
}

private struct Target: FlaskImportTarget {
    let db: Database

    func user(publicID: String) throws -> Int64? {
        try Int64.fetchOne(
            db, sql: "SELECT id FROM user WHERE public_id = ? AND \(SQLiteStore.isUser)", arguments: [publicID])
    }

    func user(named name: String) throws -> Int64? {
        try Int64.fetchOne(db, sql: "SELECT id FROM user WHERE name = ? AND \(SQLiteStore.isUser)", arguments: [name])
    }

    func createUser(
        publicID: String, name: String, passwordHash: String, admin: Bool, disabled: Bool, at now: Timestamp
    ) throws -> Int64? {
        try db.execute(
            sql: """
                INSERT INTO user (public_id, name, password_hash, admin, disabled, created_at, updated_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [publicID, name, passwordHash, admin, disabled, now.milliseconds, now.milliseconds])
        return db.lastInsertedRowID
    }

    /// There is one writer, and nobody to wait for.
    func prepare(_ owners: Set<Int64>) {}

    func createAuthor(_ draft: AuthorDraft, owner: Int64, at now: Timestamp) throws {
        let numbers = try AuthorNumbers.next(db, owner: owner)
        _ = try SQLiteStore.insertAuthor(db, draft, owner: owner, numbers, from: nil, at: now)
    }
}
