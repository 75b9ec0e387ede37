import GRDB
import GRDBSQLite
package import Shared

extension SQLiteStore {
    package func createAuthor(
        _ draft: AuthorDraft, owner: Int64, from origin: Int64?, as request: IdempotentRequest?, at now: Timestamp,
        completion: @escaping @Sendable (Result<Author, any Error>) -> Void
    ) {
        writer.submit(from: .user(owner), isCreation: true) { [newAuthors = writer.newAuthors] db in
            if let reply = try Self.reply(db, to: request, owner: owner, at: now) {
                return try Author(kept: reply)
            }
            let numbers = try newAuthors.next(db, owner: owner)
            let author = try Self.insert(db, draft, owner: owner, numbers, at: now)
            try Self.keep(db, reply: author.json, to: request, owner: owner, at: now)
            try newAuthors.add(numbers, db, owner: owner, from: origin, at: now)
            return author
        } completion: { [changes] result in
            changes.advance(owner)
            completion(result)
        }
    }

    /// - Throws: ``StoreError`` `authorExists`, having changed nothing.
    static func insertAuthor(
        _ db: Database, _ draft: AuthorDraft, owner: Int64, _ numbers: AuthorNumbers, from origin: Int64?,
        at now: Timestamp
    ) throws -> Author {
        let author = try insert(db, draft, owner: owner, numbers, at: now)
        try numbers.keepAsLast(db)
        try recordCreation(db, numbers, owner: owner, from: origin, at: now)
        return author
    }

    /// The same without the event and without keeping the numbers, which is left to the caller.
    static func insert(
        _ db: Database, _ draft: AuthorDraft, owner: Int64, _ numbers: AuthorNumbers, at now: Timestamp
    ) throws -> Author {
        let author = Author(id: numbers.id, draft, createdAt: now, updatedAt: now, version: 1)
        try insert(db, author, owner: owner, event: numbers.event)
        return author
    }

    /// Inserts an author as it is.
    /// - Parameter event: the number of its last event.
    /// - Throws: ``StoreError`` `authorExists`, having changed nothing.
    static func insert(_ db: Database, _ author: Author, owner: Int64, event: Int64) throws {
        var values: [ColumnValue] = []
        values.reserveCapacity(AuthorDraft.storedColumns.count + 6)
        values.append(.integer(owner))
        values.append(.integer(author.id))
        author.draft.appendStoredValues(to: &values)
        values.append(.integer(author.createdAt.milliseconds))
        values.append(author.changedAt)
        values.append(.integer(author.version))
        values.append(.integer(event))
        do {
            try db.raw(insertAuthor).run(values)
        } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE {
            throw try conflict(db, owner: owner, author.draft.values)
        }
        try SearchIndex.add(author, owner: owner, db)
    }

    package func author<Value: Sendable>(
        id: Int64, owner: Int64, _ read: @escaping @Sendable (AuthorRow) -> Value
    ) async throws -> Value {
        if let value = try authorAtOnce(id: id, owner: owner, read) { return value }
        return try await readers.withConnectionElsewhere { connection in
            try seeing(owner, connection) { lastSeen in
                guard let lastSeen else { return try Self.author(connection, Self.selectAuthor, [owner, id], read) }
                return try Self.author(connection, Self.selectEarlier, [owner, lastSeen, id], read)
            }
        }
    }

    package func authorAtOnce<Value>(id: Int64, owner: Int64, _ read: (AuthorRow) -> Value) throws -> Value? {
        try readers.withConnection { connection in
            try seeing(owner, connection) {
                $0 == nil ? try Self.author(connection, Self.selectAuthor, [owner, id], read) : nil
            }
        }
    }

    private static func author<Value>(
        _ connection: ReadConnection, _ sql: String, _ values: [Int64], _ read: (AuthorRow) -> Value
    ) throws -> Value {
        var value: Value?
        try connection.rows(sql, values.map { .integer($0) }) {
            let columns = AuthorColumns()
            columns.fill($0)
            value = read(columns.row)
            return false
        }
        guard let value else { throw StoreError.authorNotFound }
        return value
    }

    package func updateAuthor(
        id: Int64, owner: Int64, from origin: Int64? = nil, _ patch: AuthorPatch,
        ifVersion isWanted: @escaping @Sendable (Int64) -> Bool,
        at now: Timestamp
    ) async throws -> (author: Author, isChanged: Bool) {
        var isSame = false
        defer { if !isSame { changes.advance(owner) } }
        let result = try await writer.write(from: .user(owner)) { db in
            try Self.requireNoneUnfinished(db, owner: owner)
            let before = try Self.author(db, id: id, owner: owner)
            guard isWanted(before.version) else { throw StoreError.versionMismatch }
            guard let after = before.changed(by: patch, at: now) else { return (before, false) }
            try Self.replace(db, before, with: after, owner: owner, from: origin)
            return (after, true)
        }
        isSame = !result.1
        return result
    }

    /// Stores a change of an author, and its event.
    /// - Throws: ``StoreError`` `authorExists`, having changed nothing.
    static func replace(
        _ db: Database, _ before: Author, with after: Author, owner: Int64, from origin: Int64?
    ) throws {
        let event = try nextEvent(db, owner: owner)
        let last = try lastEvent(db, of: before.id, owner: owner)
        try update(db, before, to: after, owner: owner, event: event)
        try record(
            db, AuthorEvent.updated, of: after.id, number: event, after: last, before, owner: owner, from: origin,
            at: after.updatedAt)
    }

    /// Changes an author's row, and its words.
    /// - Parameter event: the number of the change.
    /// - Throws: ``StoreError`` `authorExists`, having changed nothing.
    static func update(_ db: Database, _ before: Author, to after: Author, owner: Int64, event: Int64) throws {
        var values: [ColumnValue] = []
        after.draft.appendStoredValues(to: &values)
        values += [
            after.changedAt, .integer(after.version), .integer(event), .integer(owner), .integer(after.id),
        ]
        do {
            try db.raw(updateAuthor).run(values)
        } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE {
            throw try conflict(db, owner: owner, after.draft.values)
        }
        try SearchIndex.replace(before, with: after, owner: owner, db)
    }

    package func deleteAuthor(
        id: Int64, owner: Int64, from origin: Int64? = nil, ifVersion isWanted: @escaping @Sendable (Int64) -> Bool,
        at now: Timestamp
    ) async throws -> Author {
        defer { changes.advance(owner) }
        return try await writer.write(from: .user(owner)) { db in
            try Self.requireNoneUnfinished(db, owner: owner)
            let author = try Self.author(db, id: id, owner: owner)
            guard isWanted(author.version) else { throw StoreError.versionMismatch }
            let event = try Self.nextEvent(db, owner: owner)
            let last = try Self.lastEvent(db, of: id, owner: owner)
            try Self.remove(db, author, owner: owner)
            try Self.record(
                db, AuthorEvent.deleted, of: id, number: event, after: last, author, owner: owner, from: origin,
                at: now)
            return author
        }
    }

    /// An author as it is and as it will be, either of which may be missing, and the number of its last event then.
    typealias RowChange = (before: Author?, after: Author?, event: Int64)

    /// Changes the rows of authors, and their words. Rows of authors that get another name or book are removed first:
    /// one author can get those of another.
    /// - Throws: ``StoreError`` `authorExists`.
    static func changeRows(_ db: Database, _ rows: [RowChange], owner: Int64) throws {
        for row in rows {
            if let before = row.before, !before.hasKey(of: row.after) { try remove(db, before, owner: owner) }
        }
        for row in rows {
            guard let after = row.after else { continue }
            if let before = row.before, before.hasKey(of: after) {
                try update(db, before, to: after, owner: owner, event: row.event)
            } else {
                try insert(db, after, owner: owner, event: row.event)
            }
        }
    }

    /// Removes an author's row, and its words.
    static func remove(_ db: Database, _ author: Author, owner: Int64) throws {
        try db.raw("DELETE FROM author WHERE owner = ? AND id = ?").run([.integer(owner), .integer(author.id)])
        try SearchIndex.remove(author, owner: owner, db)
    }

    private static let insertAuthor = """
        INSERT INTO author
            (owner, id, \(AuthorDraft.storedColumns.joined(separator: ", ")), created_at, changed_at, version, event)
        VALUES (?, ?, \(AuthorDraft.storedColumns.map { _ in "?" }.joined(separator: ", ")), ?, ?, ?, ?)
        """
    private static let updateAuthor = """
        UPDATE author SET \(AuthorDraft.storedColumns.map { "\($0) = ?" }.joined(separator: ", ")),
            changed_at = ?, version = ?, event = ?
        WHERE owner = ? AND id = ?
        """
    private static let selectAuthor = "SELECT \(AuthorRow.columns) FROM author WHERE owner = ? AND id = ?"

    /// The author `?3` as it was just after the event `?2`. If it has changed since, its events lead back to the first
    /// later one, which has the copy.
    private static let selectEarlier = """
        WITH RECURSIVE change (number) AS (
            SELECT event FROM author WHERE owner = ?1 AND id = ?3
            UNION ALL
            SELECT max(sequence) FROM author_event INDEXED BY author_event_deleted
            WHERE owner = ?1 AND id = ?3 AND change = \(change(AuthorEvent.deleted)) AND sequence > ?2
            UNION ALL
            SELECT previous FROM change JOIN author_event ON owner = ?1 AND sequence = number WHERE previous > ?2
        )
        SELECT \(AuthorRow.columns) FROM author WHERE owner = ?1 AND id = ?3 AND event <= ?2
        UNION ALL
        SELECT \(AuthorRow.columns) FROM author_event
        WHERE sequence = (SELECT min(number) FROM change) AND \(isFirstLaterChange())
        """

    static func author(_ db: Database, id: Int64, owner: Int64) throws -> Author {
        guard let author = try authorIfAny(db, id: id, owner: owner) else { throw StoreError.authorNotFound }
        return author
    }

    static func authorIfAny(_ db: Database, id: Int64, owner: Int64) throws -> Author? {
        let statement = try db.cachedStatement(sql: selectAuthor)
        return try Row.fetchOne(statement, arguments: [owner, id]).map { try Author($0) }
    }

    private static func conflict(_ db: Database, owner: Int64, _ values: AuthorValues) throws -> StoreError {
        .authorExists(id: try existingAuthor(db, owner: owner, values))
    }

    /// The owner's author who has the same key.
    static func existingAuthor(_ db: Database, owner: Int64, _ values: AuthorValues) throws -> Int64? {
        try db.raw(selectExisting).integer([.integer(owner)] + key(of: values))
    }

    static let selectExisting = "SELECT id FROM author WHERE owner = ? AND name_key = ? AND name = ? AND book = ?"

    /// The columns by which authors differ: the last two have the texts themselves.
    static func key(of values: AuthorValues) -> [ColumnValue] {
        let (name, book) = (values[text: .name] ?? "", values[text: .book] ?? "")
        return [.text(Folding.key(name)), .text(name), .text(book)]
    }
}
