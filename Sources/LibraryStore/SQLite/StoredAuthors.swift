import GRDB
import Shared

/// Stores the lines of one transaction in the library.
struct StoredAuthors: BulkTarget {
    private let db: Database
    private let owner: Int64
    private let origin: ImportOrigin
    private let now: Timestamp
    /// The number of the import: one that changes nothing has none.
    private lazy var originNumber = Result { try SQLiteStore.number(db, of: origin, owner: owner) }
    /// The numbers of the first and the last author that were created and have no event yet.
    private var created: (first: AuthorNumbers, last: AuthorNumbers)?
    private(set) var hasChanged = false

    init(_ db: Database, owner: Int64, from origin: ImportOrigin, at now: Timestamp) {
        self.db = db
        self.owner = owner
        self.origin = origin
        self.now = now
    }

    func existing(_ values: AuthorValues) throws -> Int64? {
        try SQLiteStore.existingAuthor(db, owner: owner, values)
    }

    mutating func create(_ draft: AuthorDraft) throws -> Int64 {
        let numbers = try created?.last.following() ?? AuthorNumbers.next(db, owner: owner)
        let author = try SQLiteStore.insert(db, draft, owner: owner, numbers, at: now)
        created = (created?.first ?? numbers, numbers)
        hasChanged = true
        return author.id
    }

    mutating func update(_ id: Int64, _ entry: AuthorValues) throws -> Bool {
        let before = try SQLiteStore.author(db, id: id, owner: owner)
        guard let after = before.changed(by: AuthorPatch(entry), at: now) else { return false }
        hasChanged = true
        // An earlier line of the file may have created it; that event comes first.
        try recordCreated()
        try SQLiteStore.replace(db, before, with: after, owner: owner, from: originNumber.get())
        return true
    }

    /// Adds the events of the authors that were created, and stores that their ids have been given out.
    mutating func recordCreated() throws {
        guard let (first, last) = created else { return }
        try last.keepAsLast(db)
        try SQLiteStore.recordCreations(db, first, through: last, owner: owner, from: originNumber.get())
        created = nil
    }
}
