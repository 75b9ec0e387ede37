import LibraryStore
import Shared
import Synchronization

/// A new author that waits for a transaction. Those that wait together are created in a few round trips.
struct AuthorCreation: Sendable {
    let draft: AuthorDraft
    let origin: Int64?
    let request: IdempotentRequest?
    let now: Timestamp
    private let outcome = Outcome()

    /// The answer of ``performTogether(_:_:)``.
    private final class Outcome: Sendable {
        /// With the mark of the transaction that it belongs to.
        let value = Mutex<(write: Int64, author: Result<Author, any Error>)?>(nil)
    }

    init(_ draft: AuthorDraft, from origin: Int64?, as request: IdempotentRequest?, at now: Timestamp) {
        (self.draft, self.origin, self.request, self.now) = (draft, origin, request, now)
    }

    /// - Throws: ``StoreError`` `authorExists` or `keyReused`, having changed nothing.
    func perform(_ change: LibraryChange) throws -> Author {
        if let outcome = outcome.value.withLock({ $0 }), outcome.write == change.write {
            return try outcome.author.get()
        }
        if let reply = try PostgresStore.reply(change, to: request, at: now) { return try Author(kept: reply) }
        let author = try PostgresStore.create(change, draft, from: origin, at: now)
        try PostgresStore.keep(change.connection, reply: author.json, to: request, owner: change.owner, at: now)
        return author
    }

    /// Performs creations that follow each other in a transaction. ``perform(_:)`` then returns for each what it would
    /// have returned in its turn.
    static func performTogether(_ creations: [AuthorCreation], _ change: LibraryChange) throws {
        var work = try Together(creations, change)
        for creation in creations {
            let author = Result { try work.perform(creation) }
            creation.outcome.value.withLock { $0 = (change.write, author) }
        }
        try work.send()
    }
}

/// Creations that are sent together.
private struct Together {
    private let change: LibraryChange
    private var replies: KeptReplies
    private var authors: NewAuthors
    private var writes: AuthorWrites

    init(_ creations: [AuthorCreation], _ change: LibraryChange) throws {
        self.change = change
        replies = try KeptReplies(change.connection, to: creations.compactMap(\.request), owner: change.owner)
        authors = try NewAuthors(creations.map(\.draft), change)
        writes = AuthorWrites(change)
    }

    mutating func perform(_ creation: AuthorCreation) throws -> Author {
        if let request = creation.request, let reply = try replies.reply(to: request, at: creation.now) {
            change.confirm()
            return try Author(kept: reply)
        }
        let id = try authors.takeID(of: creation.draft)
        let author = Author(id: id, creation.draft, createdAt: creation.now, updatedAt: creation.now, version: 1)
        let event = change.nextEvent()
        writes.insert(author, event: event)
        writes.record(
            AuthorEvent.created, of: id, number: event, after: nil, nil, from: creation.origin, at: creation.now)
        if let request = creation.request { replies.keep(author.json, as: request, at: creation.now) }
        return author
    }

    mutating func send() throws {
        try writes.send()
        try replies.send()
    }
}

/// The ids of authors who are to be created.
private struct NewAuthors {
    private var ids: [AuthorKey: (id: Int64, isTaken: Bool)] = [:]

    /// Looks for all of them in one statement, which gives an id to those that are not there.
    init(_ drafts: [AuthorDraft], _ change: LibraryChange) throws {
        var keys: [AuthorKey] = []
        var new: [AuthorDraft] = []
        for draft in drafts where ids.updateValue((0, false), forKey: AuthorKey(draft.values)) == nil {
            keys.append(AuthorKey(draft.values))
            new.append(draft)
        }
        var key = keys.makeIterator()
        let values: [Value] = [
            .integer(change.owner), .texts(new.map(\.name)), .texts(new.map(\.book)), .flags(new.map { _ in true }),
        ]
        try change.connection.runPlanned(NamedAuthors.selectAuthors, values) { row in
            if let key = key.next() { ids[key] = (try row.integer(0), try !row.isNull(1)) }
        }
    }

    /// - Throws: ``StoreError`` `authorExists`, also for the second one with the same name and book.
    mutating func takeID(of draft: AuthorDraft) throws -> Int64 {
        let key = AuthorKey(draft.values)
        guard let (id, isTaken) = ids[key], id > 0 else { throw StoreError.damaged("no id was given to an author") }
        guard !isTaken else { throw StoreError.authorExists(id: id) }
        ids[key] = (id, true)
        return id
    }
}
