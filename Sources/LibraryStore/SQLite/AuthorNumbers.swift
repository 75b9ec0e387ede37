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
    private init(after last: Int64?, event: Int64) throws {
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

/// The author whom a transaction has created just now. The next one of the same owner, if nothing else is written
/// between, has the numbers after this one's, which then need not be read.
final class LastAuthor: Sendable {
    private struct State {
        let owner: Int64
        let numbers: AuthorNumbers
        /// All rows that the connection has changed up to then.
        let changes: Int
    }

    private let state = Mutex<State?>(nil)

    /// Called when a transaction begins, and when something in it is rolled back.
    func forget() { state.withLock { $0 = nil } }

    /// Called after all that is written for the author.
    func remember(_ numbers: AuthorNumbers, _ db: Database, owner: Int64) {
        let changes = db.totalChangesCount
        state.withLock { $0 = State(owner: owner, numbers: numbers, changes: changes) }
    }

    /// - Throws: as ``AuthorNumbers/next(_:owner:)``.
    func next(_ db: Database, owner: Int64) throws -> AuthorNumbers {
        let changes = db.totalChangesCount
        let last = state.withLock { $0.flatMap { $0.owner == owner && $0.changes == changes ? $0.numbers : nil } }
        return try last?.following() ?? AuthorNumbers.next(db, owner: owner)
    }
}
