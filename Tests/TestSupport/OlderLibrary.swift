import GRDB
import LibraryStore

/// A library as older releases left it.
public enum OlderLibrary {
    /// Makes a library of schema 7: authors of two users, some changed or deleted, and their events, of which the
    /// first is no longer kept.
    /// - Parameter count: how many further authors and events a third user has.
    public static func make(_ path: String, count: Int = 0) throws {
        try SQLiteStore(path: path, migrations: Array(Migrations.all.prefix(7))).close()
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { db in
            try db.execute(
                sql: """
                    INSERT INTO user VALUES
                        (1, 'p', 'ada', 'h', 0, 0, 1, 1), (2, 'q', 'bob', 'h', 0, 0, 1, 1), (3, 'r', 'eve', 'h', 0, 0, 1, 1);
                    INSERT INTO author VALUES
                        (2, 1, 'Ørsted', 'Ånden', 'Danmark', 0, 10, 30, 2), (3, 2, 'Zola', 'Nana', 'France', 1, 11, 11, 1),
                        (5, 1, 'anne', 'B', 'C', 1, 12, 12, 1), (6, 1, 'Émile', 'B', 'C', 1, 13, 13, 1);
                    INSERT INTO author_event VALUES
                        (1, 2, 'created', 10, 2, 'Orsted', 'Ånden', 'Danmark', 0, 10, 10, 1),
                        (1, 3, 'created', 11, 4, 'gone', 'B', 'C', 0, 11, 11, 1),
                        (1, 4, 'created', 12, 5, 'anne', 'B', 'C', 1, 12, 12, 1),
                        (1, 5, 'deleted', 20, 4, 'gone', 'B', 'C', 0, 11, 11, 1),
                        (1, 6, 'updated', 30, 2, 'Ørsted', 'Ånden', 'Danmark', 0, 10, 30, 2),
                        (2, 1, 'created', 11, 3, 'Zola', 'Nana', 'France', 1, 11, 11, 1);
                    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count))
                        INSERT INTO author SELECT 9 + i, 3, 'N' || i, 'B', 'C', 0, i, i, 1 FROM n WHERE \(count) > 0;
                    INSERT INTO author_event
                        SELECT owner, id - 9, 'created', created_at, id, name, book, country, booker_prize, created_at,
                            updated_at, version
                        FROM author WHERE owner = 3;
                    UPDATE sqlite_sequence SET seq = 9 + \(count) WHERE name = 'author';
                    INSERT INTO author_search (author_search) VALUES ('rebuild');
                    """)
        }
        try queue.close()
    }

    /// All authors and events of a library of the newest schema, as text.
    public static func contents(_ path: String) throws -> [String] {
        let queue = try DatabaseQueue(path: path)
        defer { try? queue.close() }
        return try queue.read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT concat FROM (
                        SELECT owner || '|' || id || '|' || name || '|' || book || '|' || name_key || '|' || version
                            || '|' || event || '|' || created_at || '|' || updated_at AS concat
                        FROM author ORDER BY owner, id
                    )
                    UNION ALL
                    SELECT * FROM (
                        SELECT owner || '|' || sequence || '|' || kind || '|' || at || '|' || id || '|'
                            || ifnull(name, '') || '|' || ifnull(version, '')
                        FROM author_event ORDER BY owner, sequence
                    )
                    UNION ALL SELECT last_author FROM library
                    """)
        }
    }
}
