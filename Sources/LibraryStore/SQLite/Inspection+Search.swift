import GRDB
import GRDBSQLite

/// The words of the search index, beside those of the authors. The `integrity-check` of FTS5 does not know the authors:
/// the index has no content (https://www.sqlite.org/fts5.html#the_integrity_check_command).
///
/// Only for the library itself: FTS5 does any work that a file asks for, without a limit.
extension Inspection {
    static func searchFaults(_ db: Database, schema: Int64) throws -> [String] {
        guard schema >= 8 else { return [] }
        do {
            // The rows are those of the index: each word with each author that has it
            // (https://www.sqlite.org/fts5.html#the_fts5vocab_virtual_table_module).
            try db.execute(sql: "CREATE VIRTUAL TABLE temp.search_word USING fts5vocab(main, author_search, instance)")
            defer { try? db.execute(sql: "DROP TABLE temp.search_word") }
            var (found, expected): (UInt, UInt) = (0, 0)
            try forEachIndexedWord(db) { found &+= $1 }
            try forEachAuthor(db) { expected &+= $1 }
            guard found == expected else { return try differences(db) }
            return try isFound(db) ? [] : ["a search does not find what the search index has"]
        } catch let error as DatabaseError {
            switch error.resultCode {
            // FTS5 runs out of memory where a damaged number asks for too much.
            case .SQLITE_CORRUPT, .SQLITE_NOMEM, .SQLITE_ERROR: return ["the search index cannot be read"]
            default: throw error
            }
        }
    }

    private static func differences(_ db: Database) throws -> [String] {
        var found: [Int64: UInt] = [:]
        var faults: [String] = []
        try forEachIndexedWord(db) { found[$0, default: 0] &+= $1 }
        try forEachAuthor(db) { author, expected in
            let words = found.removeValue(forKey: author)
            guard faults.count < toldFaults, words ?? 0 != expected else { return }
            faults.append(
                words == nil
                    ? "author \(author) is missing in the search index"
                    : "the search index has other words of author \(author)")
        }
        let orphans = found.keys.sorted().prefix(toldFaults - faults.count)
        return faults + orphans.map { "the search index has an author \($0) that does not exist" }
    }

    /// Whether a search leads to the words: it begins at a table of its own, which the reading of all words does not
    /// need. Every 16th word is searched, some on each page.
    private static func isFound(_ db: Database) throws -> Bool {
        let search = try db.raw("SELECT 1 FROM temp.search_word WHERE term = ? LIMIT 1")
        var (number, last, isFound) = (0, [] as [UInt8], true)
        // The rows come in the order of the words. SQLite does not know that: DISTINCT would store them all.
        try db.raw("SELECT term FROM temp.search_word").rows([]) { row in
            let word = UnsafeBufferPointer(
                start: sqlite3_column_text(row, 0), count: Int(sqlite3_column_bytes(row, 0)))
            guard !word.elementsEqual(last) else { return true }
            last = Array(word)
            defer { number += 1 }
            guard number.isMultiple(of: 16) else { return true }
            isFound = try search.integer([.text(String(decoding: word, as: UTF8.self))]) == 1
            return isFound
        }
        return isFound
    }

    /// Calls `body` with each author of each word, and a number that stands for both. The sum of such numbers does not
    /// depend on their order, and the seed of `Hasher` is another in each process.
    private static func forEachIndexedWord(_ db: Database, _ body: (Int64, UInt) -> Void) throws {
        // Indexes of older schemas have each place of a word. The rows come in the order of the words and the authors.
        var last: UInt?
        try db.raw("SELECT term, doc FROM temp.search_word").rows([]) { row in
            let word = UnsafeRawBufferPointer(
                start: sqlite3_column_text(row, 0), count: Int(sqlite3_column_bytes(row, 0)))
            let author = sqlite3_column_int64(row, 1)
            let number = number(word, author)
            if number != last { body(author, number) }
            last = number
            return true
        }
    }

    /// Calls `body` with each author, and the sum of the numbers of its words.
    private static func forEachAuthor(_ db: Database, _ body: (Int64, UInt) -> Void) throws {
        try db.raw("SELECT owner, id, name, book FROM author").rows([]) { row in
            let author = sqlite3_column_int64(row, 1)
            var words: Set<Substring> = []
            for column in 2..<4 as Range<Int32> {
                let text = UnsafeBufferPointer(
                    start: sqlite3_column_text(row, column), count: Int(sqlite3_column_bytes(row, column)))
                words.formUnion(Folding.words(String(decoding: text, as: UTF8.self)))
            }
            var sum: UInt = 0
            for word in words {
                let word = SearchIndex.word(word, owner: sqlite3_column_int64(row, 0))
                Array(word.utf8).withUnsafeBytes { sum &+= number($0, author) }
            }
            body(author, sum)
            return true
        }
    }

    private static func number(_ word: UnsafeRawBufferPointer, _ author: Int64) -> UInt {
        var hasher = Hasher()
        hasher.combine(bytes: word)
        hasher.combine(author)
        return UInt(bitPattern: hasher.finalize())
    }
}
