package import Shared

/// What an import from the tutorial needs from an engine, inside of its transaction.
package protocol FlaskImportTarget {
    func user(publicID: String) throws -> Int64?

    /// The user with that name, in any case.
    func user(named name: String) throws -> Int64?

    /// - Returns: the new user's id; `nil` if the name or the public id is taken by now.
    func createUser(
        publicID: String, name: String, passwordHash: String, admin: Bool, disabled: Bool, at now: Timestamp
    ) throws -> Int64?

    /// Called once, before the first author is created.
    /// - Parameter owners: to whom authors will be given.
    mutating func prepare(_ owners: Set<Int64>) throws

    /// - Throws: ``StoreError`` `authorExists`, having changed nothing.
    func createAuthor(_ draft: AuthorDraft, owner: Int64, at now: Timestamp) throws
}

/// One import of users and authors of the tutorial, inside of its transaction: its rules, which all engines share.
package struct FlaskImport<Target: FlaskImportTarget> {
    private var target: Target
    private let now: Timestamp
    package private(set) var report = FlaskImportReport()
    /// Users of the library, by their ids in the tutorial's database.
    private var users: [String: Int64] = [:]
    private var ownerOfTheRest: Int64?
    /// Whose libraries have changed.
    package private(set) var owners: Set<Int64> = []

    package init(into target: Target, at now: Timestamp) {
        self.target = target
        self.now = now
    }

    /// - Parameter owner: the name of the user who gets the authors that name nobody.
    /// - Throws: ``StoreError`` `userNotFound`, and what the engine and the cancellation throw; the transaction must
    ///   then be given up.
    package mutating func run(
        _ users: [ImportedUser], _ authors: [FlaskLibrary.Author], owner: String?, until cancellation: Cancellation
    ) throws {
        for user in users { try add(user) }
        try findOwner(owner)
        try target.prepare(Set(authors.compactMap { self.owner(of: $0) }))
        for author in authors {
            try cancellation.check()
            try add(author)
        }
    }

    /// What the audit says of it.
    package var summary: String {
        ["user", "author"].map { "\(report.count($0, .imported)) \($0)s" }.joined(separator: ", ")
    }

    private mutating func add(_ user: ImportedUser) throws {
        let old = user.old
        func note(_ outcome: FlaskImportReport.Row.Outcome, _ note: String = "") {
            report.rows.append(.init("user", old.id, old.name ?? "", outcome, note))
        }
        guard let name = old.name, !name.isEmpty else { return note(.skipped, "it has no name") }
        while true {
            if let id = try target.user(publicID: old.publicID) {
                users[old.id] = id
                return note(.present)
            }
            let newName = try freeName(name)
            // Another daemon may have created such a user meanwhile.
            guard
                let id = try target.createUser(
                    publicID: old.publicID, name: newName, passwordHash: user.passwordHash ?? "", admin: old.admin,
                    disabled: user.passwordHash == nil, at: now)
            else { continue }
            users[old.id] = id
            let notes = [
                newName == name ? nil : "as \(newName)", old.admin ? "an admin" : nil,
                user.passwordHash == nil ? "disabled: its password hash cannot be read" : nil,
            ]
            return note(.imported, notes.compactMap { $0 }.joined(separator: ", "))
        }
    }

    /// - Throws: ``StoreError`` `userNotFound`.
    private mutating func findOwner(_ name: String?) throws {
        if let name {
            ownerOfTheRest = try target.user(named: name)
            if ownerOfTheRest == nil { throw StoreError.userNotFound(name: name) }
        } else if users.count == 1 {
            ownerOfTheRest = users.values.first
        }
    }

    private func owner(of author: FlaskLibrary.Author) -> Int64? {
        author.owner.map { users[$0] } ?? ownerOfTheRest
    }

    private mutating func add(_ author: FlaskLibrary.Author) throws {
        func note(_ outcome: FlaskImportReport.Row.Outcome, _ note: String = "") {
            report.rows.append(
                .init("author", author.id, "\(author.draft.name), \(author.draft.book)", outcome, note))
        }
        guard let owner = owner(of: author) else {
            return note(.skipped, author.owner == nil ? "it has no owner" : "its owner is not in the library")
        }
        let draft: AuthorDraft
        do {
            draft = try author.draft.validated()
        } catch {
            return note(.skipped, "\(error)")
        }
        do {
            try target.createAuthor(draft, owner: owner, at: now)
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
        while try target.user(named: candidate) != nil {
            number += 1
            candidate = "\(base.prefix(50))-\(number)"
        }
        return candidate
    }
}

/// Undoes a whole import, which it describes.
package struct FlaskDryRun: Error {
    package let report: FlaskImportReport

    package init(_ report: FlaskImportReport) {
        self.report = report
    }
}
