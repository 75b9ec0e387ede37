import GRDB
package import Shared

/// What an import did, or would do, with each row.
package struct FlaskImportReport: JSONReadable, JSONWritable {
    package struct Row: JSONReadable, JSONWritable, Equatable {
        package enum Outcome: String, CaseIterable {
            case imported
            /// It was there already, from an earlier import.
            case present
            /// It is not in the library.
            case skipped
        }

        /// `user` or `author`.
        package let table: String
        package let id: String
        package let name: String
        package let outcome: String
        /// What else there is to say; may be empty.
        package let note: String

        package init(_ table: String, _ id: String, _ name: String, _ outcome: Outcome, _ note: String = "") {
            self.table = table
            self.id = shortened(id)
            self.name = shortened(name)
            self.outcome = outcome.rawValue
            self.note = note
        }

        package init(from object: inout ObjectReader) {
            table = object.string("table")
            id = object.string("id")
            name = object.string("name")
            outcome = object.string("outcome")
            note = object.string("note")
        }

        package func write(to json: inout JSONWriter) {
            json.object {
                $0.member("table", table)
                $0.member("id", id)
                $0.member("name", name)
                $0.member("outcome", outcome)
                $0.member("note", note)
            }
        }
    }

    package fileprivate(set) var rows: [Row] = []

    package init() {}

    package init(from object: inout ObjectReader) {
        rows = object.array("rows")
    }

    package func write(to json: inout JSONWriter) {
        json.object { $0.member("rows", rows) }
    }

    package func count(_ table: String, _ outcome: Row.Outcome) -> Int {
        rows.count { $0.table == table && $0.outcome == outcome.rawValue }
    }
}

/// A user of the tutorial, ready to be stored.
package struct ImportedUser: Sendable {
    package let old: FlaskLibrary.User
    /// `nil` if it has none that can be used.
    package let passwordHash: String?

    package init(old: FlaskLibrary.User, passwordHash: String?) {
        self.old = old
        self.passwordHash = passwordHash
    }
}

extension Store {
    /// The public ids of all users.
    package func publicIDs() async throws -> Set<String> {
        try await readers.readSlowly { Set(try String.fetchAll($0, sql: "SELECT public_id FROM user")) }
    }

    /// Stores users and authors of the tutorial, all or none; what is there already stays as it is.
    /// - Parameters:
    ///   - owner: the name of the user who gets the authors that name nobody.
    ///   - dryRun: tells what would happen, and changes nothing.
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
            db, sql: "SELECT id FROM user WHERE public_id = ? AND \(Store.isUser)", arguments: [old.publicID])
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
                db, sql: "SELECT id FROM user WHERE name = ? AND \(Store.isUser)", arguments: [name])
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
            _ = try Store.insertAuthor(db, draft, owner: owner, from: nil, at: now)
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
