package import LibraryStore
package import Shared

extension PostgresStore {
    package func createAuthor(
        _ draft: AuthorDraft, owner: Int64, from origin: Int64?, as request: IdempotentRequest?, at now: Timestamp,
        completion: @escaping @Sendable (Result<Author, any Error>) -> Void
    ) {
        let creation = AuthorCreation(draft, from: origin, as: request, at: now)
        submit(owner: owner, creation.perform, as: creation, completion: completion)
    }

    /// Inserts an author and its event.
    /// - Throws: ``StoreError`` `authorExists`, having changed nothing.
    static func create(
        _ change: LibraryChange, _ draft: AuthorDraft, from origin: Int64?, at now: Timestamp
    ) throws -> Author {
        var id: Int64?
        let event = change.nextEvent()
        try change.connection.run(
            insertCreated,
            [.integer(change.owner)] + values(of: draft, owner: change.owner) + [
                .integer(now.milliseconds), .integer(now.milliseconds), .integer(1), .integer(event), Value(origin),
                .integer(change.write),
            ]
        ) { id = try $0.integer(0) }
        guard let id else {
            change.returnEvents(1)
            throw try conflict(change.connection, owner: change.owner, draft.values)
        }
        return Author(id: id, draft, createdAt: now, updatedAt: now, version: 1)
    }

    package func author<Value: Sendable>(
        id: Int64, owner: Int64, _ read: @escaping @Sendable (AuthorRow) -> Value
    ) async throws -> Value {
        try await self.read { connection in
            var value: Value?
            try connection.run(Self.selectAuthor, [.integer(owner), .integer(id)]) {
                value = read(try AuthorReader().read($0))
            }
            guard let value else { throw StoreError.authorNotFound }
            return value
        }
    }

    package func authorAtOnce<Value>(id: Int64, owner: Int64, _ read: (AuthorRow) -> Value) -> Value? { nil }

    package func updateAuthor(
        id: Int64, owner: Int64, from origin: Int64?, _ patch: AuthorPatch,
        ifVersion isWanted: @escaping @Sendable (Int64) -> Bool, at now: Timestamp
    ) async throws -> (author: Author, isChanged: Bool) {
        try await write(owner: owner) { change in
            let (before, last) = try Self.author(change.connection, id: id, owner: owner)
            guard isWanted(before.version) else { throw StoreError.versionMismatch }
            guard let after = before.changed(by: patch, at: now) else {
                change.confirm()
                return (before, false)
            }
            try Self.replace(change, before, with: after, lastEvent: last, from: origin)
            return (after, true)
        }
    }

    /// Stores a change of an author, and its event.
    /// - Parameter last: the number of the author's last event; 0 if that is not known.
    /// - Throws: ``StoreError`` `authorExists`, having changed nothing.
    static func replace(
        _ change: LibraryChange, _ before: Author, with after: Author, lastEvent last: Int64, from origin: Int64?
    ) throws {
        try requireFree(change, before, after)
        let event = change.nextEvent()
        try update(change, to: after, event: event)
        try record(
            change, AuthorEvent.updated, of: after.id, number: event, after: last, before, from: origin,
            at: after.updatedAt)
    }

    /// Passes if no other author has the name and the book that the author is to have.
    /// - Throws: ``StoreError`` `authorExists`.
    private static func requireFree(_ change: LibraryChange, _ before: Author, _ after: Author) throws {
        guard !after.name.utf8.elementsEqual(before.name.utf8) || !after.book.utf8.elementsEqual(before.book.utf8),
            let other = try existingAuthor(change.connection, owner: change.owner, after.draft.values),
            other != after.id
        else { return }
        throw StoreError.authorExists(id: other)
    }

    /// Changes an author's row.
    /// - Parameter event: the number of the change.
    private static func update(_ change: LibraryChange, to after: Author, event: Int64) throws {
        try change.connection.run(
            updateAuthor,
            [.integer(change.owner)] + values(of: after.draft, owner: change.owner) + [
                .integer(after.updatedAt.milliseconds), .integer(after.version), .integer(event), .integer(after.id),
            ])
    }

    package func deleteAuthor(
        id: Int64, owner: Int64, from origin: Int64?, ifVersion isWanted: @escaping @Sendable (Int64) -> Bool,
        at now: Timestamp
    ) async throws -> Author {
        try await write(owner: owner) { change in
            let (author, last) = try Self.author(change.connection, id: id, owner: owner)
            guard isWanted(author.version) else { throw StoreError.versionMismatch }
            try Self.remove(change, id)
            try Self.record(
                change, AuthorEvent.deleted, of: id, number: change.nextEvent(), after: last, author, from: origin,
                at: now)
            return author
        }
    }

    /// Removes an author's row.
    static func remove(_ change: LibraryChange, _ id: Int64) throws {
        try change.connection.run(
            "DELETE FROM author WHERE owner = $1 AND id = $2", [.integer(change.owner), .integer(id)])
    }

    /// Inserts the event of a change other than a new author.
    /// - Parameters:
    ///   - number: of ``LibraryChange/nextEvent()``.
    ///   - previous: the number of the author's last event; 0 if that is not known.
    ///   - before: the author as it was; `nil` for a creation that takes a deletion back.
    static func record(
        _ change: LibraryChange, _ kind: String, of author: Int64, number: Int64, after previous: Int64,
        _ before: Author?, from origin: Int64?, at now: Timestamp
    ) throws {
        let values: [Value] = [
            .integer(change.owner), .integer(number), .text(kind), .integer(now.milliseconds), .integer(author),
            Value(origin), .integer(previous), .integer(change.write),
        ]
        try change.connection.pipeline([
            Request(insertEvent, values + Author.copy(of: before)),
            Request(setNext, [.integer(change.owner), .integer(previous), .integer(number)]),
        ])
    }

    /// An author with the number of its last event; 0 if that is not known.
    /// - Throws: ``StoreError`` `authorNotFound`.
    static func author(
        _ connection: Connection, id: Int64, owner: Int64
    ) throws -> (author: Author, lastEvent: Int64) {
        var found: (Author, Int64)?
        try connection.run(selectAuthor, [.integer(owner), .integer(id)]) { row in
            found = (try Author(row), try row.integer(AuthorField.all.count))
        }
        guard let found else { throw StoreError.authorNotFound }
        return found
    }

    private static func conflict(_ connection: Connection, owner: Int64, _ values: AuthorValues) throws -> StoreError {
        .authorExists(id: try existingAuthor(connection, owner: owner, values))
    }

    /// The owner's author who has the same key.
    static func existingAuthor(_ connection: Connection, owner: Int64, _ values: AuthorValues) throws -> Int64? {
        var id: Int64?
        try connection.run(
            "SELECT id FROM author WHERE owner = $1 AND name = $2 AND book = $3",
            [.integer(owner), .text(values[text: .name] ?? ""), .text(values[text: .book] ?? "")]
        ) { id = try $0.integer(0) }
        return id
    }

    // MARK: Statements

    /// The columns that a draft fills.
    static let columns = AuthorField.writable.map(\.name) + AuthorField.texts.map(\.keyColumn) + ["words"]

    /// Their values.
    static func values(of draft: AuthorDraft, owner: Int64) -> [Value] {
        AuthorField.writable.map { draft.value($0) } + AuthorField.texts.map { .text(Folding.key(draft[text: $0])) }
            + [.text(Words.vector(name: draft.name, book: draft.book, owner: owner))]
    }

    /// `$FIRST, …` for the values of ``values(of:owner:)``.
    static func parameters(from first: Int) -> [String] {
        columns.indices.map { "$\(first + $0)" + (columns[$0] == "words" ? "::text::tsvector" : "") }
    }

    private static let insertCreated: Statement = {
        let rest = columns.count + 2
        return Statement(
            """
            WITH created AS (
                INSERT INTO author (owner, \(columns.joined(separator: ", ")), created_at, updated_at, version, event)
                VALUES (
                    $1, \(parameters(from: 2).joined(separator: ", ")), $\(rest), $\(rest + 1), $\(rest + 2),
                    $\(rest + 3))
                ON CONFLICT ON CONSTRAINT author_key DO NOTHING RETURNING id, created_at, event
            ), told AS (
                INSERT INTO author_event (owner, sequence, kind, at, id, origin, write)
                SELECT $1, event, '\(AuthorEvent.created)', created_at, id, $\(rest + 4)::bigint, $\(rest + 5)::bigint
                FROM created
            )
            SELECT id FROM created
            """)
    }()

    private static let updateAuthor: Statement = {
        let rest = columns.count + 2
        let assignments = zip(columns, parameters(from: 2)).map { "\($0) = \($1)" }.joined(separator: ", ")
        return Statement(
            """
            UPDATE author SET \(assignments), updated_at = $\(rest), version = $\(rest + 1), event = $\(rest + 2)
            WHERE owner = $1 AND id = $\(rest + 3)
            """)
    }()

    /// The columns of ``AuthorRow``, and the last event.
    private static let selectAuthor = Statement(
        "SELECT \(AuthorRow.columns), event FROM author WHERE owner = $1 AND id = $2")

    private static let copied = AuthorField.all.dropFirst().map(\.name)
    private static let insertEvent = Statement(
        """
        INSERT INTO author_event
            (owner, sequence, kind, at, id, origin, previous, write, \(copied.joined(separator: ", ")))
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, \(copied.indices.map { "$\($0 + 9)" }.joined(separator: ", ")))
        """)
    private static let setNext: Statement =
        "UPDATE author_event SET next = $3 WHERE owner = $1 AND sequence = $2"
}

extension Author {
    /// The copy of an author that an event keeps: the values of ``AuthorRow/columns`` but the id; NULLs for `nil`.
    static func copy(of author: Author?) -> [Value] {
        guard let author else { return AuthorField.all.dropFirst().map { _ in .null } }
        return AuthorField.writable.map { author.draft.value($0) } + [
            .integer(author.createdAt.milliseconds), .integer(author.updatedAt.milliseconds), .integer(author.version),
        ]
    }
}

extension AuthorDraft {
    func value(_ field: AuthorField) -> Value {
        field.kind == .flag ? .flag(self[flag: field]) : .text(self[text: field])
    }
}
