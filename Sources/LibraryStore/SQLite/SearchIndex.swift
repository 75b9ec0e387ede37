import GRDB
import Shared
import Synchronization

/// Keeps `author_search` in step with `author`.
///
/// The table has the words that ``Folding/words(_:)`` finds, each with its owner before it (`7:wolf`): a search reads
/// the words of one owner only.
enum SearchIndex {
    static func add(_ author: Author, owner: Int64, _ db: Database) throws {
        try db.raw("INSERT INTO author_search (rowid, words) VALUES (?, ?)").run(words(of: author, owner: owner))
    }

    /// - Parameter author: as it was when it was added; other words would spoil the index.
    static func remove(_ author: Author, owner: Int64, _ db: Database) throws {
        try db.raw("INSERT INTO author_search (author_search, rowid, words) VALUES ('delete', ?, ?)")
            .run(words(of: author, owner: owner))
    }

    static func replace(_ before: Author, with after: Author, owner: Int64, _ db: Database) throws {
        // The index has no more of an author. `==` would take canonically equivalent texts for the same.
        guard !after.name.utf8.elementsEqual(before.name.utf8) || !after.book.utf8.elementsEqual(before.book.utf8)
        else { return }
        try remove(before, owner: owner, db)
        try add(after, owner: owner, db)
    }

    private static func words(of author: Author, owner: Int64) -> [ColumnValue] {
        [.integer(author.id), .text(words(author.name, owner: owner) + " " + words(author.book, owner: owner))]
    }

    /// Removes authors of an owner.
    static func remove(owner: Int64, in ids: ClosedRange<Int64>, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO author_search (author_search, rowid, words)
                SELECT 'delete', id, \(selectWords) FROM author WHERE owner = ? AND id BETWEEN ? AND ?
                """,
            arguments: [owner, ids.lowerBound, ids.upperBound])
    }

    /// Deletes the index, whatever is in it, and makes it again from the authors. That of an older schema has a column
    /// for each text.
    static func makeAnew(_ db: Database) throws {
        addFunctions(db)
        let statement = try String.fetchOne(db, sql: "SELECT sql FROM sqlite_schema WHERE name = 'author_search'")
        // FTS5 opens an index, also to delete it, only if its configuration is right.
        try db.execute(
            sql: """
                DELETE FROM author_search_config;
                INSERT INTO author_search_config VALUES ('version', 4);
                DROP TABLE author_search;
                \(statement ?? "");
                """)
        let isOlder = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0 < Migrations.firstWithoutPlaces
        let (columns, values) =
            isOlder
            ? ("name, book", "search_words(owner, name), search_words(owner, book)") : ("words", selectWords)
        try db.execute(
            sql: "INSERT INTO author_search (rowid, \(columns)) SELECT id, \(values) FROM author ORDER BY id")
    }

    private static let selectWords = "search_words(owner, name) || ' ' || search_words(owner, book)"

    /// The words of a text as the index has them, separated by spaces.
    static func words(_ text: String, owner: Int64) -> String {
        Folding.asciiWords(text, prefix: word("", owner: owner))
            ?? Folding.words(text).map { word($0, owner: owner) }.joined(separator: " ")
    }

    /// A word as the index has it.
    static func word(_ word: Substring, owner: Int64) -> String { "\(owner):\(word)" }

    /// Gives a connection the SQL functions `fold_key(text)` and `search_words(owner, text)`, which migrations use, and
    /// `search_finds(search, text, text)`.
    static func addFunctions(_ db: Database) {
        // The search is the same for all rows of a statement.
        let last = Mutex((search: "", phrases: [] as [[Substring]]))
        db.add(
            function: DatabaseFunction("search_finds", argumentCount: 3, pure: true) { values in
                let texts = values.compactMap { String.fromDatabaseValue($0) }
                guard texts.count == 3 else { return false }
                let phrases = last.withLock { last in
                    if !last.search.utf8.elementsEqual(texts[0].utf8) {
                        last = (texts[0], Search.phrases(texts[0]))
                    }
                    return last.phrases
                }
                return Search.finds(phrases, in: Array(texts[1...]))
            })
        db.add(
            function: DatabaseFunction("fold_key", argumentCount: 1, pure: true) {
                String.fromDatabaseValue($0[0]).map { Folding.key($0) }
            })
        db.add(
            function: DatabaseFunction("search_words", argumentCount: 2, pure: true) {
                guard let owner = Int64.fromDatabaseValue($0[0]), let text = String.fromDatabaseValue($0[1]) else {
                    return nil
                }
                return words(text, owner: owner)
            })
    }
}

/// An FTS5 expression for authors who have all the words of a search; the last word of each part can be the beginning
/// of a longer one (https://www.sqlite.org/fts5.html#full_text_query_syntax).
struct SearchExpression {
    let text: String
    /// Whether it also finds authors that a search does not find: the index cannot tell that words follow each other.
    let findsMore: Bool

    /// `nil` if the text has no letter and no digit: no author can match it.
    init?(_ search: String, owner: Int64) {
        let phrases = Search.phrases(search)
        guard !phrases.isEmpty else { return nil }
        findsMore = phrases.contains { $0.count > 1 }
        // A word has no quotation mark: it has letters, digits and marks.
        text = phrases.map { phrase in
            phrase.map { "\"\(SearchIndex.word($0, owner: owner))\"" }.joined(separator: " AND ") + "*"
        }.joined(separator: " AND ")
    }
}
