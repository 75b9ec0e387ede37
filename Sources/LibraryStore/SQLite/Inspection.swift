import GRDB
package import Shared

/// Checks a database page by page and row by row, for `libraryd check` and before a copy counts as a backup.
package struct Inspection: Sendable {
    /// Everything that is wrong, in words for the operator; empty if all is well.
    package let faults: [String]
    /// How many of these are faults of the search index, which a restore makes anew.
    private let searchFaultCount: Int
    package let schema: Int64
    package let users: Int64
    package let authors: Int64
    /// Changes of authors that are kept, and when the oldest of them happened.
    package let changes: Int64
    package let oldestChange: Timestamp?

    /// Limit of the faults of one kind that are reported.
    static let toldFaults = 100

    package init(
        faults: [String], schema: Int64, users: Int64, authors: Int64, changes: Int64, oldestChange: Timestamp?
    ) {
        (self.faults, searchFaultCount, self.schema, self.users, self.authors) = (faults, 0, schema, users, authors)
        (self.changes, self.oldestChange) = (changes, oldestChange)
    }

    /// - Parameter searchIndex: whether the search index is compared with the authors. A backup needs that not: a
    ///   restore makes the index anew.
    /// - Throws: `DatabaseError` if the database cannot even be read.
    init(_ db: Database, searchIndex: Bool = false) throws {
        schema = try Int64.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        // The schema is compared first, then the pages: foreign views, checks and generated columns must not be
        // evaluated, and rows must not be read from pages that may form a loop.
        var faults = try Self.differences(db, schema: schema)
        if faults.isEmpty { faults = try Self.damage(db) }
        guard faults.isEmpty else {
            (self.faults, searchFaultCount, users, authors, changes, oldestChange) = (faults, 0, 0, 0, 0, nil)
            return
        }
        // A column of schema 9.
        let isUser = schema < 9 ? "1" : SQLiteStore.isUser
        let authorsOfUser =
            switch schema {
            case ..<9: "(SELECT count(*) FROM author WHERE owner = user.id)"
            case ..<13: "(SELECT count(*) FROM author WHERE owner = user.id AND (id >= first_staged) IS NOT TRUE)"
            default: SQLiteStore.countOfAuthors
            }
        let counts = try Row.fetchOne(
            db, sql: "SELECT count(*), coalesce(sum(\(authorsOfUser)), 0) FROM user WHERE \(isUser)")
        users = try counts?.value(0) ?? 0
        authors = try counts?.value(1) ?? 0
        // Schema 4 has the table.
        let events =
            schema < 4 ? nil : try Row.fetchOne(db, sql: "SELECT count(*), min(at) FROM author_event")
        changes = try events?.value(0) ?? 0
        oldestChange = try (events?.value(1) as Int64??)?.map { Timestamp(milliseconds: $0) }
        let ofSearch = try searchIndex ? Self.searchFaults(db, schema: schema) : []
        searchFaultCount = ofSearch.count
        self.faults = try Self.danglingReferences(db) + Self.eventFaults(db, schema: schema) + ofSearch
    }

    /// Whether nothing is wrong but the search index.
    package var isRepairedByRestore: Bool { faults.count == searchFaultCount }

    package func requireNoFaults(in name: String, hint: String) throws(CommandError) {
        guard let fault = faults.first else { return }
        throw CommandError(.dataError, "\(name) is damaged: \(fault)", hint: hint)
    }

    /// https://www.sqlite.org/pragma.html#pragma_integrity_check, which looks at CHECK constraints only where the
    /// database could be written: in copies.
    private static func damage(_ db: Database) throws -> [String] {
        try String.fetchAll(db, sql: "PRAGMA integrity_check(\(toldFaults))").filter { $0 != "ok" }
    }

    /// Differences from the schema that the migrations make.
    private static func differences(_ db: Database, schema: Int64) throws -> [String] {
        func objects(_ db: Database) throws -> [String: String] {
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT coalesce(type || ' ' || name, ''), CAST(coalesce(sql, '') AS TEXT)
                    FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' LIMIT 1000
                    """
            )
            return Dictionary(try rows.map { try ($0.value(0), $0.value(1)) }) { first, _ in first }
        }
        let found = try objects(db)
        let expected = try DatabaseQueue().writeWithoutTransaction { db in
            try SQLiteStore.migrate(db, from: 0, Array(Migrations.all.prefix(max(0, Int(clamping: schema)))))
            return try objects(db)
        }
        let faults = Set(found.keys).union(expected.keys).sorted().compactMap { name in
            switch (found[name], expected[name]) {
            case (nil, _): "the schema lacks \(name)"
            case (_, nil): "the schema has an unknown \(shortened(name))"
            case (let found, let expected): found == expected ? nil : "the schema of \(name) is another"
            }
        }
        return Array(faults.prefix(toldFaults))
    }

    /// https://www.sqlite.org/pragma.html#pragma_foreign_key_check
    private static func danglingReferences(_ db: Database) throws -> [String] {
        try Row.fetchAll(db, sql: "SELECT \"table\", rowid, parent FROM pragma_foreign_key_check LIMIT \(toldFaults)")
            .map {
                row in
                let number = (try row.value(1) as Int64?).map { "row \($0)" } ?? "a row"
                let (table, parent): (String, String) = try (row.value(0), row.value(2))
                return "\(number) of \(table) refers to a missing row of \(parent)"
            }
    }

    /// Each author has its last event, and the events of an author lead to each other. Before schema 10, an event has a
    /// copy of its author, unless it is the author's last.
    private static func eventFaults(_ db: Database, schema: Int64) throws -> [String] {
        guard schema >= 8 else { return [] }
        let lost = """
            SELECT e.sequence, e.owner FROM author_event AS e LEFT JOIN author AS a
                ON a.owner = e.owner AND a.id = e.id AND a.event = e.sequence
            WHERE a.id IS NULL AND \(schema < 10 ? "e.version IS NULL" : "e.next IS NULL AND e.kind <> 'deleted'")
            LIMIT \(toldFaults)
            """
        guard schema >= 10 else { return try events(db, lost, "has no author") }
        let unlinked = """
            SELECT e.sequence, e.owner FROM author_event AS e LEFT JOIN author_event AS n
                ON n.owner = e.owner AND n.sequence = e.next AND n.previous = e.sequence AND n.id = e.id
            WHERE e.next IS NOT NULL AND n.id IS NULL LIMIT \(toldFaults)
            """
        let incomplete = """
            SELECT e.sequence, e.owner FROM author_event AS e JOIN user ON user.id = e.owner
            WHERE (e.kind = 'created') <> (e.version IS NULL) AND e.sequence > user.history_start LIMIT \(toldFaults)
            """
        return try events(db, lost, "has no author") + events(db, unlinked, "is not linked to the next of its author")
            + events(db, incomplete, "lacks what was before")
    }

    private static func events(_ db: Database, _ sql: String, _ fault: String) throws -> [String] {
        try Row.fetchAll(db, sql: sql).map { row in
            let (event, owner): (Int64, Int64) = try (row.value(0), row.value(1))
            return "event \(event) of user \(owner) \(fault)"
        }
    }
}

extension Inspection {
    /// Inspects a file, which is only read. A daemon may be serving it.
    /// - Parameter isBackup: whether the file is not the library itself, for the hint of an error.
    /// - Throws: ``CommandError`` if it is not a library that this program knows.
    package init(file path: String, isBackup: Bool = true) throws {
        do {
            try SQLiteStore.requireLibrary(at: path)
            let connection = try SQLiteStore.openForeign(path: path)
            defer { try? connection.close() }
            self = try connection.read { try Inspection($0, searchIndex: !isBackup) }
        } catch {
            guard isBackup else {
                throw (error as? DatabaseError).map { CommandError(database: $0, path: path) } ?? error
            }
            throw CommandError.ofBackup(error, path)
        }
    }
}
