import GRDB
import GRDBSQLite
import Shared
import Synchronization

/// The numbers of a new author.
struct AuthorNumbers {
    /// No id is used again, whoever had it.
    let id: Int64
    /// The number of the event that tells of the author, among the owner's.
    let event: Int64

    /// - Parameter last: the last id that was given out.
    fileprivate init(after last: Int64?, event: Int64) throws {
        guard let last, (0..<Int64.max).contains(last) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "no id is left for another author")
        }
        (id, self.event) = (last + 1, event)
    }

    static func next(_ db: Database, owner: Int64) throws -> AuthorNumbers {
        var numbers: AuthorNumbers?
        try db.raw(selectLast).rows([.integer(owner)]) { row in
            func integer(_ index: Int32) -> Int64? {
                sqlite3_column_type(row, index) == SQLITE_NULL ? nil : sqlite3_column_int64(row, index)
            }
            guard integer(2) == nil else { throw StoreError.busy }
            numbers = try AuthorNumbers(
                after: integer(0), event: SQLiteStore.requireSequence(integer(1) ?? 0) + 1)
            return false
        }
        return try numbers ?? AuthorNumbers(after: nil, event: 0)
    }

    /// The last id that was given out, the number of the owner's last event, and ``SQLiteStore/lastSeen``: one
    /// statement costs half of what three do.
    private static let selectLast = """
        SELECT last_author, (SELECT max(sequence) FROM author_event WHERE owner = ?1), \(SQLiteStore.lastSeen)
        FROM library
        """

    /// The numbers of the author after this one in the same transaction.
    func following() throws -> AuthorNumbers { try AuthorNumbers(after: id, event: event + 1) }

    /// Stores that the id has been given out.
    func keepAsLast(_ db: Database) throws {
        // The row has its number so that SQLite knows of one row only: for a change of several it would begin a
        // savepoint, at which FTS5 writes what it has gathered.
        try db.raw("UPDATE library SET last_author = ? WHERE rowid = 1").run([.integer(id)])
    }
}

/// The authors that the transaction at work has created one by one.
///
/// Their events and the last id are stored for many authors at once: one statement for each author would cost half of
/// what the author's row does.
final class NewAuthors: Sendable {
    /// Authors of one owner and from one origin. The owner has no other author with an id between theirs.
    private struct Run {
        let owner: Int64
        let origin: Int64?
        var authors: [(numbers: AuthorNumbers, createdAt: Timestamp)]

        func store(_ db: Database, together: Bool) throws {
            if together, let first = authors.first, let last = authors.last {
                try SQLiteStore.recordCreations(db, first.numbers, through: last.numbers, owner: owner, from: origin)
                guard db.changesCount == authors.count else {
                    throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "new authors are not in their place")
                }
                return
            }
            for (numbers, createdAt) in authors {
                try SQLiteStore.recordCreation(db, numbers, owner: owner, from: origin, at: createdAt)
            }
        }
    }

    private struct State {
        var gathers = true
        var runs: [Run] = []
        /// The index of each owner's last run.
        var places: [Int64: Int] = [:]
        /// The numbers of the author who was created last, whoever the owner is.
        var last: AuthorNumbers?
    }

    private let state = Mutex(State())

    /// Called when a transaction begins.
    /// - Parameter gathers: whether something is left for ``store(_:isEnd:)``.
    func begin(gathers: Bool) { state.withLock { $0 = State(gathers: gathers) } }

    /// The numbers of an owner's next author.
    /// - Throws: as ``AuthorNumbers/next(_:owner:)``.
    func next(_ db: Database, owner: Int64) throws -> AuthorNumbers {
        let (last, lastEvent) = state.withLock { state in
            (state.last, state.places[owner].flatMap { state.runs[$0].authors.last?.numbers.event })
        }
        guard let last else { return try AuthorNumbers.next(db, owner: owner) }
        // The last id in the database is not the last one any more; the owner's events are.
        return try AuthorNumbers(
            after: last.id, event: lastEvent.map { $0 + 1 } ?? AuthorNumbers.next(db, owner: owner).event)
    }

    /// Called after the author's row is written.
    func add(_ numbers: AuthorNumbers, _ db: Database, owner: Int64, from origin: Int64?, at now: Timestamp) throws {
        let isGathered = state.withLock { state in
            guard state.gathers else { return false }
            state.last = numbers
            if let place = state.places[owner], state.runs[place].origin == origin {
                state.runs[place].authors.append((numbers, now))
            } else {
                state.places[owner] = state.runs.count
                state.runs.append(Run(owner: owner, origin: origin, authors: [(numbers, now)]))
            }
            return true
        }
        guard !isGathered else { return }
        try numbers.keepAsLast(db)
        try SQLiteStore.recordCreation(db, numbers, owner: owner, from: origin, at: now)
    }

    /// Stores the events and the last id. Called before anything else reads or writes events or the last id.
    /// - Parameter isEnd: whether the transaction is committed next. Then one statement writes the events of a run.
    ///   SQLite begins a savepoint for it, at which FTS5 writes what it has gathered into the database, as it does
    ///   before a commit.
    func store(_ db: Database, isEnd: Bool = false) throws {
        let (runs, last) = state.withLock { state in
            defer { if state.last != nil { state = State(gathers: true) } }
            return (state.runs, state.last)
        }
        try last?.keepAsLast(db)
        for run in runs { try run.store(db, together: isEnd && run.authors.count > 1) }
    }
}
