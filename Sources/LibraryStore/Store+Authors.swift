import GRDB
import GRDBSQLite
package import Shared

extension Store {
    /// Adds an author to the owner's library.
    /// - Parameter request: if the same request came before, its stored reply is returned.
    /// - Throws: ``StoreError`` `authorExists` with the id of the one that is there already, `keyReused`.
    package func createAuthor(
        _ draft: AuthorDraft, owner: Int64, as request: IdempotentRequest? = nil, at now: Timestamp
    ) async throws -> Author {
        try await withCheckedThrowingContinuation { continuation in
            createAuthor(draft, owner: owner, as: request, at: now) { continuation.resume(with: $0) }
        }
    }

    /// The same for a caller that cannot wait.
    /// - Parameter completion: called once with the outcome, after the commit, on any thread. It must not block.
    package func createAuthor(
        _ draft: AuthorDraft, owner: Int64, as request: IdempotentRequest?, at now: Timestamp,
        completion: @escaping @Sendable (Result<Author, any Error>) -> Void
    ) {
        writer.submit { db in
            if let reply = try Self.reply(db, to: request, owner: owner, at: now) {
                return try Author(kept: reply)
            }
            let author = try Self.insertAuthor(db, draft, owner: owner, at: now)
            try Self.keep(db, reply: author.json, to: request, owner: owner, at: now)
            return author
        } completion: { [changes] result in
            changes.advance(owner)
            completion(result)
        }
    }

    /// - Throws: ``StoreError`` `authorExists`, having changed nothing.
    static func insertAuthor(_ db: Database, _ draft: AuthorDraft, owner: Int64, at now: Timestamp) throws -> Author {
        let author = try insertWithoutEvent(db, draft, owner: owner, at: now)
        try record(db, AuthorEvent.created, author, owner: owner, at: now)
        return author
    }

    /// The same without the event, which the caller adds.
    static func insertWithoutEvent(
        _ db: Database, _ draft: AuthorDraft, owner: Int64, at now: Timestamp
    ) throws -> Author {
        do {
            let time = RawStatement.Value.integer(now.milliseconds)
            try db.raw(insertAuthor).run([.integer(owner)] + draft.columns + [time, time])
        } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE {
            throw try conflict(db, owner: owner, draft.values)
        }
        let author = Author(id: db.lastInsertedRowID, draft, createdAt: now, updatedAt: now, version: 1)
        try SearchIndex.add(author, owner: owner, db)
        return author
    }

    /// Reads the owner's author of that id.
    /// - Parameter read: takes the row, which is good only in this call.
    /// - Throws: ``StoreError`` `authorNotFound`.
    package func author<Value>(id: Int64, owner: Int64, _ read: (AuthorRow) -> Value) throws -> Value {
        var value: Value?
        try readers.withConnection { connection in
            try connection.rows(Self.selectAuthor, [.integer(id), .integer(owner)]) {
                value = read(AuthorRow($0))
                return false
            }
        }
        guard let value else { throw StoreError.authorNotFound }
        return value
    }

    /// Changes what the patch names. If that is what the author has already, nothing changes: no version, no event.
    /// - Parameter isWanted: whether the author may be changed, by its version.
    /// - Throws: ``StoreError`` `authorNotFound`, `versionMismatch` or `authorExists`.
    package func updateAuthor(
        id: Int64, owner: Int64, _ patch: AuthorPatch, ifVersion isWanted: @escaping @Sendable (Int64) -> Bool,
        at now: Timestamp
    ) async throws -> (author: Author, isChanged: Bool) {
        var isSame = false
        defer { if !isSame { changes.advance(owner) } }
        let result = try await writer.write { db in
            let before = try Self.author(db, id: id, owner: owner)
            guard isWanted(before.version) else { throw StoreError.versionMismatch }
            guard let after = before.changed(by: patch, at: now) else { return (before, false) }
            try Self.replace(db, before, with: after, owner: owner)
            return (after, true)
        }
        isSame = !result.1
        return result
    }

    /// Stores a change of an author, and its event.
    /// - Throws: ``StoreError`` `authorExists`, having changed nothing.
    static func replace(_ db: Database, _ before: Author, with after: Author, owner: Int64) throws {
        do {
            try db.raw(updateAuthor).run(
                after.draft.columns
                    + [
                        .integer(after.updatedAt.milliseconds), .integer(after.version), .integer(after.id),
                        .integer(owner),
                    ])
        } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE {
            throw try conflict(db, owner: owner, after.draft.values)
        }
        try SearchIndex.replace(before, with: after, owner: owner, db)
        try record(db, AuthorEvent.updated, after, owner: owner, at: after.updatedAt)
    }

    /// Deletes the author and returns it as it was.
    /// - Parameter isWanted: whether the author may be deleted, by its version.
    /// - Throws: ``StoreError`` `authorNotFound` or `versionMismatch`.
    package func deleteAuthor(
        id: Int64, owner: Int64, ifVersion isWanted: @escaping @Sendable (Int64) -> Bool, at now: Timestamp
    ) async throws -> Author {
        defer { changes.advance(owner) }
        return try await writer.write { db in
            let author = try Self.author(db, id: id, owner: owner)
            guard isWanted(author.version) else { throw StoreError.versionMismatch }
            try db.execute(sql: "DELETE FROM author WHERE id = ? AND owner = ?", arguments: [id, owner])
            try SearchIndex.remove(author, owner: owner, db)
            try Self.record(db, AuthorEvent.deleted, author, owner: owner, at: now)
            return author
        }
    }

    private static let insertAuthor = """
        INSERT INTO author (owner, \(AuthorDraft.columns.joined(separator: ", ")), created_at, updated_at)
        VALUES (?, \(AuthorDraft.columns.map { _ in "?" }.joined(separator: ", ")), ?, ?)
        """
    private static let updateAuthor = """
        UPDATE author SET \(AuthorDraft.columns.map { "\($0) = ?" }.joined(separator: ", ")),
            updated_at = ?, version = ?
        WHERE id = ? AND owner = ?
        """
    private static let selectAuthor = "SELECT \(AuthorRow.columns) FROM author WHERE id = ? AND owner = ?"

    static func author(_ db: Database, id: Int64, owner: Int64) throws -> Author {
        let statement = try db.cachedStatement(sql: selectAuthor)
        guard let author = try Row.fetchOne(statement, arguments: [id, owner]).map({ try Author($0) }) else {
            throw StoreError.authorNotFound
        }
        return author
    }

    private static func conflict(_ db: Database, owner: Int64, _ values: AuthorValues) throws -> StoreError {
        .authorExists(id: try existingAuthor(db, owner: owner, values))
    }

    /// The owner's author who has the same key.
    static func existingAuthor(_ db: Database, owner: Int64, _ values: AuthorValues) throws -> Int64? {
        try db.raw("SELECT id FROM author WHERE owner = ? AND name = ? AND book = ?")
            .integer([.integer(owner)] + [.name, .book].map { .text(values[text: $0] ?? "") })
    }
}

extension Author {
    /// The author with what the patch names; `nil` if it has that already.
    package func changed(by patch: AuthorPatch, at now: Timestamp) -> Author? {
        let values = patch.values.filled(from: draft.values)
        guard !values.isSame(as: draft.values) else { return nil }
        return Author(id: id, AuthorDraft(values), createdAt: createdAt, updatedAt: now, version: version + 1)
    }
}
