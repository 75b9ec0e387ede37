/// The schema, as the statements that lead to it. A released migration is never edited: a change is a new one.
///
/// `PRAGMA user_version` counts the migrations that a file has had; `PRAGMA application_id` says that it is ours.
package enum Migrations {
    /// "Libr", the mark of a libraryd database (https://www.sqlite.org/pragma.html#pragma_application_id).
    package static let applicationID: Int64 = 0x4C69_6272

    package static let all = [
        first, coveringName, loginAddresses, events, idempotencyKeys, trustedTime, daemonID, foldedOrders, keysAndAudit,
        history, ordersByTime, derivedColumns, unfinishedChanges, wordsWithoutPlaces,
    ]

    /// AUTOINCREMENT: an id is never used again.
    private static let first = """
        CREATE TABLE user (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            public_id TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL COLLATE NOCASE UNIQUE,
            password_hash TEXT NOT NULL,
            admin INTEGER NOT NULL DEFAULT 0 CHECK (admin IN (0, 1)),
            disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE session (
            id TEXT PRIMARY KEY,
            user INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
            refresh_hash BLOB NOT NULL UNIQUE,
            created_at INTEGER NOT NULL,
            used_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            client TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX session_user ON session (user);

        CREATE TABLE used_refresh_token (
            hash BLOB PRIMARY KEY,
            session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
            used_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX used_refresh_token_session ON used_refresh_token (session);

        CREATE TABLE author (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            owner INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
            name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
            book TEXT NOT NULL CHECK (length(book) BETWEEN 1 AND 200),
            country TEXT NOT NULL CHECK (length(country) BETWEEN 1 AND 200),
            booker_prize INTEGER NOT NULL CHECK (booker_prize IN (0, 1)),
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            version INTEGER NOT NULL DEFAULT 1,
            UNIQUE (owner, name, book)
        ) STRICT;
        CREATE INDEX author_owner ON author (owner);
        CREATE INDEX author_book ON author (owner, book);
        CREATE INDEX author_country ON author (owner, country);

        CREATE VIRTUAL TABLE author_search USING fts5 (
            owner, name, book,
            content = 'author', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
        );
        """

    /// A page in order of name is read from this index alone, wherever its rows lie in the table
    /// (https://www.sqlite.org/queryplanner.html#covering_indexes).
    private static let coveringName = """
        CREATE INDEX author_name ON author (
            owner, name, id, book, country, booker_prize, created_at, updated_at, version
        );
        """

    /// From where a user has logged in: whoever guesses the user's password from elsewhere does not lock the user out
    /// there.
    private static let loginAddresses = """
        CREATE TABLE login_address (
            user INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
            address TEXT NOT NULL,
            used_at INTEGER NOT NULL,
            PRIMARY KEY (user, address)
        ) STRICT, WITHOUT ROWID;
        """

    /// What happened to each author, numbered for each owner without gaps. A restore changes the epoch: it takes
    /// numbers back, and gives them out again.
    private static let events = """
        CREATE TABLE author_event (
            owner INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
            sequence INTEGER NOT NULL,
            kind TEXT NOT NULL,
            at INTEGER NOT NULL,
            id INTEGER NOT NULL,
            name TEXT NOT NULL,
            book TEXT NOT NULL,
            country TEXT NOT NULL,
            booker_prize INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            version INTEGER NOT NULL,
            PRIMARY KEY (owner, sequence)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE library (epoch TEXT NOT NULL) STRICT;
        INSERT INTO library (epoch) VALUES (\(newEpoch));
        """

    /// What was answered to requests that may come again. With row ids, because replies may be long, and old ones go by
    /// their ids.
    private static let idempotencyKeys = """
        CREATE TABLE idempotency_key (
            owner INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
            hash BLOB NOT NULL,
            request BLOB NOT NULL,
            reply BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            PRIMARY KEY (owner, hash)
        ) STRICT;
        CREATE INDEX idempotency_key_created_at ON idempotency_key (created_at);

        ALTER TABLE session ADD COLUMN login_key BLOB;
        """

    /// ``TrustedTime``: in a library that has users, at least the time when one of them was last there.
    private static let trustedTime = """
        ALTER TABLE library ADD COLUMN trusted_at INTEGER NOT NULL DEFAULT 0;
        UPDATE library SET trusted_at = coalesce((SELECT max(used_at) FROM session), 0);
        """

    /// The id by which clients recognize the daemon: a random UUID (RFC 9562, section 5.4). A restore and a copy keep
    /// it.
    private static let daemonID = """
        ALTER TABLE library ADD COLUMN daemon_id TEXT NOT NULL DEFAULT '';
        UPDATE library SET daemon_id = lower(
            hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-'
                || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
        );
        """

    /// The rows of an owner lie together, in the order of their ids: a page is one range of the table
    /// (https://www.sqlite.org/withoutrowid.html). The columns `…_key` have what ``Folding/key(_:)`` makes of the
    /// texts; one index on them serves an order, a filter and, for the name, the key of the author.
    ///
    /// `library.last_author` is the last id that was given out: no id is used again. `author.event` is the number of
    /// the author's last event, which has no copy of the columns as long as the author has them.
    ///
    /// `author_search` is an FTS5 table without content (https://www.sqlite.org/fts5.html#contentless_tables) that
    /// ``SearchIndex`` keeps in step: with `trusted_schema=OFF`, SQLite 3.40 lets no trigger write to a virtual table.
    /// The functions are those of ``SearchIndex/addFunctions(_:)``.
    private static let foldedOrders = """
        CREATE TABLE new_author (
            owner INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
            id INTEGER NOT NULL,
            name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
            book TEXT NOT NULL CHECK (length(book) BETWEEN 1 AND 200),
            country TEXT NOT NULL CHECK (length(country) BETWEEN 1 AND 200),
            booker_prize INTEGER NOT NULL CHECK (booker_prize IN (0, 1)),
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            version INTEGER NOT NULL DEFAULT 1,
            event INTEGER NOT NULL,
            name_key TEXT NOT NULL,
            book_key TEXT NOT NULL,
            country_key TEXT NOT NULL,
            PRIMARY KEY (owner, id)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO new_author
            SELECT owner, id, name, book, country, booker_prize, created_at, updated_at, version,
                coalesce(last.event, 0), fold_key(name), fold_key(book), fold_key(country)
            FROM author LEFT JOIN (
                SELECT owner, id, max(sequence) AS event FROM author_event GROUP BY owner, id
            ) AS last USING (owner, id)
            ORDER BY owner, id;

        CREATE TABLE new_author_event (
            owner INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
            sequence INTEGER NOT NULL,
            kind TEXT NOT NULL,
            at INTEGER NOT NULL,
            id INTEGER NOT NULL,
            name TEXT,
            book TEXT,
            country TEXT,
            booker_prize INTEGER,
            created_at INTEGER,
            updated_at INTEGER,
            version INTEGER,
            PRIMARY KEY (owner, sequence)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO new_author_event
            SELECT e.owner, e.sequence, e.kind, e.at, e.id, iif(a.id, NULL, e.name), iif(a.id, NULL, e.book),
                iif(a.id, NULL, e.country), iif(a.id, NULL, e.booker_prize), iif(a.id, NULL, e.created_at),
                iif(a.id, NULL, e.updated_at), iif(a.id, NULL, e.version)
            FROM author_event AS e LEFT JOIN new_author AS a
                ON a.owner = e.owner AND a.id = e.id AND a.event = e.sequence AND a.version = e.version
            ORDER BY e.owner, e.sequence;

        ALTER TABLE library ADD COLUMN last_author INTEGER NOT NULL DEFAULT 0;
        UPDATE library SET last_author = coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'author'), 0);

        DROP TABLE author_search;
        DROP TABLE author;
        DROP TABLE author_event;
        ALTER TABLE new_author RENAME TO author;
        ALTER TABLE new_author_event RENAME TO author_event;
        CREATE UNIQUE INDEX author_name ON author (owner, name_key, name, book);
        CREATE INDEX author_book ON author (owner, book_key);
        CREATE INDEX author_country ON author (owner, country_key);

        CREATE VIRTUAL TABLE author_search USING fts5 (name, book, content = '', tokenize = "ascii tokenchars ':'");
        INSERT INTO author_search (rowid, name, book)
            SELECT id, search_words(owner, name), search_words(owner, book) FROM author ORDER BY id;
        """

    /// API keys, of which only the SHA-256 is stored, and what happened to accounts.
    ///
    /// An entry of `audit` has the names of users and not their ids, because it stays when they are deleted. `number`
    /// counts the entries of one `part`, whose oldest entries are deleted: many failed logins must not displace the
    /// other entries.
    ///
    /// `user.first_staged` is the id of the first author that is not seen yet, and `user.deleted` says that the account
    /// is closed and its rows are being deleted.
    private static let keysAndAudit = """
        ALTER TABLE user ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1));
        ALTER TABLE user ADD COLUMN first_staged INTEGER;

        CREATE TABLE api_key (
            id TEXT PRIMARY KEY,
            user INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
            name TEXT NOT NULL COLLATE NOCASE CHECK (length(name) BETWEEN 1 AND 64),
            hash BLOB NOT NULL UNIQUE,
            scope TEXT NOT NULL CHECK (scope IN ('read', 'write')),
            created_at INTEGER NOT NULL,
            expires_at INTEGER,
            used_at INTEGER,
            UNIQUE (user, name)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE audit (
            id INTEGER PRIMARY KEY,
            part INTEGER NOT NULL,
            number INTEGER NOT NULL,
            at INTEGER NOT NULL,
            event TEXT NOT NULL,
            user TEXT,
            actor TEXT,
            address TEXT,
            detail TEXT NOT NULL,
            UNIQUE (part, number)
        ) STRICT;
        """

    /// Who made a change, and what it changed.
    ///
    /// A row of `origin` is a session or an API key and, of a file of authors, the import, with the number of its
    /// first event. It stays when the session ends; `client` is what the session or the key was called.
    ///
    /// An event that updates or deletes an author has a copy of the author as it was before. `previous` and `next` are
    /// the numbers of the same author's events: `previous` is NULL for the first one, and 0 if it was not kept. So what
    /// an event made of its author is in the next event, or else in `author`.
    ///
    /// Earlier schemas had copies of authors as they were after each event. The oldest event that is kept of an author
    /// may lack what was before; up to `user.history_start` there are such events, or authors older than all events.
    private static let history = """
        ALTER TABLE session ADD COLUMN origin INTEGER;
        ALTER TABLE api_key ADD COLUMN origin INTEGER;
        CREATE TABLE origin (
            user INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            session TEXT,
            client TEXT,
            import TEXT,
            first_event INTEGER,
            PRIMARY KEY (user, number)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX origin_import ON origin (user, import) WHERE import IS NOT NULL;
        INSERT INTO origin (user, number, session, client)
            SELECT user, row_number() OVER (PARTITION BY user ORDER BY created_at, id), id, client FROM (
                SELECT user, id, client, created_at FROM session
                UNION ALL SELECT user, id, name, created_at FROM api_key
            );
        UPDATE session SET origin = o.number FROM origin AS o WHERE o.user = session.user AND o.session = session.id;
        UPDATE api_key SET origin = o.number FROM origin AS o WHERE o.user = api_key.user AND o.session = api_key.id;

        CREATE TABLE new_author_event (
            owner INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
            sequence INTEGER NOT NULL,
            kind TEXT NOT NULL,
            at INTEGER NOT NULL,
            id INTEGER NOT NULL,
            origin INTEGER,
            previous INTEGER,
            next INTEGER,
            name TEXT,
            book TEXT,
            country TEXT,
            booker_prize INTEGER,
            created_at INTEGER,
            updated_at INTEGER,
            version INTEGER,
            PRIMARY KEY (owner, sequence)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO new_author_event
            SELECT owner, sequence, kind, at, id, NULL,
                iif(kind = 'created', NULL, coalesce(lag(sequence) OVER w, 0)), lead(sequence) OVER w,
                CASE kind WHEN 'updated' THEN lag(name) OVER w WHEN 'deleted' THEN name END,
                CASE kind WHEN 'updated' THEN lag(book) OVER w WHEN 'deleted' THEN book END,
                CASE kind WHEN 'updated' THEN lag(country) OVER w WHEN 'deleted' THEN country END,
                CASE kind WHEN 'updated' THEN lag(booker_prize) OVER w WHEN 'deleted' THEN booker_prize END,
                CASE kind WHEN 'updated' THEN lag(created_at) OVER w WHEN 'deleted' THEN created_at END,
                CASE kind WHEN 'updated' THEN lag(updated_at) OVER w WHEN 'deleted' THEN updated_at END,
                CASE kind WHEN 'updated' THEN lag(version) OVER w WHEN 'deleted' THEN version END
            FROM author_event WINDOW w AS (PARTITION BY owner, id ORDER BY sequence)
            ORDER BY owner, sequence;
        DROP TABLE author_event;
        ALTER TABLE new_author_event RENAME TO author_event;
        CREATE INDEX author_event_deleted ON author_event (owner, id) WHERE kind = 'deleted';

        ALTER TABLE user ADD COLUMN history_start INTEGER NOT NULL DEFAULT 0;
        UPDATE user SET history_start = max(
            coalesce((
                SELECT max(sequence) FROM author_event
                WHERE owner = user.id AND kind = 'updated' AND version IS NULL
            ), 0),
            EXISTS (SELECT 1 FROM author WHERE owner = user.id AND event = 0)
        );
        """

    /// The orders by time, with one entry for each author that has not changed since it was created
    /// (https://www.sqlite.org/partialindex.html).
    private static let ordersByTime = """
        CREATE INDEX author_unchanged ON author (owner, created_at) WHERE updated_at = created_at;
        CREATE INDEX author_created_at ON author (owner, created_at) WHERE updated_at <> created_at;
        CREATE INDEX author_updated_at ON author (owner, updated_at) WHERE updated_at <> created_at;
        """

    /// Values that follow from other columns are stored in indexes only (https://www.sqlite.org/gencol.html):
    ///
    /// - The key of most texts is what `lower()` makes of them. `…_folded` has the key of the others.
    /// - `changed_at` is NULL where it would be the time of the creation, as of all authors that have not changed.
    /// - The kind of an event is a number, of which 0 and 1 take no byte.
    ///
    /// `author_search` has no count of the words of each text, which only an order by relevance needs
    /// (https://www.sqlite.org/fts5.html#the_columnsize_option).
    private static let derivedColumns = """
        CREATE TABLE new_author (
            owner INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
            id INTEGER NOT NULL,
            name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
            book TEXT NOT NULL CHECK (length(book) BETWEEN 1 AND 200),
            country TEXT NOT NULL CHECK (length(country) BETWEEN 1 AND 200),
            booker_prize INTEGER NOT NULL CHECK (booker_prize IN (0, 1)),
            created_at INTEGER NOT NULL,
            changed_at INTEGER,
            version INTEGER NOT NULL DEFAULT 1,
            event INTEGER NOT NULL,
            name_folded TEXT,
            book_folded TEXT,
            country_folded TEXT,
            updated_at INTEGER GENERATED ALWAYS AS (coalesce(changed_at, created_at)) VIRTUAL,
            name_key TEXT GENERATED ALWAYS AS (coalesce(name_folded, lower(name))) VIRTUAL,
            book_key TEXT GENERATED ALWAYS AS (coalesce(book_folded, lower(book))) VIRTUAL,
            country_key TEXT GENERATED ALWAYS AS (coalesce(country_folded, lower(country))) VIRTUAL,
            PRIMARY KEY (owner, id)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO new_author
            SELECT owner, id, name, book, country, booker_prize, created_at, nullif(updated_at, created_at), version,
                event, nullif(name_key, lower(name)), nullif(book_key, lower(book)),
                nullif(country_key, lower(country))
            FROM author ORDER BY owner, id;

        DROP TABLE author_search;
        DROP TABLE author;
        ALTER TABLE new_author RENAME TO author;
        CREATE UNIQUE INDEX author_name ON author (owner, name_key, name, book);
        CREATE INDEX author_book ON author (owner, book_key);
        CREATE INDEX author_country ON author (owner, country_key);
        CREATE INDEX author_unchanged ON author (owner, created_at) WHERE changed_at IS NULL;
        CREATE INDEX author_created_at ON author (owner, created_at) WHERE changed_at IS NOT NULL;
        CREATE INDEX author_updated_at ON author (owner, updated_at) WHERE changed_at IS NOT NULL;

        CREATE TABLE new_author_event (
            owner INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
            sequence INTEGER NOT NULL,
            change INTEGER NOT NULL CHECK (change IN (0, 1, 2)),
            at INTEGER NOT NULL,
            id INTEGER NOT NULL,
            origin INTEGER,
            previous INTEGER,
            next INTEGER,
            name TEXT,
            book TEXT,
            country TEXT,
            booker_prize INTEGER,
            created_at INTEGER,
            updated_at INTEGER,
            version INTEGER,
            kind TEXT GENERATED ALWAYS AS (
                CASE change WHEN 0 THEN 'created' WHEN 1 THEN 'updated' ELSE 'deleted' END
            ) VIRTUAL,
            PRIMARY KEY (owner, sequence)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO new_author_event
            SELECT owner, sequence, CASE kind WHEN 'created' THEN 0 WHEN 'updated' THEN 1 ELSE 2 END, at, id, origin,
                previous, next, name, book, country, booker_prize, created_at, updated_at, version
            FROM author_event ORDER BY owner, sequence;
        DROP TABLE author_event;
        ALTER TABLE new_author_event RENAME TO author_event;
        CREATE INDEX author_event_deleted ON author_event (owner, id) WHERE change = 2;

        CREATE VIRTUAL TABLE author_search USING fts5 (
            name, book, content = '', columnsize = 0, tokenize = "ascii tokenchars ':'"
        );
        INSERT INTO author_search (rowid, name, book)
            SELECT id, search_words(owner, name), search_words(owner, book) FROM author ORDER BY id;
        """

    /// `user.unfinished_after` is the number of the last event before a change that is not seen yet. Earlier schemas
    /// had the id of the first author that is not seen; these authors have no events.
    ///
    /// The kind of an event is checked without IN and three values: SQLite would create a temporary table of them for
    /// each statement that inserts an event, a tenth of what a new author costs.
    private static let unfinishedChanges = """
        INSERT INTO author_search (author_search, rowid, name, book)
            SELECT 'delete', author.id, search_words(owner, author.name), search_words(owner, book)
            FROM user JOIN author ON owner = user.id AND author.id >= first_staged;
        DELETE FROM author WHERE owner IN (SELECT id FROM user WHERE first_staged IS NOT NULL)
            AND id >= (SELECT first_staged FROM user WHERE user.id = owner);
        ALTER TABLE user DROP COLUMN first_staged;
        ALTER TABLE user ADD COLUMN unfinished_after INTEGER;

        CREATE TABLE new_author_event (
            owner INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
            sequence INTEGER NOT NULL,
            change INTEGER NOT NULL CHECK (change BETWEEN 0 AND 2),
            at INTEGER NOT NULL,
            id INTEGER NOT NULL,
            origin INTEGER,
            previous INTEGER,
            next INTEGER,
            name TEXT,
            book TEXT,
            country TEXT,
            booker_prize INTEGER,
            created_at INTEGER,
            updated_at INTEGER,
            version INTEGER,
            kind TEXT GENERATED ALWAYS AS (
                CASE change WHEN 0 THEN 'created' WHEN 1 THEN 'updated' ELSE 'deleted' END
            ) VIRTUAL,
            PRIMARY KEY (owner, sequence)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO new_author_event
            SELECT owner, sequence, change, at, id, origin, previous, next, name, book, country, booker_prize,
                created_at, updated_at, version
            FROM author_event ORDER BY owner, sequence;
        DROP TABLE author_event;
        ALTER TABLE new_author_event RENAME TO author_event;
        CREATE INDEX author_event_deleted ON author_event (owner, id) WHERE change = 2;
        """

    /// The search index has which authors have a word, but not where in which of their texts
    /// (https://www.sqlite.org/fts5.html#the_detail_option). That leaves two fifths of its size. Whether words follow
    /// each other is seen in the author.
    private static let wordsWithoutPlaces = """
        DROP TABLE author_search;
        CREATE VIRTUAL TABLE author_search USING fts5 (
            words, content = '', columnsize = 0, detail = none, tokenize = "ascii tokenchars ':'"
        );
        INSERT INTO author_search (rowid, words)
            SELECT id, search_words(owner, name) || ' ' || search_words(owner, book) FROM author ORDER BY id;
        """

    /// The first schema with ``wordsWithoutPlaces``.
    static let firstWithoutPlaces = 14

    /// An SQL expression.
    package static let newEpoch = "lower(hex(randomblob(8)))"
}
