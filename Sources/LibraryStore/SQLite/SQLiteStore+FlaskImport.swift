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
                    var work = FlaskImport(db: db, now: now)
                    for user in users { try work.add(user) }
                    try work.findOwner(owner)
                    for author in authors {
                        try cancellation.check()
                        try work.add(author)
                    }
                    if dryRun { throw DryRun(report: work.report) }
                    let counts = ["user", "author"].map { "\(work.report.count($0, .imported)) \($0)s" }
                    try Self.note(
                        db, .flaskImported, user: owner, by: .operator, counts.joined(separator: ", "), at: now)
                    return (work.report, work.owners)
                } committed: { _, owners in
                    owners.forEach(changes.advance)
                }.0
            }
        } catch let dryRun as DryRun {
            return dryRun.report
        }
    }
}

/// Undoes the whole import, which it describes.
private struct DryRun: Error {
    let report: FlaskImportReport
}

/// One import, inside its transaction.
private struct FlaskImport {
    let db: Database
    let now: Timestamp
    var report = FlaskImportReport()
    /// Users of the library, by their ids in the tutorial's database.
    private var users: [String: Int64] = [:]
    private var ownerOfTheRest: Int64?
    private(set) var owners: Set<Int64> = []

    init(db: Database, now: Timestamp) {
        self.db = db
        self.now = now
    }

    mutating func add(_ user: ImportedUser) throws {
        let old = user.old
        func note(_ outcome: FlaskImportReport.Row.Outcome, _ note: String = "") {
            report.rows.append(.init("user", old.id, old.name ?? "", outcome, note))
        }
        guard let name = old.name, !name.isEmpty else { return note(.skipped, "it has no name") }
        if let id = try Int64.fetchOne(
            db, sql: "SELECT id FROM user WHERE public_id = ? AND \(SQLiteStore.isUser)", arguments: [old.publicID])
        {
            users[old.id] = id
            return note(.present)
        }
        let newName = try freeName(name)
        try db.execute(
            sql: """
                INSERT INTO user (public_id, name, password_hash, admin, disabled, created_at, updated_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                old.publicID, newName, user.passwordHash ?? "", old.admin, user.passwordHash == nil,
                now.milliseconds, now.milliseconds,
            ])
        users[old.id] = db.lastInsertedRowID
        let notes = [
            newName == name ? nil : "as \(newName)", old.admin ? "an admin" : nil,
            user.passwordHash == nil ? "disabled: its password hash cannot be read" : nil,
        ]
        note(.imported, notes.compactMap { $0 }.joined(separator: ", "))
    }

    /// - Throws: ``StoreError`` `userNotFound`.
    mutating func findOwner(_ name: String?) throws {
        if let name {
            ownerOfTheRest = try Int64.fetchOne(
                db, sql: "SELECT id FROM user WHERE name = ? AND \(SQLiteStore.isUser)", arguments: [name])
            if ownerOfTheRest == nil { throw StoreError.userNotFound(name: name) }
        } else if users.count == 1 {
            ownerOfTheRest = users.values.first
        }
    }

    mutating func add(_ author: FlaskLibrary.Author) throws {
        func note(_ outcome: FlaskImportReport.Row.Outcome, _ note: String = "") {
            report.rows.append(
                .init("author", author.id, "\(author.draft.name), \(author.draft.book)", outcome, note))
        }
        guard let owner = author.owner.map({ users[$0] }) ?? ownerOfTheRest else {
            return note(.skipped, author.owner == nil ? "it has no owner" : "its owner is not in the library")
        }
        let draft: AuthorDraft
        do {
            draft = try author.draft.validated()
        } catch {
            return note(.skipped, "\(error)")
        }
        do {
            _ = try SQLiteStore.insertAuthor(db, draft, owner: owner, from: nil, at: now)
            owners.insert(owner)
            note(.imported)
        } catch let error as StoreError where error.code == .authorExists {
            note(.present)
        }
    }

    /// The name itself if it may be one here and nobody has it.
    private func freeName(_ name: String) throws -> String {
        let letters = name.unicodeScalars.map { scalar in
            scalar.isASCII && Registration.fault(inName: "a\(scalar)") == nil ? String(scalar) : "_"
        }.joined().prefix(60)
        var base = String(letters)
        if Registration.fault(inName: base) != nil { base = "u" + base }
        var candidate = base
        var number = 1
        while try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM user WHERE name = ?)", arguments: [candidate])
            == true
        {
            number += 1
            candidate = "\(base.prefix(50))-\(number)"
        }
        return candidate
    }
}
