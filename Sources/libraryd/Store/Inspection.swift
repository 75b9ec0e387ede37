import GRDB
import Shared

/// Looks a database over, page by page and row by row: for `libraryd check`, and before a copy counts as one.
struct Inspection: Sendable {
    /// Everything that is wrong, in words for the operator; empty if all is well.
    let faults: [String]
    let schema: Int64
    let users: Int64
    let authors: Int64

    /// - Throws: `DatabaseError` if the database cannot even be read.
    init(_ db: Database) throws {
        schema = try Int64.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        users = try Int64.fetchOne(db, sql: "SELECT count(*) FROM user") ?? 0
        authors = try Int64.fetchOne(db, sql: "SELECT count(*) FROM author") ?? 0
        faults =
            try Self.damage(db) + Self.differences(db, schema: Int(clamping: schema)) + Self.danglingReferences(db)
            + Self.searchFaults(db)
    }

    func requireNoFaults(in name: String, hint: String) throws(StartupError) {
        guard let fault = faults.first else { return }
        throw StartupError(.data, "\(name) is damaged: \(fault)", hint: hint)
    }

    /// https://www.sqlite.org/pragma.html#pragma_integrity_check, which looks at CHECK constraints only where the database
    /// could be written: in copies.
    private static func damage(_ db: Database) throws -> [String] {
        try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
    }

    /// What is not as the migrations make it.
    private static func differences(_ db: Database, schema: Int) throws -> [String] {
        func objects(_ db: Database) throws -> [String: String] {
            let rows = try Row.fetchAll(
                db,
                sql:
                    "SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'"
            )
            return Dictionary(rows.map { ($0[0], $0[1]) }) { first, _ in first }
        }
        let found = try objects(db)
        let expected = try DatabaseQueue().write { db in
            for migration in Migrations.all.prefix(schema) { try db.execute(sql: migration) }
            return try objects(db)
        }
        return Set(found.keys).union(expected.keys).sorted().compactMap { name in
            switch (found[name], expected[name]) {
            case (nil, _): "the schema lacks \(name)"
            case (_, nil): "the schema has an unknown \(name)"
            case (let found, let expected): found == expected ? nil : "the schema of \(name) is another"
            }
        }
    }

    /// https://www.sqlite.org/pragma.html#pragma_foreign_key_check
    private static func danglingReferences(_ db: Database) throws -> [String] {
        try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map { row in
            "\((row[1] as Int64?).map { "row \($0)" } ?? "a row") of \(row[0] as String) refers to a missing row of \(row[2] as String)"
        }
    }

    /// The search index has one entry an author.
    private static func searchFaults(_ db: Database) throws -> [String] {
        let missing = "SELECT id FROM author EXCEPT SELECT id FROM author_search_docsize"
        let orphans = "SELECT id FROM author_search_docsize EXCEPT SELECT id FROM author"
        return try Int64.fetchAll(db, sql: missing).map { "author \($0) is missing in the search index" }
            + Int64.fetchAll(db, sql: orphans).map { "the search index has an author \($0) that does not exist" }
    }
}

extension Inspection {
    /// Inspects a file, which is only read. A daemon may be serving it.
    /// - Throws: ``StartupError`` if it is not a library that this program knows.
    init(file path: String) throws {
        try Store.requireLibrary(at: path)
        do {
            let connection = try Store.openForReading(path: path)
            defer { try? connection.close() }
            self = try connection.read { try Inspection($0) }
        } catch let error as DatabaseError {
            throw StartupError(database: error, path: path)
        }
    }
}
