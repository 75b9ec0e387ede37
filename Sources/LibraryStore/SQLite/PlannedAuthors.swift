import GRDB
import GRDBSQLite
import Shared

/// What the lines of a file would do to a library that nobody else changes. Nothing is written into it.
///
/// The authors that the file creates or updates are in a temporary database, which SQLite keeps in a file if it is
/// large (https://www.sqlite.org/inmemorydb.html#temp_db).
final class PlannedAuthors: BulkTarget {
    private let readers: Readers
    private let owner: Int64
    private let now: Timestamp
    private let planned: ReadConnection
    /// The last id that was given out.
    private var lastID: Int64

    init(_ readers: Readers, owner: Int64, at now: Timestamp) throws {
        self.readers = readers
        self.owner = owner
        self.now = now
        lastID = try readers.read { try Int64.fetchOne($0, sql: "SELECT last_author FROM library") ?? 0 }
        let queue = try DatabaseQueue(path: "")
        try queue.writeWithoutTransaction { db in
            try db.execute(
                sql: """
                    PRAGMA journal_mode = OFF;
                    PRAGMA synchronous = OFF;
                    CREATE TABLE planned (
                        name TEXT NOT NULL, book TEXT NOT NULL, id INTEGER NOT NULL, draft TEXT NOT NULL,
                        PRIMARY KEY (name, book)
                    ) WITHOUT ROWID;
                    """)
        }
        planned = try ReadConnection(queue)
        try planned.rows("BEGIN", []) { _ in true }
    }

    deinit { planned.close() }

    func existing(_ values: AuthorValues) throws -> Int64? {
        let key = SQLiteStore.key(of: values)
        var id: Int64?
        try planned.rows("SELECT id FROM planned WHERE name = ? AND book = ?", key.suffix(2)) { row in
            id = sqlite3_column_int64(row, 0)
            return false
        }
        if let id { return id }
        try readers.withConnection { connection in
            try connection.rows(SQLiteStore.selectExisting, [.integer(owner)] + key) { row in
                id = sqlite3_column_int64(row, 0)
                return false
            }
        }
        return id
    }

    func create(_ draft: AuthorDraft) throws -> Int64 {
        if let id = try existing(draft.values) { throw StoreError.authorExists(id: id) }
        guard lastID < Int64.max else { throw StoreError.busy }
        lastID += 1
        try plan(draft, id: lastID)
        return lastID
    }

    func update(_ id: Int64, _ entry: AuthorValues) throws -> Bool {
        var draft: AuthorDraft?
        let key = SQLiteStore.key(of: entry)
        try planned.rows("SELECT draft FROM planned WHERE name = ? AND book = ?", key.suffix(2)) { row in
            let text = sqlite3_column_text(row, 0).map { String(cString: $0) } ?? ""
            draft = try AuthorDraft(json: Array(text.utf8), unknownMembers: .ignored)
            return false
        }
        let before = try draft ?? readers.read { try SQLiteStore.author($0, id: id, owner: owner).draft }
        let author = Author(id: id, before, createdAt: now, updatedAt: now, version: 1)
        guard let after = author.changed(by: AuthorPatch(entry), at: now) else { return false }
        try plan(after.draft, id: id)
        return true
    }

    private func plan(_ draft: AuthorDraft, id: Int64) throws {
        let values: [ColumnValue] = [
            .text(draft.name), .text(draft.book), .integer(id), .text(String(decoding: draft.json, as: UTF8.self)),
        ]
        try planned.rows("INSERT OR REPLACE INTO planned (name, book, id, draft) VALUES (?, ?, ?, ?)", values) { _ in
            true
        }
    }
}
