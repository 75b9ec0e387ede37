import GRDB
import Shared

/// Keeps `author_search` in step with `author` (https://www.sqlite.org/fts5.html#external_content_tables).
enum SearchIndex {
    static func add(_ author: Author, owner: Int64, _ db: Database) throws {
        try db.raw("INSERT INTO author_search (rowid, owner, name, book) VALUES (?, ?, ?, ?)")
            .run(words(of: author, owner: owner))
    }

    /// - Parameter author: as it was when it was added; other words would spoil the index.
    static func remove(_ author: Author, owner: Int64, _ db: Database) throws {
        try db.raw("INSERT INTO author_search (author_search, rowid, owner, name, book) VALUES ('delete', ?, ?, ?, ?)")
            .run(words(of: author, owner: owner))
    }

    static func replace(_ before: Author, with after: Author, owner: Int64, _ db: Database) throws {
        // The index has no more of an author. `==` would take canonically equivalent texts for the same.
        guard !after.name.utf8.elementsEqual(before.name.utf8) || !after.book.utf8.elementsEqual(before.book.utf8)
        else { return }
        try remove(before, owner: owner, db)
        try add(after, owner: owner, db)
    }

    private static func words(of author: Author, owner: Int64) -> [RawStatement.Value] {
        [.integer(author.id), .integer(owner), .text(author.name), .text(author.book)]
    }

    /// Removes all authors of an owner.
    static func remove(owner: Int64, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO author_search (author_search, rowid, owner, name, book)
                SELECT 'delete', id, owner, name, book FROM author WHERE owner = ?
                """,
            arguments: [owner])
    }
}

/// An FTS5 expression that finds authors whose name or book has all the words, each as a prefix
/// (https://www.sqlite.org/fts5.html#full_text_query_syntax).
struct SearchExpression: Equatable {
    let text: String

    /// `nil` if the text has no letter and no digit: no author can match it.
    init?(_ search: String, owner: Int64) {
        let words = search.unicodeScalars.split {
            $0.properties.isWhitespace || $0.properties.generalCategory == .control
        }
        .filter { $0.contains { $0.properties.isAlphabetic || $0.properties.numericType != nil } }
        guard !words.isEmpty else { return nil }
        let quoted = words.map { "\"\(String($0).replacing("\"", with: "\"\""))\"*" }
        text = "owner : \"\(owner)\" AND {name book} : (\(quoted.joined(separator: " AND ")))"
    }
}
